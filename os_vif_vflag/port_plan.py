#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""What Open vSwitch shall have for a VIF, as plain data."""

from os_vif.objects import vif as osv_vif

from os_vif_vflag import dpdk
from os_vif_vflag.ovs import ovs_port

# As long as os-vif's own plugin makes them, so that each finds the other's.
_NAME_LENGTH = 14


class Ports:
    """Makes OvsPorts of VIFs.

    :param config: the options of conf.OPTS
    :param host: host.Host
    :param representors: representors.RepresentorFinder
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
        return ovs_port.OvsPort(
            bridge=vif.network.bridge,
            iface_id=vif.port_profile.interface_id,
            mac=vif.address,
            vm_uuid=vm_uuid,
            isolated=(self._config.isolate_vif
                      and not ovs_port.is_trunk_bridge(vif.network.bridge)),
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
        return {'device': _name('vfr', vif), 'type': ovs_port.DPDK,
                'options': {'dpdk-devargs': dpdk.devargs(
                    self._host, self._representors, pf, number)},
                'mtu_request': self.mtu(vif)}

    def _vhost_user(self, vif):
        device = {'device': _name('vhu', vif), 'mtu_request': self.mtu(vif)}
        # The mode is QEMU's: Open vSwitch is the other end of the socket.
        if vif.mode == 'client':
            return device | {'type': ovs_port.VHOST_SERVER}
        return device | {'type': ovs_port.VHOST_CLIENT,
                         'options': {'vhost-server-path': vif.path}}


_KINDS = {
    ('VIFHostDevice', ovs_port.SYSTEM): Ports._representor,
    ('VIFHostDevice', ovs_port.NETDEV): Ports._dpdk,
    ('VIFVHostUser', ovs_port.NETDEV): Ports._vhost_user,
    ('VIFVHostUser', ovs_port.SYSTEM): Ports._vhost_user,
}


def datapath(vif):
    """:returns: SYSTEM or NETDEV, or whatever else the port profile says"""
    profile = vif.port_profile
    if 'datapath_type' in profile and profile.datapath_type:
        return profile.datapath_type
    return (ovs_port.NETDEV if isinstance(vif, osv_vif.VIFVHostUser)
            else ovs_port.SYSTEM)


def is_represented(vif):
    """:returns: whether its port is the representor of a VF, a netdev of the
        kernel; DPDK drives its own"""
    return (isinstance(vif, osv_vif.VIFHostDevice)
            and datapath(vif) == ovs_port.SYSTEM)


def _name(prefix, vif):
    return f'{prefix}{vif.id}'[:_NAME_LENGTH]
