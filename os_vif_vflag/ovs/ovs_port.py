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

"""A port as Open vSwitch shall have it, as plain data."""

from collections.abc import Mapping
import dataclasses
import uuid

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
# vif_plug_ovs.ovsdb.ovsdb_lib.QOS_UUID_NAMESPACE, so
# that each finds the other's.
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
    :ivar options: of the interface
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
    options: Mapping[str, str] = dataclasses.field(default_factory=dict)
    mtu_request: int | None = None
    isolated: bool = False
    qos_type: str | None = None

    @property
    def create_bridge(self) -> bool:
        """Whether a missing bridge is created: where Neutron waits for that,
        and the kernel could name the bridge's own port so."""
        return (is_trunk_bridge(self.bridge)
                and len(self.bridge.encode()) < _IFNAMSIZ)

    @property
    def external_ids(self) -> dict[str, str]:
        """What Neutron's agent and OVN look for on an interface."""
        ids = {'iface-id': self.iface_id, 'iface-status': 'active',
               'attached-mac': self.mac, 'vm-uuid': self.vm_uuid}
        if is_trunk_bridge(self.bridge):
            # Neutron's trunk driver cleans up by it, see its ovsdb_handler.
            ids['bridge_name'] = self.bridge
        return ids


def is_trunk_bridge(name: str) -> bool:
    return name.startswith(_TRUNK_PREFIX)


def qos_id(device: str) -> str:
    """The external id of the row in the table QoS of a device."""
    return str(uuid.uuid5(_QOS_NAMESPACE, device))
