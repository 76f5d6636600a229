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

"""The netdevs of a host: one netlink dump, completed or replaced by sysfs."""

from collections.abc import Iterable
from collections.abc import Iterator
import dataclasses
import errno

from os_vif_vflag.kernel import port_name
from os_vif_vflag.kernel import uapi
from os_vif_vflag.kernel.netlink import Link
from os_vif_vflag.kernel.netlink import Port
from os_vif_vflag.kernel.netlink import Source
from os_vif_vflag.kernel.sysfs import LISTED
from os_vif_vflag.kernel.sysfs import Sysfs

_NET = ('class', 'net')
_WHILE_DOWN = LISTED | {errno.EINVAL}


def links(sysfs: Sysfs, netlink: Source | None) -> tuple[Link, ...]:
    """Every netdev of the host."""
    dumped = netlink.links() if netlink else None
    if dumped is None:
        return tuple(link for name in sysfs.names(*_NET, silent=LISTED)
                     if name != uapi.BONDING_MASTERS
                     and (link := _one(sysfs, name)) is not None)
    if any(link.parent for link in dumped):
        return dumped
    # IFLA_PARENT_DEV_NAME came with Linux 5.14.
    return tuple(_completed(sysfs, link) for link in dumped)


def physical(ports: Iterable[Port]) -> Iterator[Link]:
    """The netdevs of physical ports."""
    return (Link(port.name, port.ifindex, port.port_name, parent=port.device)
            for port in ports if port.port_name.flavour == uapi.PHYSICAL)


def children(sysfs: Sysfs, pf: str) -> Iterator[Link]:
    """The netdevs of a PF; since Linux 5.8 that is its representors, too.

    :param pf: PCI address
    :returns: Links of nothing but name, port name and parent; with the ifindex
        only where phys_port_name is missing, of no known form or physical
    """
    for name in sysfs.names('bus', 'pci', 'devices', pf, 'net'):
        link = Link(name, 0, _port_name(sysfs, name), parent=pf)
        if not is_uplink(link):
            yield link
        # One that has just gone has no phys_port_name either.
        elif (ifindex := sysfs.number(*_NET, name, 'ifindex')) is not None:
            yield dataclasses.replace(link, ifindex=ifindex)


def identity(sysfs: Sysfs, name: str) -> Link | None:
    """What shows whether a netdev is still the one that had this name.

    :returns: Link of nothing but name, ifindex, port name and parent; None
        when no netdev has that name (any more)
    """
    ifindex = sysfs.number(*_NET, name, 'ifindex')
    return None if ifindex is None else Link(
        name, ifindex, _port_name(sysfs, name), parent=_parent(sysfs, name))


def uplinks(links: Iterable[Link]) -> dict[str, Link]:
    """:returns: PCI address → the Link that is its own port. Its
        phys_port_name is ``p<N>``, or missing with older drivers and in
        legacy mode. Of several (a card with two ports on one function, an
        InfiniBand port with partitions) it is the first.
    """
    found: dict[str, Link] = {}
    for link in links:
        if link.parent and is_uplink(link):
            now = found.setdefault(link.parent, link)
            found[link.parent] = min(now, link, key=_order)
    return found


def is_uplink(link: Link) -> bool:
    return (link.port_name is None
            or link.port_name.flavour == uapi.PHYSICAL)


def _order(link: Link) -> tuple[bool, int, int]:
    name = link.port_name
    return name is None, name.pf or 0 if name else 0, link.ifindex


def _one(sysfs: Sysfs, name: str) -> Link | None:
    """A single netdev that a folder has just listed, as sysfs shows it."""
    ifindex = sysfs.number(*_NET, name, 'ifindex', silent=LISTED)
    if ifindex is None:
        return None
    kind = sysfs.number(*_NET, name, 'type', silent=LISTED)
    return _completed(sysfs, Link(
        name, ifindex,
        up=_is_up(sysfs, name),
        type=None if kind is None else uapi.LINK_TYPES.get(kind)))


def _is_up(sysfs: Sysfs, name: str) -> bool:
    """As the dump of netdevs has it, see kernel/netlink.py. The carrier of
    one that is set down cannot be read (EINVAL)."""
    state = sysfs.read(*_NET, name, 'operstate', silent=LISTED)
    return state == 'up' or state == 'unknown' and sysfs.read(
        *_NET, name, 'carrier', silent=_WHILE_DOWN) == '1'


def _completed(sysfs: Sysfs, link: Link) -> Link:
    return dataclasses.replace(
        link,
        parent=_parent(sysfs, link.name),
        port_name=link.port_name or _port_name(sysfs, link.name),
        switch_id=link.switch_id or sysfs.read(
            *_NET, link.name, 'phys_switch_id') or None)


def _parent(sysfs: Sysfs, name: str) -> str | None:
    return sysfs.target(*_NET, name, 'device')


def _port_name(sysfs: Sysfs, name: str) -> port_name.PortName | None:
    return port_name.parse(sysfs.read(*_NET, name, 'phys_port_name'))
