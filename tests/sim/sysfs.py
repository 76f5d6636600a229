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

import dataclasses
import errno
import os
import pathlib

from tests.sim import attributes
from tests.sim import links
from tests.sim import tree

FIRST_IFINDEX = 2     # 1 is lo


class Sysfs:

    def __init__(self, root, *cards):
        links.check(cards)
        self.cards = list(cards)
        self._renamed = {}      # link key -> name
        self._removed = set()   # keys of links that are gone
        self._others = {}       # tree entries of what is no network card
        self._ifindex = {}      # link key -> ifindex
        self._next_ifindex = FIRST_IFINDEX
        self.root = pathlib.Path(root)
        self.sys = self.root / 'sys'
        self._tree = tree.Tree(self.sys)
        for folder in attributes.FOLDERS:
            self._tree.folder(folder)
        self._sync()

    # What there is

    def pf(self, address):
        return self._card(address).pf(address)

    def pci_devices(self):
        """Every PCI function, with the netdevs' names of now."""
        names = {link.pci: link.name for link in self.links()
                 if link.kind in ('uplink', 'vf')}
        return [dataclasses.replace(device, netdev=names.get(device.address))
                for card in self.cards for device in card.pci_devices()]

    def links(self):
        """Every netdev, with the names and ifindexes of now."""
        described = [link for card in self.cards
                     for link in links.links(card)
                     if link.key not in self._removed]
        names = {link.name: self._renamed.get(link.key, link.name)
                 for link in described}
        return [dataclasses.replace(
            link, name=names[link.name], master=names.get(link.master),
            ifindex=self._ifindex.get(link.key)) for link in described]

    def link(self, name):
        for link in self.links():
            if link.name == name:
                return link
        raise ValueError(f'no netdev {name} on this host')

    def representor(self, vf):
        """The representor of the VF at this address; None if it is gone."""
        key = self._representor_key(vf)
        return next((link for link in self.links() if link.key == key), None)

    # What hardware and its administrator do

    def add_device(self, address, pci_class, vendor='8086',
                   product='f1a8'):
        """Plug in a PCI device that is no network card: by its class."""
        self._others |= attributes.plain_device(
            address, pci_class, vendor, product)
        self._sync()

    def set_mode(self, pf, mode):
        """devlink dev eswitch set pci/<pf> mode <mode>"""
        self._forget(pf)
        self._change(pf, mode=mode)

    def set_numvfs(self, pf, number):
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

    def set_link(self, pf, state):
        """The cable of a PF is plugged ('up') or pulled ('down')."""
        self._change(pf, link=state)

    def set_bond(self, pf, bond):
        """The PFs of the card with this PF join a bond, or leave (None)."""
        self._replace(pf, bond=bond)

    def set_lag(self, pf, lag):
        """The driver of the card with this PF (de)activates its LAG."""
        self._replace(pf, lag=lag)

    def bind(self, vf, driver):
        """Bind a VF to a driver; None leaves it unbound."""
        device = self._vf(vf)
        drivers = dict(self.pf(device.parent).vf_drivers)
        drivers[device.vf] = driver
        self._change(device.parent, vf_drivers=tuple(drivers.items()))

    def rename(self, name, new):
        """ip link set <name> name <new>"""
        key = self.link(name).key
        links.check_names([link.name for link in self.links()
                           if link.key != key] + [new])
        self._renamed[key] = new
        self._sync()

    def remove_representor(self, vf):
        """The netdev of a representor goes, its VF stays."""
        self._removed.add(self._representor_key(vf))
        self._sync()

    def restore_representor(self, vf):
        """It comes back, with another ifindex."""
        self._removed.discard(self._representor_key(vf))
        self._sync()

    def reload_representors(self, pf):
        """All of a PF's representors go and come back: a LAG does that."""
        mode = self.pf(pf).mode
        self.set_mode(pf, 'legacy')
        self.set_mode(pf, mode)

    def adopt(self, ifindexes):
        """Show the ifindexes of real netdevs: {name: ifindex}."""
        if ifindexes:
            keys = {link.name: link.key for link in self.links()}
            for name, ifindex in ifindexes.items():
                self._ifindex[keys[name]] = ifindex
            self._next_ifindex = max(
                self._next_ifindex, max(ifindexes.values()) + 1)
            self._sync()

    # How the tree follows

    def _card(self, pf):
        for card in self.cards:
            if pf in [one.address for one in card.pfs]:
                return card
        raise ValueError(f'no PF {pf} on this host')

    def _vf(self, address):
        for card in self.cards:
            for device in card.pci_devices():
                if device.address == address and device.parent:
                    return device
        raise ValueError(f'no VF {address} on this host')

    def _representor_key(self, vf):
        device = self._vf(vf)
        return device.parent, 'representor', device.vf

    def _forget(self, pf):
        """New representors owe nothing to those which had been removed."""
        self._removed = {key for key in self._removed if key[0] != pf}

    def _change(self, address, **changes):
        self._replace(address, pfs=tuple(
            dataclasses.replace(pf, **changes) if pf.address == address
            else pf for pf in self._card(address).pfs))

    def _replace(self, pf, **changes):
        card = self._card(pf)
        changed = dataclasses.replace(card, **changes)
        described = [changed if one is card else one for one in self.cards]
        links.check(described)
        self.cards = described
        self._sync()

    def _number(self):
        keys = [link.key for link in self.links()]
        self._ifindex = {key: index for key, index in self._ifindex.items()
                         if key in keys}
        for key in keys:
            if key not in self._ifindex:
                self._ifindex[key] = self._next_ifindex
                self._next_ifindex += 1

    def _sync(self):
        self._number()
        entries = {}
        paths = {}
        for card in self.cards:
            for device in card.pci_devices():
                paths[device.address] = attributes.pci_path(device)
                entries |= attributes.pci_device(card, device)
            if card.lag:
                entries |= attributes.lag(card)
        self._tree.show(
            entries | self._others | self._link_entries(paths))

    def _link_entries(self, paths):
        shown = self.links()
        masters = {link.key[0]: link for link in shown
                   if link.kind == 'bond'}
        entries = attributes.host([link.name for link in masters.values()])
        for link in shown:
            entries |= attributes.link(link, paths)
        for bond in [card.bond for card in self.cards if card.bond]:
            master = masters[bond.name]
            members = [link for link in shown if link.master == master.name]
            entries |= attributes.bond(bond, master, members, paths)
        return entries
