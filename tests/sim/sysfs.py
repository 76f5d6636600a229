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

"""A host's /sys as the kernel would show it for a set of cards.

    host = Sysfs(tmp_path, Card(pfs=(Pf('0000:03:00.0', 'enp3s0f0np0'),)))
    host.set_mode('0000:03:00.0', 'legacy')

An operation changes the description and the tree follows, as it does in the
kernel: a netdev that stays keeps its ifindex, a new one gets the next.
`host.root` stands for /, `host.sys` is to be mounted over /sys
(tests.sim.inside).
"""

from collections.abc import Mapping
import dataclasses
import errno
import os
import pathlib
from typing import Any

from tests.sim import attributes
from tests.sim import card
from tests.sim import links
from tests.sim import tree
from tests.sim.links import Key
from tests.sim.links import Link

FIRST_IFINDEX = 2     # 1 is lo


class Sysfs:

    def __init__(self, root: str | pathlib.Path, *cards: card.Card):
        links.check(cards)
        self.cards = list(cards)
        self._renamed: dict[Key, str] = {}
        self._removed: set[Key] = set()
        self._macvtaps: dict[str, str] = {}    # address of a VF -> name
        # What is not a network card
        self._others: attributes.Entries = {}
        self._ifindex: dict[Key, int] = {}
        self._next_ifindex = FIRST_IFINDEX
        self.root = pathlib.Path(root)
        self.sys = self.root / 'sys'
        self._tree = tree.Tree(self.sys)
        for folder in attributes.FOLDERS:
            self._tree.folder(folder)
        self._sync()

    # What there is

    def pf(self, address: str) -> card.Pf:
        return self._card(address).pf(address)

    def pci_devices(self) -> list[card.PciDevice]:
        """Every PCI function, with the netdevs' names of now."""
        names = {link.pci: link.name for link in self.links()
                 if link.kind in ('uplink', 'vf')}
        return [dataclasses.replace(device, netdev=names.get(device.address))
                for one in self.cards for device in one.pci_devices()]

    def links(self) -> list[Link]:
        """Every netdev, with the names and ifindexes of now."""
        described = [link for one in self.cards
                     for link in links.links(one)
                     if link.key not in self._removed]
        names = {link.name: self._renamed.get(link.key, link.name)
                 for link in described}
        return [dataclasses.replace(
            link, name=names[link.name],
            master=names.get(link.master) if link.master else None,
            ifindex=self._ifindex.get(link.key, 0)) for link in described]

    def link(self, name: str) -> Link:
        for link in self.links():
            if link.name == name:
                return link
        raise ValueError(f'no netdev {name} on this host')

    def representor(self, vf: str) -> Link | None:
        """The representor of the VF at this address; None if it is gone."""
        key = self._representor_key(vf)
        return next((link for link in self.links() if link.key == key), None)

    # What hardware and its administrator do

    def add_device(self, address: str, pci_class: str, vendor: str = '8086',
                   product: str = 'f1a8') -> None:
        """Plug in a PCI device that is not a network card: by its class."""
        self._others |= attributes.plain_device(
            address, pci_class, vendor, product)
        self._sync()

    def set_mode(self, pf: str, mode: str) -> None:
        """devlink dev eswitch set pci/<pf> mode <mode>"""
        self._forget(pf)
        self._change(pf, mode=mode)

    def set_numvfs(self, pf: str, number: int) -> None:
        """echo <number> > sriov_numvfs (drivers/pci/iov.c)"""
        now = self.pf(pf)
        if not 0 <= number <= now.total_vfs:
            raise OSError(errno.ERANGE, os.strerror(errno.ERANGE))
        if number == now.vfs:
            return
        if now.vfs and number:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        self._forget(pf)
        self._change(pf, vfs=number, vf_drivers=())

    def set_link(self, pf: str, state: str) -> None:
        """The cable of a PF is plugged ('up') or pulled ('down')."""
        self._change(pf, link=state)

    def set_bond(self, pf: str, bond: card.Bond | None) -> None:
        """The PFs of the card with this PF join a bond, or leave (None)."""
        self._replace(pf, bond=bond)

    def set_lag(self, pf: str, lag: card.LagState | None) -> None:
        """The driver of the card with this PF (de)activates its LAG."""
        self._replace(pf, lag=lag)

    def bind(self, vf: str, driver: str | None) -> None:
        """Bind a VF to a driver; None leaves it unbound."""
        pf, number = self._vf(vf)
        drivers = dict(self.pf(pf).vf_drivers)
        drivers[number] = driver
        self._change(pf, vf_drivers=tuple(drivers.items()))

    def set_macvtap(self, vf: str, name: str | None) -> None:
        """libvirt puts a macvtap on the netdev of a VF, or removes it (None).

        It is no netdev of this host: only that it stands there is shown.
        """
        self._vf(vf)
        self._macvtaps.pop(vf, None)
        if name:
            self._macvtaps[vf] = name
        self._sync()

    def rename(self, name: str, new: str) -> None:
        """ip link set <name> name <new>"""
        key = self.link(name).key
        links.check_names([link.name for link in self.links()
                           if link.key != key] + [new])
        self._renamed[key] = new
        self._sync()

    def remove_representor(self, vf: str) -> None:
        """The netdev of a representor goes, its VF stays."""
        self.remove(self._representor_key(vf))

    def restore_representor(self, vf: str) -> None:
        """It comes back, with another ifindex."""
        self.restore(self._representor_key(vf))

    def remove(self, *keys: Key) -> None:
        """Netdevs go, their PCI devices stay."""
        self._removed.update(keys)
        self._sync()

    def restore(self, *keys: Key) -> None:
        """They come back, with other ifindexes."""
        self._removed.difference_update(keys)
        self._sync()

    def reload_representors(self, pf: str) -> None:
        """All of a PF's representors go and come back: a LAG does that."""
        mode = self.pf(pf).mode
        self.set_mode(pf, 'legacy')
        self.set_mode(pf, mode)

    def adopt(self, ifindexes: Mapping[str, int]) -> None:
        """:param ifindexes: of real netdevs, by name, to be shown"""
        if ifindexes:
            keys = {link.name: link.key for link in self.links()}
            for name, ifindex in ifindexes.items():
                self._ifindex[keys[name]] = ifindex
            self._next_ifindex = max(
                self._next_ifindex, max(ifindexes.values()) + 1)
            self._sync()

    # How the tree follows

    def _card(self, pf: str) -> card.Card:
        for found in self.cards:
            if pf in [one.address for one in found.pfs]:
                return found
        raise ValueError(f'no PF {pf} on this host')

    def _vf(self, address: str) -> tuple[str, int]:
        """:returns: its PF, its number"""
        for one in self.cards:
            for device in one.pci_devices():
                if device.address == address and device.vf is not None:
                    return device.pf, device.vf
        raise ValueError(f'no VF {address} on this host')

    def _representor_key(self, vf: str) -> Key:
        pf, number = self._vf(vf)
        return pf, 'representor', number

    def _forget(self, pf: str) -> None:
        """New representors owe nothing to those which had been removed."""
        self._removed = {key for key in self._removed if key[0] != pf}

    def _change(self, address: str, **changes: Any) -> None:
        self._replace(address, pfs=tuple(
            dataclasses.replace(pf, **changes) if pf.address == address
            else pf for pf in self._card(address).pfs))

    def _replace(self, pf: str, **changes: Any) -> None:
        now = self._card(pf)
        changed = dataclasses.replace(now, **changes)
        described = [changed if one is now else one for one in self.cards]
        links.check(described)
        self.cards = described
        self._sync()

    def _number(self) -> None:
        keys = [link.key for link in self.links()]
        self._ifindex = {key: index for key, index in self._ifindex.items()
                         if key in keys}
        for key in keys:
            if key not in self._ifindex:
                self._ifindex[key] = self._next_ifindex
                self._next_ifindex += 1

    def _sync(self) -> None:
        self._number()
        entries: attributes.Entries = {}
        paths = {}
        for one in self.cards:
            for device in one.pci_devices():
                paths[device.address] = attributes.pci_path(device)
                entries |= attributes.pci_device(one, device)
            if one.lag:
                entries |= attributes.lag(one, one.lag)
        self._tree.show(
            entries | self._others | self._link_entries(paths))

    def _link_entries(self, paths: Mapping[str, str]) -> attributes.Entries:
        shown = self.links()
        masters = {link.key[0]: link for link in shown
                   if link.kind == 'bond'}
        entries = attributes.host([link.name for link in masters.values()])
        for link in shown:
            entries |= attributes.link(link, paths)
            if link.kind == 'vf' and link.pci in self._macvtaps:
                entries |= attributes.upper(
                    link, self._macvtaps[link.pci], paths)
        for bond in [one.bond for one in self.cards if one.bond]:
            master = masters[bond.name]
            members = [link for link in shown if link.master == master.name]
            entries |= attributes.bond(bond, master, members, paths)
        return entries
