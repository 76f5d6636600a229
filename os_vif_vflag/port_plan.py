"""What Open vSwitch shall have for a VIF, as plain data."""

import dataclasses
import uuid

from os_vif.objects import vif as osv_vif

from os_vif_vflag import dpdk

SYSTEM = 'system'
NETDEV = 'netdev'

# Interface types of ovs-vswitchd (vswitch.xml); '' is a netdev of the kernel.
KERNEL = ''
DPDK = 'dpdk'
VHOST_SERVER = 'dpdkvhostuser'
VHOST_CLIENT = 'dpdkvhostuserclient'

# Neutron's agent creates trunk bridges with this prefix, see
# neutron/services/trunk/drivers/openvswitch/constants.py. It waits for
# os-vif to add one, and os-vif takes it away with the parent port.
_TRUNK_PREFIX = 'tbr-'
# include/uapi/linux/if.h: bytes of a netdev's name, with the one that ends it
_IFNAMSIZ = 16

# As long as os-vif's own plugin makes them, so that each finds the other's.
_NAME_LENGTH = 14
# vif_plug_ovs.ovsdb.ovsdb_lib.QOS_UUID_NAMESPACE, for the same reason.
_QOS_NAMESPACE = uuid.UUID('68da264a-847f-42a8-8ab0-5e774aee3d95')


@dataclasses.dataclass(frozen=True)
class OvsPort:
    """A port as Open vSwitch shall have it.

    :ivar bridge: name of the bridge
    :ivar device: name of port and interface: the representor's, for a netdev
        of the kernel
    :ivar iface_id: Neutron port id, or what Neutron names instead
    :ivar mac: MAC address of the guest's interface
    :ivar vm_uuid: uuid of the server
    :ivar datapath: of a bridge that is created
    :ivar type: of the interface: KERNEL, DPDK, VHOST_SERVER or VHOST_CLIENT
    :ivar options: dict, of the interface
    :ivar mtu_request: bytes, None where plug sets the netdev's MTU
    :ivar isolated: whether a new port passes nothing before Neutron's agent
        has set its VLAN
    :ivar qos_type: of the queues of a new port, None for none
    """

    bridge: str
    device: str
    iface_id: str
    mac: str
    vm_uuid: str
    datapath: str = SYSTEM
    type: str = KERNEL
    options: dict = dataclasses.field(default_factory=dict)
    mtu_request: int | None = None
    isolated: bool = False
    qos_type: str | None = None

    @property
    def create_bridge(self):
        """Whether a missing bridge is created: where Neutron waits for that,
        and the kernel could name the bridge's own port so."""
        return (is_trunk_bridge(self.bridge)
                and len(self.bridge.encode()) < _IFNAMSIZ)

    @property
    def external_ids(self):
        """What Neutron's agent and OVN look for on an interface."""
        ids = {'iface-id': self.iface_id, 'iface-status': 'active',
               'attached-mac': self.mac, 'vm-uuid': self.vm_uuid}
        if is_trunk_bridge(self.bridge):
            # Neutron's trunk driver cleans up by it, see its ovsdb_handler.
            ids['bridge_name'] = self.bridge
        return ids


class Ports:
    """Makes OvsPorts of VIFs.

    :param config: the options of conf.OPTS
    :param host: host.Host
    :param representors: representors.Finder
    """

    def __init__(self, config, host, representors):
        self._config = config
        self._host = host
        self._representors = representors

    def of(self, vif, vm_uuid):
        """:param vif: a VIF that checks accepts
        :param vm_uuid: of its server
        :returns: OvsPort
        :raises exception.HostError: the host does not have its VF
        """
        kind = _KINDS[type(vif).__name__, datapath(vif)]
        return OvsPort(
            bridge=vif.network.bridge,
            iface_id=vif.port_profile.interface_id,
            mac=vif.address,
            vm_uuid=vm_uuid,
            isolated=(self._config.isolate_vif
                      and not is_trunk_bridge(vif.network.bridge)),
            datapath=datapath(vif),
            **kind(self, vif))

    def mtu(self, vif):
        network = vif.network
        return (network.mtu if 'mtu' in network and network.mtu
                else self._config.network_device_mtu)

    def _representor(self, vif):
        return {'device': self._representors.find(vif.dev_address),
                'qos_type': self._config.default_qos_type}

    def _dpdk(self, vif):
        pf, number = self._host.vf(vif.dev_address)
        return {'device': _name('vfr', vif), 'type': DPDK,
                'options': {'dpdk-devargs': dpdk.devargs(
                    self._host, self._representors, pf, number)},
                'mtu_request': self.mtu(vif)}

    def _vhost_user(self, vif):
        device = {'device': _name('vhu', vif), 'mtu_request': self.mtu(vif)}
        # The mode is QEMU's: Open vSwitch is the other end of the socket.
        if vif.mode == 'client':
            return device | {'type': VHOST_SERVER}
        return device | {'type': VHOST_CLIENT,
                         'options': {'vhost-server-path': vif.path}}


_KINDS = {
    ('VIFHostDevice', SYSTEM): Ports._representor,
    ('VIFHostDevice', NETDEV): Ports._dpdk,
    ('VIFVHostUser', NETDEV): Ports._vhost_user,
    ('VIFVHostUser', SYSTEM): Ports._vhost_user,
}


def datapath(vif):
    """:returns: SYSTEM or NETDEV, or whatever else the port profile says"""
    profile = vif.port_profile
    if 'datapath_type' in profile and profile.datapath_type:
        return profile.datapath_type
    return (NETDEV if isinstance(vif, osv_vif.VIFVHostUser) else SYSTEM)


def is_represented(vif):
    """:returns: whether its port is the representor of a VF, a netdev of the
        kernel; DPDK drives its own"""
    return (isinstance(vif, osv_vif.VIFHostDevice)
            and datapath(vif) == SYSTEM)


def is_trunk_bridge(name):
    return name.startswith(_TRUNK_PREFIX)


def qos_id(device):
    """:returns: external id of the row in the table QoS of a device"""
    return str(uuid.uuid5(_QOS_NAMESPACE, device))


def _name(prefix, vif):
    return f'{prefix}{vif.id}'[:_NAME_LENGTH]
