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

"""What the kernel would report by netlink of the simulated cards.

Stands in for os_vif_vflag.kernel.netlink.Netlink. A kernel that lacks
something is an argument: no devlink before Linux 4.6, no IFLA_PARENT_DEV_NAME
before 5.14, no port flavour pcivf before 5.2.
"""

from os_vif_vflag.kernel import netlink
from os_vif_vflag.kernel import port_name
from os_vif_vflag.kernel import uapi
from os_vif_vflag.kernel import vfinfo
from tests.sim import sysfs
from tests.sim import vfs
from tests.sim.links import Link


class Netlink(netlink.Source):
    """:param devlink: whether the kernel has devlink ports and eswitch modes
    :param rtnetlink: whether links can be dumped
    :param parents: whether links name their parent
    :ivar requests: names of the methods called, in order
    """

    def __init__(self, sim: sysfs.Sysfs, devlink: bool = True,
                 rtnetlink: bool = True, parents: bool = True):
        self._sim = sim
        self._devlink, self._rtnetlink = devlink, rtnetlink
        self._parents = parents
        self.requests: list[str] = []

    def links(self) -> tuple[netlink.Link, ...] | None:
        self.requests.append('links')
        if not self._rtnetlink:
            return None
        return tuple(netlink.Link(
            name=link.name, ifindex=link.ifindex,
            port_name=port_name.parse(link.phys_port_name),
            switch_id=link.phys_switch_id,
            parent=link.pci if self._parents else None,
            up=link.up, type=uapi.LINK_TYPES.get(link.type))
            for link in self._sim.links())

    def vfs(self, name: str) -> dict[int, vfinfo.Settings] | None:
        self.requests.append('vfs')
        return vfs.Vfs(self._sim.root).of(name) if self._rtnetlink else None

    def ports(self,
              address: str | None = None) -> tuple[netlink.Port, ...] | None:
        self.requests.append('ports')
        if not self._devlink:
            return None
        return tuple(self._port(link) for link in self._sim.links()
                     if link.kind in _PORTS
                     and address in (None, link.key[0]))

    def eswitch_mode(self, address: str) -> str | None:
        self.requests.append('eswitch_mode')
        return self._sim.pf(address).mode if self._devlink else None

    def _port(self, link: Link) -> netlink.Port:
        pf, kind, number = link.key
        flavour = _PORTS[kind]
        return netlink.Port(
            device=pf, name=link.name, ifindex=link.ifindex,
            port_name=port_name.PortName(
                flavour, pf=self._sim.pf(pf).port,
                number=number if flavour != uapi.PHYSICAL else None,
                controller=1 if kind.startswith('external') else None))


_PORTS = {
    'uplink': uapi.PHYSICAL,
    'representor': uapi.PCI_VF,
    'external': uapi.PCI_VF,
    'external-pf': uapi.PCI_PF,
    'subfunction': uapi.PCI_SF,
}
