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

"""One snapshot of a host: everything that it has at one moment."""

from collections.abc import Iterable
from collections.abc import Set
import dataclasses
import re

from os_vif_vflag.host import bonds
from os_vif_vflag.host import lag
from os_vif_vflag.host import model
from os_vif_vflag.host import netdevs
from os_vif_vflag.host.representors import RepresentorIndex
from os_vif_vflag.kernel import uapi
from os_vif_vflag.kernel.netlink import Link
from os_vif_vflag.kernel.netlink import Port
from os_vif_vflag.kernel.netlink import Source
from os_vif_vflag.kernel.sysfs import ABSENT
from os_vif_vflag.kernel.sysfs import LISTED
from os_vif_vflag.kernel.sysfs import Sysfs

_VIRTFN = re.compile(r'virtfn([0-9]+)')
_DEVICES = ('bus', 'pci', 'devices')


class SnapshotBuilder:
    """One snapshot in the making: the netdevs are read once.

    :param sysfs: of its own, for its notes
    :param ports: None without devlink
    """

    def __init__(self, sysfs: Sysfs, netlink: Source | None,
                 ports: Iterable[Port] | None):
        self._sysfs = sysfs
        # Without devlink it would be a socket for each PF, in vain.
        self._devlink = None if ports is None else netlink
        every = netdevs.links(sysfs, netlink)
        self._children: dict[str | None, list[Link]] = {}
        for link in sorted(every, key=lambda link: link.ifindex):
            self._children.setdefault(link.parent, []).append(link)
        self._representors = RepresentorIndex(every, ports, self._driver)
        self._devices = frozenset(sysfs.names(*_DEVICES, silent=LISTED))
        self._vfs: dict[str, list[tuple[int, str]]] = {}
        self._bonds = bonds.bonds(sysfs)
        self._bond_of = {member.name: bond.name for bond in self._bonds
                         for member in bond.members}

    def snapshot(self) -> model.HostSnapshot:
        pfs = tuple(self._pf(address) for address in self._pf_addresses())
        bonds = tuple(
            dataclasses.replace(bond, lag=lag.assess(self._sysfs, bond, pfs))
            for bond in self._bonds)
        return model.HostSnapshot(pfs, bonds, self._sysfs.unread)

    def _pf_addresses(self) -> list[str]:
        pfs = {address for address in self._devices
               if self._exists(address, 'sriov_totalvfs')}
        vfs = {vf for pf in pfs for _, vf in self._virtfns(pf)}
        for address in self._devices - pfs - vfs:
            if not self._exists(address):
                self._dangles(address)
            # Of a PF only sriov_totalvfs cannot be read.
            elif self._exists(address, 'sriov_numvfs'):
                pfs.add(address)
        return sorted(filter(self._is_network, pfs))

    def _virtfns(self, pf: str) -> list[tuple[int, str]]:
        if pf not in self._vfs:
            self._vfs[pf] = virtfns(self._sysfs, pf)
            for number, address in self._vfs[pf]:
                if address not in self._devices:
                    self._dangles(pf, f'virtfn{number}')
        return self._vfs[pf]

    def _is_network(self, address: str) -> bool:
        # A PF whose driver reloads has no netdev for a moment, but a class.
        return (has_network_class(self._sysfs, address)
                or address in self._children)

    def _pf(self, address: str) -> model.PF:
        uplink = self._representors.uplinks.get(address)
        vfs = tuple(self._vf(address, number, vf) for number, vf
                    in self._virtfns(address) if vf in self._devices)
        mode = self._reported_mode(address)
        return model.PF(
            address=address,
            uplink=uplink.name if uplink else None,
            vendor=self._id(address, 'vendor'),
            product=self._id(address, 'device'),
            vf_product=self._vf_product(address, vfs),
            numa_node=self._sysfs.number(*_DEVICES, address, 'numa_node',
                                         unset='-1'),
            mode=mode or self._inferred_mode(address),
            mode_inferred=mode is None,
            total_vfs=self._number(address, 'sriov_totalvfs') or 0,
            num_vfs=self._num_vfs(address, vfs),
            vfs=vfs,
            driver=self._driver(address),
            up=bool(uplink and uplink.up),
            link_type=uplink.type if uplink else None,
            switch_id=uplink.switch_id if uplink else None,
            bond=self._bond_of.get(uplink.name) if uplink else None)

    def _vf(self, pf: str, number: int, address: str) -> model.VF:
        representor = self._representors.only(pf, number)
        netdevs = self._children.get(address)
        return model.VF(
            address=address, number=number,
            driver=self._driver(address),
            netdev=netdevs[0].name if netdevs else None,
            representor=representor.name if representor else None)

    def _num_vfs(self, pf: str, vfs: tuple[model.VF, ...]) -> int:
        number = self._number(pf, 'sriov_numvfs')
        if number not in (None, len(vfs)):
            self._sysfs.note(
                *_DEVICES, pf, 'sriov_numvfs',
                error=f'says {number}, but there are {len(vfs)} VFs')
        return len(vfs) if number is None else number

    def _vf_product(self, pf: str,
                    vfs: tuple[model.VF, ...]) -> str | None:
        # sriov_vf_device came with Linux 4.15.
        return self._id(pf, 'sriov_vf_device', silent=ABSENT) or (
            self._id(vfs[0].address, 'device') if vfs else None)

    def _reported_mode(self, pf: str) -> str | None:
        """None without devlink, and for users without CAP_NET_ADMIN."""
        return self._devlink.eswitch_mode(pf) if self._devlink else None

    def _inferred_mode(self, pf: str) -> str:
        # Not from phys_switch_id: ice has one in legacy mode, too
        # (ice_devlink_create_pf_port). Representors exist in switchdev only.
        return (uapi.SWITCHDEV if self._representors.any_of(pf)
                else uapi.LEGACY)

    def _driver(self, address: str) -> str | None:
        return self._sysfs.target(*_DEVICES, address, 'driver')

    def _exists(self, *parts: str) -> bool:
        return self._sysfs.exists(*_DEVICES, *parts)

    def _dangles(self, *parts: str) -> None:
        self._sysfs.note(*_DEVICES, *parts,
                         error='points to a device that is not there')

    def _number(self, address: str, name: str, base: int = 10,
                silent: Set[int] = LISTED) -> int | None:
        return self._sysfs.number(*_DEVICES, address, name, base=base,
                                  silent=silent)

    def _id(self, address: str, name: str,
            silent: Set[int] = LISTED) -> str | None:
        """Four hexadecimal digits. Vendor and device have a leading 0x,
        sriov_vf_device does not (pci-sysfs.c, iov.c)."""
        number = self._number(address, name, base=16, silent=silent)
        return None if number is None else f'{number:04x}'


def has_network_class(sysfs: Sysfs, address: str) -> bool:
    """Whether a PCI device says that it is for a network."""
    code = sysfs.number(*_DEVICES, address, 'class', base=16, silent=LISTED)
    return code is not None and code >> 16 == uapi.PCI_NETWORK


def virtfns(sysfs: Sysfs, pf: str) -> list[tuple[int, str]]:
    """Number and PCI address of each VF, in order."""
    matches = (_VIRTFN.fullmatch(name)
               for name in sysfs.names(*_DEVICES, pf))
    return sorted(
        (int(match[1]), address) for match in matches if match
        and (address := sysfs.target(*_DEVICES, pf, match[0],
                                     silent=LISTED)))
