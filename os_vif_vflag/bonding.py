"""The bonds of a host, from sysfs."""

from os_vif_vflag import facts
from os_vif_vflag import kernel

_NET = ('class', 'net')
_UP = 'up'


def bonds(sysfs):
    """:param sysfs: sysfs.Sysfs
    :returns: list of facts.Bond without their LAG state, by name
    """
    names = sysfs.read(*_NET, 'bonding_masters') or ''
    return [_bond(sysfs, name) for name in sorted(names.split())]


def _bond(sysfs, name):
    def attribute(key):
        return sysfs.read(*_NET, name, 'bonding', key) or ''

    # "active-backup 1": the name of bond_mode_tbl and its number
    mode = attribute('mode').partition(' ')[0]
    return facts.Bond(
        name=name,
        mode=mode if mode in kernel.BOND_MODES.values() else None,
        members=tuple(_member(sysfs, member)
                      for member in attribute('slaves').split()),
        active=attribute('active_slave') or None,
        up=attribute('mii_status') == _UP)


def _member(sysfs, name):
    return facts.Member(name, up=sysfs.read(
        *_NET, name, 'bonding_slave', 'mii_status') == _UP)
