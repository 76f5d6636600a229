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

import dataclasses

from os_vif_vflag.kernel import port_name
from os_vif_vflag.kernel import uapi
from os_vif_vflag.kernel.netlink import Link
from os_vif_vflag.kernel.sysfs import LISTED

_NET = ('class', 'net')


def links(sysfs, netlink):
    """:param sysfs: sysfs.Sysfs
    :param netlink: netlink.Netlink, or None without
    :returns: tuple of Link
    """
    dumped = netlink.links() if netlink else None
    if dumped is None:
        return tuple(link for name in sysfs.names(*_NET, silent=LISTED)
                     if name != uapi.BONDING_MASTERS
                     and (link := _one(sysfs, name)) is not None)
    if any(link.parent for link in dumped):
        return dumped
    # IFLA_PARENT_DEV_NAME came with Linux 5.14.
    return tuple(_completed(sysfs, link) for link in dumped)


def physical(ports):
    """:param ports: iterable of netlink.Port
    :returns: generator of Link, the netdevs of physical ports
    """
    return (Link(port.name, port.ifindex, port.port, parent=port.device)
            for port in ports if port.port.flavour == uapi.PHYSICAL)


def children(sysfs, pf):
    """The netdevs of a PF; since Linux 5.8 that is its representors, too.

    :param pf: PCI address
    :returns: generator of Link of nothing but name, port and parent; the
        ifindex only where the port does not say what it is, or physical
    """
    for name in sysfs.names('bus', 'pci', 'devices', pf, 'net'):
        link = Link(name, 0, _port(sysfs, name), parent=pf)
        if not is_uplink(link):
            yield link
        # One that has just gone says nothing of its port either.
        elif (ifindex := sysfs.number(*_NET, name, 'ifindex')) is not None:
            yield dataclasses.replace(link, ifindex=ifindex)


def identity(sysfs, name):
    """What tells whether a netdev is still the one that had this name.

    :returns: Link of nothing but name, ifindex, port and parent; None when
        there is none of that name (any more)
    """
    ifindex = sysfs.number(*_NET, name, 'ifindex')
    return None if ifindex is None else Link(
        name, ifindex, port=_port(sysfs, name), parent=_parent(sysfs, name))


def uplinks(links):
    """:param links: iterable of Link
    :returns: dict PCI address → the Link that is its own port. It names
        itself ``p<N>``, or nothing at all with older drivers and in legacy
        mode. Of several (a card with two ports on one function, an InfiniBand
        port with partitions) it is the first.
    """
    found = {}
    for link in links:
        if link.parent and is_uplink(link):
            now = found.setdefault(link.parent, link)
            found[link.parent] = min(now, link, key=_order)
    return found


def is_uplink(link):
    return link.port is None or link.port.flavour == uapi.PHYSICAL


def _order(link):
    return (link.port is None, link.port.pf or 0 if link.port else 0,
            link.ifindex)


def _one(sysfs, name):
    """A single netdev that a folder has just listed, as sysfs shows it."""
    ifindex = sysfs.number(*_NET, name, 'ifindex', silent=LISTED)
    if ifindex is None:
        return None
    return _completed(sysfs, Link(
        name, ifindex,
        up=sysfs.read(*_NET, name, 'operstate', silent=LISTED) == 'up',
        type=uapi.LINK_TYPES.get(
            sysfs.number(*_NET, name, 'type', silent=LISTED))))


def _completed(sysfs, link):
    return dataclasses.replace(
        link,
        parent=_parent(sysfs, link.name),
        port=link.port or _port(sysfs, link.name),
        switch_id=link.switch_id or sysfs.read(
            *_NET, link.name, 'phys_switch_id') or None)


def _parent(sysfs, name):
    return sysfs.target(*_NET, name, 'device')


def _port(sysfs, name):
    return port_name.parse(sysfs.read(*_NET, name, 'phys_port_name'))
