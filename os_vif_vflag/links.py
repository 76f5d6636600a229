"""The netdevs of a host: one netlink dump, completed or replaced by sysfs."""

import dataclasses

from os_vif_vflag import kernel
from os_vif_vflag import portname
from os_vif_vflag.netlink import Link

_NET = ('class', 'net')


def links(sysfs, netlink):
    """:param sysfs: sysfs.Sysfs
    :param netlink: netlink.Netlink, or None without
    :returns: tuple of Link
    """
    dumped = netlink.links() if netlink else None
    if dumped is None:
        return tuple(link for name in sysfs.names(*_NET)
                     if (link := one(sysfs, name)) is not None)
    if any(link.parent for link in dumped):
        return dumped
    # IFLA_PARENT_DEV_NAME came with Linux 5.14.
    return tuple(_completed(sysfs, link) for link in dumped)


def one(sysfs, name):
    """A single netdev, as sysfs shows it.

    :returns: Link, None when it is no netdev or has just vanished
    """
    ifindex = sysfs.number(*_NET, name, 'ifindex')
    if ifindex is None:
        return None
    return _completed(sysfs, Link(
        name, ifindex,
        up=sysfs.read(*_NET, name, 'operstate') == 'up',
        type=kernel.LINK_TYPES.get(sysfs.number(*_NET, name, 'type'))))


def _completed(sysfs, link):
    return dataclasses.replace(
        link,
        parent=sysfs.target(*_NET, link.name, 'device'),
        port=link.port or portname.parse(
            sysfs.read(*_NET, link.name, 'phys_port_name')),
        switch_id=link.switch_id or sysfs.read(
            *_NET, link.name, 'phys_switch_id') or None)
