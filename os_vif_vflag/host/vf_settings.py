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

"""What only the driver of a PF can set of its VFs: through the uplink.

Settings are those of kernel/vfinfo.py: one key for each attribute of the
kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
import contextlib
import dataclasses
import errno
import functools

from oslo_log import log as logging

from os_vif_vflag import exception
from os_vif_vflag.host import errors
from os_vif_vflag.host.host import Host
from os_vif_vflag.kernel import uapi
from os_vif_vflag.kernel.vfinfo import Setting
from os_vif_vflag.kernel.vfinfo import Settings
from os_vif_vflag.privileged import calls
from os_vif_vflag.privileged import daemon

LOG = logging.getLogger(__name__)

NO_MAC = '00:00:00:00:00:00'
NO_GUID = '00:00:00:00:00:00:00:00'
# What a new VF has.
CLEARED: Settings = {
    'mac': NO_MAC,
    'vlan': {'vlan': 0, 'qos': 0},
    'rate': {'min_tx_rate': 0, 'max_tx_rate': 0},
    'trust': 0,
    'link_state': uapi.IFLA_VF_LINK_STATE_AUTO,
    'ib_node_guid': NO_GUID,
    'ib_port_guid': NO_GUID,
}

# What a driver that lacks something answers; EPROTONOSUPPORT is mlx4's
# (mlx4_set_vf_rate), ENOSYS that of InfiniBand before Linux 5.0.
_UNSUPPORTED = frozenset(
    (errno.EOPNOTSUPP, errno.EPROTONOSUPPORT, errno.ENOSYS))
_GONE = frozenset((errno.ENODEV, errno.ENOENT))
_HINTS: dict[int | None, str] = {
    errno.EINVAL: 'See the kernel log: the value may be beyond what the card '
                  'can do',
    errno.EBUSY: 'Find out who uses the VF, and try again',
    errno.EAGAIN: 'The VF is being reset; try again',
    errno.ENODEV: 'The network device has gone or has another name now; try '
                  'again',
    **dict.fromkeys(
        _UNSUPPORTED,
        'The driver of this card cannot do it: let such ports go to hosts '
        'with another card'),
}
_HINT = 'See the kernel log'


def apply(host: Host, address: str,
          wanted: Mapping[str, Setting]) -> Callable[[], None]:
    """Set what is not so yet, in one request; all or nothing.

    Setting anew what is so would reset the VF of a running guest with some
    drivers (i40e_ndo_set_vf_mac, i40e_ndo_set_vf_trust).

    :param address: PCI address of the VF
    :returns: what puts back what was before; raises as restore does
    :raises errors.VfNotFound, errors.NotAVf: see Host.vf
    :raises errors.NoUplink: its PF has no netdev
    :raises exception.PrivilegesMissing
    :raises errors.VfRefused: names the setting that was refused; what had
        been set is put back
    """
    if not wanted:
        return _nothing
    vf = _find(host, address)
    # What a driver does not report was never set.
    now = CLEARED | _now(host, vf)
    change = _different(wanted, now)
    before = _Before({name: now[name] for name in change},
                     _own_mac(host, address))
    refusals = _set(vf, change)
    if refusals:
        before.put_back(vf)
        raise _refused(vf, change, refusals)
    return functools.partial(_undo, host, address, before)


def restore(host: Host, address: str, settings: Mapping[str, Setting],
            owner: Mapping[str, Setting] | None = None) -> None:
    """Set what can be set, as far as there is anything to set.

    What a driver cannot set was never set, and of a VF or PF that is gone
    nothing is left.

    :param owner: settings that the VF has as long as it is the port's, None
        where that cannot be known; another port's VF is left as it is
    :raises errors.VfRefused: after all others have been set
    :raises exception.PrivilegesMissing
    """
    vf = _find_if_any(host, address, settings)
    if vf is None:
        return
    now, owner = _now(host, vf), owner or {}
    if _different(owner, {**owner, **now}):
        LOG.debug('VF %s is another port\'s by now', address)
        return
    change = _different(settings, now)
    _raise_if_any(vf, change, _set(vf, change))


def _undo(host: Host, address: str, before: _Before) -> None:
    """As restore, for what apply has changed."""
    vf = _find_if_any(host, address, before.settings)
    if vf is not None:
        _raise_if_any(vf, before.settings, before.put_back(vf))


def _raise_if_any(vf: _Vf, change: Settings,
                  refusals: Mapping[str, OSError]) -> None:
    """:raises errors.VfRefused: but of what can never have been set"""
    refusals = {name: error for name, error in refusals.items()
                if error.errno not in _UNSUPPORTED | _GONE}
    if refusals:
        raise _refused(vf, change, refusals)


@dataclasses.dataclass(frozen=True)
class _Vf:
    address: str
    uplink: str
    number: int


@dataclasses.dataclass(frozen=True)
class _Before:
    """What was set of a VF.

    :ivar settings: as the driver of the PF reported them
    :ivar own_mac: of the VF's netdev, None without one
    """

    settings: Settings
    own_mac: str | None

    def put_back(self, vf: _Vf) -> dict[str, OSError]:
        """Of a VF whose MAC nobody has set igb and ixgbe report the one that
        it gave itself (igb_set_vf_mac_addr). Set by the PF, it could not be
        changed by the VF any more, so it is put back as none; and as it was
        only where the driver does not take that.

        :returns: as _set
        """
        if self.settings.get('mac') != self.own_mac or self.own_mac is None:
            return _set(vf, self.settings)
        refusals = _set(vf, {**self.settings, 'mac': NO_MAC})
        if refusals.pop('mac', None):
            refusals |= _set(vf, {'mac': self.own_mac})
        return refusals


def _find(host: Host, address: str) -> _Vf:
    pf, number = host.vf(address)
    uplink = host.uplink(pf)
    if uplink is None:
        raise errors.NoUplink(pf=pf, vf=address)
    return _Vf(address, uplink, number)


def _find_if_any(host: Host, address: str,
                 settings: Mapping[str, Setting]) -> _Vf | None:
    """:returns: None where there is nothing to set, or to set it of"""
    if not settings:
        return None
    try:
        return _find(host, address)
    except exception.HostError as e:
        LOG.debug('Nothing to put back: %s', e)
        return None


def _own_mac(host: Host, address: str) -> str | None:
    """The MAC of a VF's netdev on this host, None without one."""
    netdev = host.netdev(address)
    return (host.sysfs.read('class', 'net', netdev, 'address')
            if netdev else None)


def _now(host: Host, vf: _Vf) -> Settings:
    """What the driver reports."""
    return host.vfs(vf.uplink).get(vf.number, {})


def _different(wanted: Mapping[str, Setting],
               now: Mapping[str, Setting]) -> Settings:
    return {name: value for name, value in wanted.items()
            if now.get(name) != value}


def _set(vf: _Vf, change: Settings) -> dict[str, OSError]:
    """:returns: name of a setting → why it was refused"""
    if not change:
        return {}
    with contextlib.suppress(OSError):
        _request(vf, change)
        return {}
    # The kernel does not name the one that was refused.
    refusals = {}
    for name, value in change.items():
        try:
            _set_one(vf, name, value)
        except OSError as e:
            refusals[name] = e
    return refusals


def _request(vf: _Vf, change: Settings) -> None:
    daemon.call(
        vf.uplink, calls.set_vf, vf.uplink, vf.number, change)


def _set_one(vf: _Vf, name: str, value: Setting) -> None:
    """:raises OSError: but a rate is limited as far as the driver can"""
    try:
        _request(vf, {name: value})
    except OSError as e:
        if name != 'rate' or not isinstance(value, dict):
            raise
        LOG.warning(
            'The driver of %(uplink)s does not take %(rate)s Mbit/s for VF '
            '%(vf)s: %(error)s', {'uplink': vf.uplink, 'rate': _shown(value),
                                  'vf': vf.address, 'error': e.strerror})
        if value['min_tx_rate']:
            _set_one(vf, name, {**value, 'min_tx_rate': 0})
        elif e.errno not in _UNSUPPORTED:
            raise


def _refused(vf: _Vf, change: Settings,
             refusals: Mapping[str, OSError]) -> errors.VfRefused:
    name, error = next(iter(refusals.items()))
    return errors.VfRefused(
        setting=name, value=_shown(change[name]), vf=vf.address,
        number=vf.number, uplink=vf.uplink, error=error.strerror,
        hint=_HINTS.get(error.errno, _HINT))


def _nothing() -> None:
    """What puts back nothing."""


def _shown(value: Setting) -> str | int:
    return ' '.join(f'{key} {part}' for key, part in value.items()) if (
        isinstance(value, dict)) else value
