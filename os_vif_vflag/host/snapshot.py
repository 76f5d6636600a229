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

import dataclasses
import re

from os_vif_vflag.host import bonds
from os_vif_vflag.host import lag
from os_vif_vflag.host import model
from os_vif_vflag.host import netdevs
from os_vif_vflag.host.representors import RepresentorIndex
from os_vif_vflag.kernel import uapi
from os_vif_vflag.kernel.sysfs import ABSENT
from os_vif_vflag.kernel.sysfs import LISTED

_VIRTFN = re.compile(r'virtfn([0-9]+)')
_DEVICES = ('bus', 'pci', 'devices')


class SnapshotBuilder:
    """One snapshot in the making: what it needs of all netdevs, asked once.

    :param sysfs: sysfs.Sysfs of its own, for its notes
    :param netlink: netlink.Netlink, or None
    :param ports: tuple of netlink.Port, None without devlink
    """

    def __init__(self, sysfs, netlink, ports):
        self._sysfs = sysfs
        self._netlink = netlink
        self._has_devlink = ports is not None
        every = netdevs.links(sysfs, netlink)
        self._children = {}
        for link in sorted(every, key=lambda link: link.ifindex):
            self._children.setdefault(link.parent, []).append(link)
        self._representors = RepresentorIndex(every, ports, self._driver)
        self._devices = frozenset(sysfs.names(*_DEVICES, silent=LISTED))
        self._vfs = {}
        self._bonds = bonds.bonds(sysfs)
        self._bond_of = {member.name: bond.name for bond in self._bonds
                         for member in bond.members}

    def snapshot(self):
        pfs = tuple(self._pf(address) for address in self._pf_addresses())
        bonds = tuple(
            dataclasses.replace(bond, lag=lag.assess(self._sysfs, bond, pfs))
            for bond in self._bonds)
        return model.HostSnapshot(pfs, bonds, self._sysfs.unread)

    def _pf_addresses(self):
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

    def _virtfns(self, pf):
        if pf not in self._vfs:
            self._vfs[pf] = virtfns(self._sysfs, pf)
            for number, address in self._vfs[pf]:
                if address not in self._devices:
                    self._dangles(pf, f'virtfn{number}')
        return self._vfs[pf]

    def _is_network(self, address):
        # A PF whose driver reloads has no netdev for a moment; its class
        # says what it is all the same.
        code = self._number(address, 'class', base=16)
        return (code is not None and code >> 16 == uapi.PCI_NETWORK
                or address in self._children)

    def _pf(self, address):
        uplink = self._representors.uplinks.get(address)
        vfs = tuple(self._vf(address, number, vf) for number, vf
                    in self._virtfns(address) if vf in self._devices)
        mode = self._told_mode(address)
        return model.PF(
            address=address,
            uplink=uplink and uplink.name,
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
            link_type=uplink and uplink.type,
            switch_id=uplink and uplink.switch_id,
            bond=uplink and self._bond_of.get(uplink.name))

    def _vf(self, pf, number, address):
        representor = self._representors.only(pf, number)
        netdevs = self._children.get(address)
        return model.VF(
            address=address, number=number,
            driver=self._driver(address),
            netdev=netdevs[0].name if netdevs else None,
            representor=representor and representor.name)

    def _num_vfs(self, pf, vfs):
        number = self._number(pf, 'sriov_numvfs')
        if number not in (None, len(vfs)):
            self._sysfs.note(
                *_DEVICES, pf, 'sriov_numvfs',
                error=f'says {number}, but there are {len(vfs)} VFs')
        return len(vfs) if number is None else number

    def _vf_product(self, pf, vfs):
        # sriov_vf_device came with Linux 4.15.
        return self._id(pf, 'sriov_vf_device', silent=ABSENT) or (
            self._id(vfs[0].address, 'device') if vfs else None)

    def _told_mode(self, pf):
        """None without devlink, and for users without CAP_NET_ADMIN."""
        return self._netlink.eswitch_mode(pf) if self._has_devlink else None

    def _inferred_mode(self, pf):
        # Not from phys_switch_id: ice has one in legacy mode, too
        # (ice_devlink_create_pf_port). Representors exist in switchdev only.
        return (uapi.SWITCHDEV if self._representors.any_of(pf)
                else uapi.LEGACY)

    def _driver(self, address):
        return self._sysfs.target(*_DEVICES, address, 'driver')

    def _exists(self, *parts):
        return self._sysfs.exists(*_DEVICES, *parts)

    def _dangles(self, *parts):
        self._sysfs.note(*_DEVICES, *parts,
                         error='points to a device that is not there')

    def _number(self, address, name, base=10, silent=LISTED):
        return self._sysfs.number(*_DEVICES, address, name, base=base,
                                  silent=silent)

    def _id(self, address, name, silent=LISTED):
        """:returns: four hexadecimal digits, or None. Vendor and device have
        a leading 0x, sriov_vf_device has none (pci-sysfs.c, iov.c)."""
        number = self._number(address, name, base=16, silent=silent)
        return None if number is None else f'{number:04x}'


def virtfns(sysfs, pf):
    """:returns: sorted list of (number, PCI address)"""
    matches = (_VIRTFN.fullmatch(name)
               for name in sysfs.names(*_DEVICES, pf))
    return sorted(
        (int(match[1]), address) for match in matches if match
        and (address := sysfs.target(*_DEVICES, pf, match[0],
                                     silent=LISTED)))
