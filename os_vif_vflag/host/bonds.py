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

"""The bonds of a host, from sysfs."""

from os_vif_vflag.host import model
from os_vif_vflag.kernel import uapi
from os_vif_vflag.kernel.sysfs import LISTED
from os_vif_vflag.kernel.sysfs import Sysfs

_NET = ('class', 'net')
_UP = 'up'


def bonds(sysfs: Sysfs) -> list[model.Bond]:
    """The bonds by name, without their LAG state."""
    names = sysfs.read(*_NET, uapi.BONDING_MASTERS) or ''
    return [bond(sysfs, name) for name in sorted(set(names.split()))
            if _is_there(sysfs, name)]


def bond(sysfs: Sysfs, name: str) -> model.Bond:
    """A bond without its LAG state."""
    def attribute(key: str) -> str:
        return sysfs.read(*_NET, name, 'bonding', key, silent=LISTED) or ''

    return model.Bond(
        name=name,
        mode=_mode(sysfs, name),
        members=tuple(_member(sysfs, member)
                      for member in attribute('slaves').split()),
        active=attribute('active_slave') or None,
        up=attribute('mii_status') == _UP)


def bond_of(sysfs: Sysfs, name: str) -> str | None:
    """:param name: of a netdev
    :returns: name of the bond that it is a member of
    """
    master = sysfs.target(*_NET, name, 'master')
    is_bond = master and sysfs.exists(*_NET, master, 'bonding')
    return master if is_bond else None


def member_names(sysfs: Sysfs, name: str) -> list[str]:
    """:param name: of a bond"""
    return (sysfs.read(*_NET, name, 'bonding', 'slaves') or '').split()


def _is_there(sysfs: Sysfs, name: str) -> bool:
    there = sysfs.exists(*_NET, name, 'bonding')
    if not there:
        sysfs.note(*_NET, name, 'bonding',
                   error=f'is not there, though {uapi.BONDING_MASTERS} '
                   'lists it')
    return there


def _mode(sysfs: Sysfs, name: str) -> str | None:
    path = (*_NET, name, 'bonding', 'mode')
    text = sysfs.read(*path, silent=LISTED)
    # "active-backup 1": the name of bond_mode_tbl and its number
    mode = (text or '').partition(' ')[0]
    if mode in uapi.BOND_MODES.values():
        return mode
    if text is not None:
        sysfs.note(*path, error=f'{text[:40]!r} is not a bond mode')
    return None


def _member(sysfs: Sysfs, name: str) -> model.Member:
    return model.Member(name, up=sysfs.read(
        *_NET, name, 'bonding_slave', 'mii_status', silent=LISTED) == _UP)
