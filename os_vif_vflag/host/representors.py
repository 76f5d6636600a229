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

"""VF → representor netdev: devlink, else the PF's netdevs, else all."""

import collections
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Protocol

from os_vif_vflag.host import errors
from os_vif_vflag.host import netdevs
from os_vif_vflag.kernel import pci_address
from os_vif_vflag.kernel import uapi
from os_vif_vflag.kernel.netlink import Link
from os_vif_vflag.kernel.netlink import Port
from os_vif_vflag.kernel.sysfs import Sysfs

# Their representors have the PCI function for a PF's index, and their uplinks
# the port: of a partitioned card (NPAR) several PFs share a port
# (bnxt_vf_rep_get_phys_port_name, bnxt_get_phys_port_name).
_COUNT_FUNCTIONS = frozenset(('bnxt_en',))
# Netdevs get other names while they are looked for: udev renames a
# representor right after it appears.
_ATTEMPTS = 3
# PCI address of a PF → number of a VF → what may represent it. Of a netdev
# that shares an eswitch with a port without a PCI device the address is None.
_Index = dict[str | None, dict[int, list[Link | Port]]]


class RepresentorIndex:
    """The representors of a host at one moment.

    :param ports: None without devlink
    :param driver_of: PCI address → name of its driver
    """

    def __init__(self, links: Iterable[Link], ports: Iterable[Port] | None,
                 driver_of: Callable[[str], str | None] = lambda _: None):
        links = tuple(links)
        self.uplinks = netdevs.uplinks(links)
        of_vfs = [link for link in links if _vf_number(link) is not None]
        self._by_devlink = _index((port.device, port) for port in ports or ())
        self._by_parent = _index(
            (link.parent, link) for link in of_vfs if link.parent)
        # Before Linux 5.8 representors have no parent; Broadcom's not even
        # then (bnxt_vf_rep_netdev_init).
        orphans = [link for link in of_vfs if link.parent is None]
        ports_of_cards = [
            (link, _index_of_pf(link, driver_of)) for link in links
            if orphans and netdevs.is_uplink(link)
            and (link.parent or link.port_name)]
        claims = [(link, pf) for link in orphans
                  for pf in _claimants(link, ports_of_cards)]
        self._by_switch = _index((pf, link) for link, pf in claims)
        count = collections.Counter(link.name for link, _ in claims)
        self._contested = {name for name, pfs in count.items() if pfs > 1}

    def any_of(self, pf: str) -> bool:
        """Whether the PF has a VF representor at all."""
        return (pf in self._by_devlink or pf in self._by_parent
                or pf in self._by_switch)

    def find(self, pf: str, number: int) -> list[Link | Port]:
        """:param pf: PCI address of a PF
        :param number: of a VF
        :returns: those that may represent the VF
        """
        return next((index[pf][number]
                     for index in (self._by_devlink, self._by_parent,
                                   self._by_switch)
                     if number in index.get(pf, ())), [])

    def only(self, pf: str, number: int) -> Link | Port | None:
        """:returns: the one that certainly represents the VF; None without
            one, or when another may be it, or when it may be another PF's
        """
        found = self.find(pf, number)
        names = {link.name for link in found}
        by_switch = found is self._by_switch.get(pf, {}).get(number)
        doubtful = (len(names) != 1
                    or by_switch and names & self._contested)
        return None if doubtful else found[0]


class Machine(Protocol):
    """What a RepresentorFinder needs of a host."""

    sysfs: Sysfs

    def vf(self, address: str) -> tuple[str, int]:
        """See Host.vf."""

    def representors(self, pf: str) -> RepresentorIndex:
        """See Host.representors."""


class RepresentorFinder:
    """Finds representors one by one, at a cost that does not grow.

    It remembers what it saw of a PF, and reads from sysfs whether that netdev
    is still the same before it answers: representors vanish and come back
    under other names and ifindexes (activation of a VF-LAG with a shared FDB,
    eswitch mode changes). Only when it is not, the PF's are read anew.
    """

    def __init__(self, host: Machine):
        self._host = host
        self._seen: dict[str, RepresentorIndex] = {}

    def find(self, vf_address: str) -> str:
        """:param vf_address: PCI address of a VF
        :returns: name of the representor netdev
        :raises errors.VfNotFound, errors.NotAVf: see Host.vf
        :raises errors.NotSwitchdev: the PF has no VF representors at all
        :raises errors.RepresentorNotFound: it has, but none for this VF
        :raises errors.RepresentorAmbiguous: more than one fits; never a
            guess
        """
        pf, number = self._host.vf(vf_address)
        before = self._seen.get(pf)
        for seen in self._sights(pf):
            found = seen.only(pf, number)
            if found is not None:
                now = self._now(found.name)
                if now and _same(found, now):
                    return now.name
            elif seen is not before:
                break
        facts = {'vf': vf_address, 'pf': pf, 'number': number}
        if not seen.any_of(pf):
            raise errors.NotSwitchdev(**facts)
        candidates = sorted({link.name for link in seen.find(pf, number)})
        if found or not candidates:
            raise errors.RepresentorNotFound(**facts)
        raise errors.RepresentorAmbiguous(
            candidates=', '.join(candidates), **facts)

    def uplink(self, pf: str) -> str | None:
        """:param pf: PCI address of a PF
        :returns: name of its own netdev
        """
        before = self._seen.get(pf)
        for seen in self._sights(pf):
            link = seen.uplinks.get(pf)
            if link is not None:
                now = self._now(link.name)
                if now and (now.ifindex, now.parent) == (link.ifindex, pf):
                    return link.name
            elif seen is not before:
                return None
        return None

    def _now(self, name: str) -> Link | None:
        return netdevs.identity(self._host.sysfs, name)

    def _sights(self, pf: str) -> Iterator[RepresentorIndex]:
        if pf in self._seen:
            yield self._seen[pf]
        for _ in range(_ATTEMPTS):
            self._seen[pf] = self._host.representors(pf)
            yield self._seen[pf]


def _same(found: Link | Port, now: Link) -> bool:
    """Of a netdev found by its parent the ifindex may be unknown: that it
    still is that parent's, and that port, is as good."""
    if isinstance(found, Link) and not found.ifindex:
        return (found.port_name, found.parent) == (
            now.port_name, now.parent)
    return found.ifindex == now.ifindex


def _claimants(link: Link, uplinks: Iterable[tuple[Link, int | None]]) -> (
        set[str | None]):
    """:param uplinks: each with the index of its PF
    :returns: the PFs that a netdev without a parent may belong to. The switch
        id is the card's; the PF's index, where both state it, distinguishes
        its PFs.
    """
    own = link.port_name.pf if link.port_name else None
    return {uplink.parent for uplink, index in uplinks
            if link.switch_id and uplink.switch_id == link.switch_id
            and (None in (index, own) or index == own)}


def _index_of_pf(uplink: Link,
                 driver_of: Callable[[str], str | None]) -> int | None:
    """N of the names pfNvfM of its representors."""
    if uplink.parent and driver_of(uplink.parent) in _COUNT_FUNCTIONS:
        return pci_address.function(uplink.parent)
    return uplink.port_name.pf if uplink.port_name else None


def _index(pairs: Iterable[tuple[str | None, Link | Port]]) -> _Index:
    """:param pairs: PCI addresses and netdevs, of which those that represent
        a VF are taken"""
    index: _Index = {}
    for address, netdev in pairs:
        number = _vf_number(netdev)
        if number is not None:
            index.setdefault(address, {}).setdefault(
                number, []).append(netdev)
    return index


def _vf_number(netdev: Link | Port) -> int | None:
    """None unless it represents a VF of this host, not of a DPU's host."""
    name = netdev.port_name
    return name.number if (name is not None and name.flavour == uapi.PCI_VF
                           and name.controller is None) else None
