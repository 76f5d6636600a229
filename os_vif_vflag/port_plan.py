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

from collections.abc import Callable
from collections.abc import Mapping
from typing import Required
from typing import TypedDict

from os_vif.objects import vif as osv_vif
from oslo_config import cfg

from os_vif_vflag import dpdk
from os_vif_vflag.host.host import Host
from os_vif_vflag.host.representors import RepresentorFinder
from os_vif_vflag.ovs import ovs_port

# As long as os-vif's own plugin makes them, so that each finds the other's.
_NAME_LENGTH = 14


class _Device(TypedDict, total=False):
    """The fields of an OvsPort that depend on the kind of VIF."""

    device: Required[str]
    type: str
    options: Mapping[str, str]
    mtu_request: int | None
    qos_type: str | None


class Ports:
    """Makes OvsPorts of VIFs.

    :param config: the options of conf.OPTS
    """

    def __init__(self, config: cfg.ConfigOpts.GroupAttr, host: Host,
                 representors: RepresentorFinder):
        self._config = config
        self._host = host
        self._representors = representors

    def of(self, vif: osv_vif.VIFBase, vm_uuid: str) -> ovs_port.OvsPort:
        """:param vif: one that vif_checks accepts
        :param vm_uuid: of its server
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

    def mtu(self, vif: osv_vif.VIFBase) -> int:
        """Bytes."""
        network = vif.network
        mtu: int = (network.mtu if 'mtu' in network and network.mtu
                    else self._config.network_device_mtu)
        return mtu

    def _representor(self, vif: osv_vif.VIFHostDevice) -> _Device:
        return {'device': self._representors.find(vif.dev_address),
                'qos_type': self._config.default_qos_type}

    def _dpdk(self, vif: osv_vif.VIFHostDevice) -> _Device:
        pf, number = self._host.vf(vif.dev_address)
        return {'device': _name('vfr', vif), 'type': ovs_port.DPDK,
                'options': {'dpdk-devargs': dpdk.devargs(
                    self._host, self._representors, pf, number)},
                'mtu_request': self.mtu(vif)}

    def _vhost_user(self, vif: osv_vif.VIFVHostUser) -> _Device:
        device, mtu = _name('vhu', vif), self.mtu(vif)
        # The mode is QEMU's: Open vSwitch is the other end of the socket.
        if vif.mode == 'client':
            return {'device': device, 'type': ovs_port.VHOST_SERVER,
                    'mtu_request': mtu}
        return {'device': device, 'type': ovs_port.VHOST_CLIENT,
                'options': {'vhost-server-path': vif.path},
                'mtu_request': mtu}


_KINDS: dict[tuple[str, str], Callable[[Ports, osv_vif.VIFBase], _Device]] = {
    ('VIFHostDevice', ovs_port.SYSTEM): Ports._representor,
    ('VIFHostDevice', ovs_port.NETDEV): Ports._dpdk,
    ('VIFVHostUser', ovs_port.NETDEV): Ports._vhost_user,
    ('VIFVHostUser', ovs_port.SYSTEM): Ports._vhost_user,
}


def datapath(vif: osv_vif.VIFBase) -> str:
    """SYSTEM or NETDEV, or whatever else the port profile has."""
    profile = vif.port_profile
    if 'datapath_type' in profile and profile.datapath_type:
        kind: str = profile.datapath_type
        return kind
    return (ovs_port.NETDEV if isinstance(vif, osv_vif.VIFVHostUser)
            else ovs_port.SYSTEM)


def is_represented(vif: osv_vif.VIFBase) -> bool:
    """Whether its port is the representor of a VF, a netdev of the kernel;
    DPDK drives its own."""
    return (isinstance(vif, osv_vif.VIFHostDevice)
            and datapath(vif) == ovs_port.SYSTEM)


def _name(prefix: str, vif: osv_vif.VIFBase) -> str:
    return f'{prefix}{vif.id}'[:_NAME_LENGTH]
