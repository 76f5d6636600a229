"""VF → representor netdev: devlink first, a link dump second, sysfs third."""

import collections

from os_vif_vflag import exception
from os_vif_vflag import kernel
from os_vif_vflag import links


class Representors:
    """The representors of a host at one moment.

    :param links: tuple of netlink.Link
    :param ports: tuple of netlink.Port, None without devlink
    """

    def __init__(self, links, ports):
        self._by_devlink = _index(
            (port.device, port) for port in ports or ())
        self._by_parent = _index((link.parent, link) for link in links)
        # Before Linux 5.8 representors have no parent.
        self._orphans = [link for link in links
                         if link.parent is None and _of_vf(link)]
        self._uplinks = {link.parent: link for link in links
                         if link.parent and _is_uplink(link)}

    def any_of(self, pf):
        """:returns: whether the PF has a VF representor at all"""
        return (pf in self._by_devlink or pf in self._by_parent
                or any(self._may_be_of(pf, link) for link in self._orphans))

    def find(self, pf, number):
        """:param pf: PCI address of a PF
        :param number: of a VF
        :returns: list of netlink.Link or .Port that may represent the VF
        """
        return (self._by_devlink.get(pf, {}).get(number)
                or self._by_parent.get(pf, {}).get(number)
                or [link for link in self._orphans
                    if link.port.number == number
                    and self._may_be_of(pf, link)])

    def _may_be_of(self, pf, link):
        """The switch id is the card's; the port's index, where both state
        it, tells its PFs apart."""
        uplink = self._uplinks.get(pf)
        if uplink is None or link.switch_id in (None, '') \
                or link.switch_id != uplink.switch_id:
            return False
        indexes = uplink.port and uplink.port.pf, link.port.pf
        return None in indexes or indexes[0] == indexes[1]


class Finder:
    """Finds representors one by one, at a cost that does not grow.

    It remembers where it found each, and asks sysfs whether that netdev is
    still the same before it says so again: representors vanish and come back
    under other names and ifindexes (activation of a VF-LAG with a shared
    FDB, eswitch mode changes).

    :param host: host.Host
    """

    def __init__(self, host):
        self._host = host
        self._known = {}

    def find(self, vf_address):
        """:param vf_address: PCI address of a VF
        :returns: name of the representor netdev
        :raises exception.VfNotFound, exception.NotAVf: see Host.vf
        :raises exception.NotSwitchdev: the PF has no VF representors at all
        :raises exception.RepresentorNotFound: it has, but none for this VF
        :raises exception.RepresentorAmbiguous: more than one fits; never a
            guess
        """
        pf, number = self._host.vf(vf_address)
        known = self._known.get((pf, number))
        if known is None or not self._is_still(known):
            known = self._look_up(vf_address, pf, number)
            self._known[pf, number] = known
        return known.name

    def _is_still(self, known):
        now = links.one(self._host.sysfs, known.name)
        return now is not None and (
            now.ifindex, now.parent, now.port) == (
            known.ifindex, known.parent, known.port)

    def _look_up(self, vf_address, pf, number):
        representors = self._host.representors()
        names = sorted({link.name for link in representors.find(pf, number)})
        facts = {'vf': vf_address, 'pf': pf, 'number': number}
        if len(names) > 1:
            raise exception.RepresentorAmbiguous(
                candidates=', '.join(names), **facts)
        found = links.one(self._host.sysfs, names[0]) if names else None
        if found is None:
            raise (exception.RepresentorNotFound(**facts)
                   if representors.any_of(pf)
                   else exception.NotSwitchdev(**facts))
        return found


def _index(pairs):
    """:param pairs: (PCI address, Link or Port)
    :returns: dict address → VF number → list of the VF representors"""
    index = {}
    for address, link in pairs:
        if address and _of_vf(link):
            index.setdefault(
                address, collections.defaultdict(list))[
                    link.port.number].append(link)
    return index


def _of_vf(link):
    """Whether it represents a VF of this host, not of a DPU's host."""
    return (link.port is not None and link.port.flavour == kernel.PCI_VF
            and link.port.controller is None)


def _is_uplink(link):
    return link.port is None or link.port.flavour == kernel.PHYSICAL
