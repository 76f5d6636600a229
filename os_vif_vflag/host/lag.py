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

"""The LAG state of a bond: the driver's, else what the bond allows."""

from collections.abc import Iterable
from collections.abc import Sequence
from collections.abc import Set
import errno

from os_vif_vflag.host import model
from os_vif_vflag.kernel import uapi
from os_vif_vflag.kernel.sysfs import ABSENT
from os_vif_vflag.kernel.sysfs import Sysfs

# mlx5 refuses the type once its LAG is not active (lag/debugfs.c).
_WHILE_INACTIVE = ABSENT | {errno.EINVAL}
_MLX5 = ('kernel', 'debug', 'mlx5')
# ice serves the VFs of the bond's first member only. It also wants exactly
# two members of one slot, and active-backup: other modes since Linux 6.18 and
# with newer firmware only (ice_lag.c, ice_lag_chk_comp).
_ICE = 'ice'
_Pfs = Sequence[model.PF]


def assess(sysfs: Sysfs, bond: model.Bond,
           pfs: _Pfs) -> model.Lag:
    """Find the LAG state of a bond.

    :param pfs: all of the host
    """
    held = [pf for member in bond.members for pf in pfs
            if pf.uplink == member.name]
    if not held:
        return model.Lag()
    state, kind = _of_driver(sysfs, held)
    obstacle = _obstacle(bond, held, pfs)
    if state is None:
        return _judge(bond, obstacle, inferred=True)
    if state == uapi.LAG_ACTIVE and kind in (None, uapi.LAG_SWITCHDEV):
        return _judge(bond, None, inferred=False)
    if state == uapi.LAG_ACTIVE:
        return model.Lag(model.INACTIVE, f'the driver runs a LAG of type '
                         f'{kind}, which carries no VFs')
    return model.Lag(model.INACTIVE, obstacle or _late(held))


def _of_driver(sysfs: Sysfs, held: Iterable[model.PF]) -> (
        tuple[str | None, str | None]):
    """State and type that the driver shows in debugfs."""
    for pf in held:
        path = (*_MLX5, pf.address, 'lag')
        state = _word(sysfs, *path, 'state', known=uapi.LAG_STATES)
        if state == uapi.LAG_ACTIVE:
            return state, _word(sysfs, *path, 'type', known=uapi.LAG_TYPES,
                                silent=_WHILE_INACTIVE)
        if state:
            return state, None
    return None, None


def _word(sysfs: Sysfs, *path: str, known: Set[str],
          silent: Set[int] = ABSENT) -> str | None:
    """One of the known words."""
    word = sysfs.read(*path, silent=silent)
    if word is None or word in known:
        return word
    sysfs.note(*path, error=f'{word[:40]!r} is none of '
               f'{", ".join(sorted(known))}')
    return None


def _judge(bond: model.Bond, obstacle: str | None,
           inferred: bool) -> model.Lag:
    if obstacle:
        return model.Lag(model.INACTIVE, obstacle, inferred)
    down = [member.name for member in bond.members if not member.up]
    if down:
        return model.Lag(model.DEGRADED,
                         f'no link on {", ".join(down)}', inferred)
    return model.Lag(model.ACTIVE, '', inferred)


def _late(held: Iterable[model.PF]) -> str:
    if any(vf.driver for pf in held for vf in pf.vfs):
        # mlx5_lag then logs "Make sure all VFs are unbound prior to VF LAG
        # activation or deactivation".
        return 'VFs were bound before the LAG was active'
    return 'the driver reports it as disabled; see the kernel log'


def _obstacle(bond: model.Bond, held: _Pfs, pfs: _Pfs) -> str | None:
    """The first thing that keeps the LAG from being offloaded."""
    return next((found for check in _CHECKS
                 if (found := check(bond, held, pfs))), None)


def _foreign(bond: model.Bond, held: _Pfs, pfs: _Pfs) -> str | None:
    # In legacy mode a card's ports in two slots may have no switch id: that
    # is the reason to give then.
    on_card = {pf.uplink for pf in pfs if _same_card(pf, held[0])
               or pf.mode == uapi.LEGACY and None in (
                   pf.switch_id, held[0].switch_id)}
    strangers = [m.name for m in bond.members if m.name not in on_card]
    return (f'{bond.name} also holds {", ".join(strangers)}, which is not on '
            'this card' if strangers else None)


def _incomplete(bond: model.Bond, held: _Pfs, pfs: _Pfs) -> str | None:
    missing = [pf.address for pf in pfs
               if _same_card(pf, held[0]) and pf not in held]
    if missing and not _is_ice(held):
        return (f'{bond.name} does not hold PF {", ".join(missing)} of this '
                'card')
    return (f'{bond.name} holds a single PF, {held[0].address}'
            if len(held) == 1 else None)


def _mode(bond: model.Bond, held: _Pfs, pfs: _Pfs) -> str | None:
    if bond.mode not in uapi.OFFLOADABLE_BOND_MODES:
        return f'bond mode {bond.mode or "unknown"} cannot be offloaded'
    if _is_ice(held) and bond.mode != uapi.ACTIVE_BACKUP:
        return (f'bond mode {bond.mode} is not known to be offloaded: {_ICE} '
                'does so from Linux 6.18 on only')
    return None


def _too_many(bond: model.Bond, held: _Pfs, pfs: _Pfs) -> str | None:
    if _is_ice(held) and len(bond.members) > 2:
        return (f'{bond.name} has more than the two members that {_ICE} '
                'offloads')
    return None


def _legacy(bond: model.Bond, held: _Pfs, pfs: _Pfs) -> str | None:
    legacy = [pf.address for pf in _eswitches(held)
              if pf.mode == uapi.LEGACY]
    return f'PF {", ".join(legacy)} is in legacy mode' if legacy else None


def _beyond_first(bond: model.Bond, held: _Pfs, pfs: _Pfs) -> str | None:
    beyond = next((pf for pf in held[1:] if _is_ice(held) and pf.vfs), None)
    return (f'PF {beyond.address} has VFs, but {_ICE} serves only those of '
            f'the first member of {bond.name}, {held[0].address}'
            if beyond else None)


# In the order in which an operator would mend them.
_CHECKS = (_foreign, _incomplete, _too_many, _mode, _beyond_first, _legacy)


def _is_ice(held: _Pfs) -> bool:
    return held[0].driver == _ICE


def _eswitches(held: _Pfs) -> _Pfs:
    """PFs whose mode matters. mlx5 wants the same of all
    (mlx5_lag_check_prereq); a mode that is only inferred means nothing for a
    PF without VFs, unless none has any."""
    if _is_ice(held):
        return held[:1]
    return [pf for pf in held if pf.vfs or not pf.mode_inferred] or held


def _same_card(one: model.PF, other: model.PF) -> bool:
    """Ports of a card share the eswitch's id, or the PCI slot."""
    return (one.slot == other.slot
            or one.switch_id is not None
            and one.switch_id == other.switch_id)
