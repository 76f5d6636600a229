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

"""The LAG state of a bond: what the driver says, else what follows from it."""

import errno

from os_vif_vflag.host import model
from os_vif_vflag.kernel import uapi
from os_vif_vflag.kernel.sysfs import ABSENT

# mlx5 refuses the type once its LAG is not active (lag/debugfs.c).
_WHILE_INACTIVE = ABSENT | {errno.EINVAL}
_MLX5 = ('kernel', 'debug', 'mlx5')
# ice serves the VFs of the bond's first member only. It also wants exactly
# two members of one slot, and active-backup: other modes since Linux 6.18 and
# with newer firmware only (ice_lag.c, ice_lag_chk_comp).
_ICE = 'ice'


def assess(sysfs, bond, pfs):
    """Find the LAG state of a bond.

    :param sysfs: sysfs.Sysfs
    :param bond: model.Bond
    :param pfs: tuple of all model.PF of the host
    :returns: model.Lag
    """
    names = [member.name for member in bond.members]
    held = sorted((pf for pf in pfs if pf.uplink in names),
                  key=lambda pf: names.index(pf.uplink))
    if not held:
        return model.Lag()
    state, kind = _of_driver(sysfs, held)
    obstacle = _obstacle(bond, held, pfs)
    if state is None:
        return _judge(bond, held, obstacle, inferred=True)
    if state == uapi.LAG_ACTIVE and kind in (None, uapi.LAG_SWITCHDEV):
        return _judge(bond, held, None, inferred=False)
    if state == uapi.LAG_ACTIVE:
        return model.Lag(model.INACTIVE, f'the driver runs a LAG of type '
                         f'{kind}, which carries no VFs')
    return model.Lag(model.INACTIVE, obstacle or _late(held))


def _of_driver(sysfs, held):
    """:returns: tuple (state, type) that the driver shows in debugfs, each
        None where it does not"""
    for pf in held:
        path = (*_MLX5, pf.address, 'lag')
        state = _word(sysfs, *path, 'state', known=uapi.LAG_STATES)
        if state == uapi.LAG_ACTIVE:
            return state, _word(sysfs, *path, 'type', known=uapi.LAG_TYPES,
                                silent=_WHILE_INACTIVE)
        if state:
            return state, None
    return None, None


def _word(sysfs, *path, known, silent=ABSENT):
    """:returns: str, one of the known, or None"""
    word = sysfs.read(*path, silent=silent)
    if word is None or word in known:
        return word
    sysfs.note(*path, error=f'{word[:40]!r} is none of '
               f'{", ".join(sorted(known))}')
    return None


def _judge(bond, held, obstacle, inferred):
    if obstacle:
        return model.Lag(model.INACTIVE, obstacle, inferred)
    down = [member.name for member in bond.members if not member.up]
    if down:
        return model.Lag(model.DEGRADED,
                         f'no link on {", ".join(down)}', inferred)
    return model.Lag(model.ACTIVE, '', inferred)


def _late(held):
    if any(vf.driver for pf in held for vf in pf.vfs):
        # mlx5_lag then logs "Make sure all VFs are unbound prior to VF LAG
        # activation or deactivation".
        return 'VFs were bound before the LAG was active'
    return 'the driver reports it as disabled; see the kernel log'


def _obstacle(bond, held, pfs):
    """:returns: str, the first thing that keeps the LAG from being offloaded,
        or None"""
    return next((found for check in _CHECKS
                 if (found := check(bond, held, pfs))), None)


def _foreign(bond, held, pfs):
    # In legacy mode a card's ports in two slots may have no switch id: that
    # is the reason to give then.
    on_card = {pf.uplink for pf in pfs if _same_card(pf, held[0])
               or pf.mode == uapi.LEGACY and None in (
                   pf.switch_id, held[0].switch_id)}
    strangers = [m.name for m in bond.members if m.name not in on_card]
    return strangers and (f'{bond.name} also holds {", ".join(strangers)}, '
                          'which is not on this card')


def _incomplete(bond, held, pfs):
    missing = [pf.address for pf in pfs
               if _same_card(pf, held[0]) and pf not in held]
    if missing and not _is_ice(held):
        return (f'{bond.name} does not hold PF {", ".join(missing)} of this '
                'card')
    return len(held) == 1 and (
        f'{bond.name} holds a single PF, {held[0].address}')


def _mode(bond, held, pfs):
    if bond.mode not in uapi.OFFLOADABLE_BOND_MODES:
        return f'bond mode {bond.mode or "unknown"} cannot be offloaded'
    return _is_ice(held) and bond.mode != uapi.ACTIVE_BACKUP and (
        f'bond mode {bond.mode} is not known to be offloaded: {_ICE} does so '
        'from Linux 6.18 on only')


def _too_many(bond, held, pfs):
    return _is_ice(held) and len(bond.members) > 2 and (
        f'{bond.name} has more than the two members that {_ICE} offloads')


def _legacy(bond, held, pfs):
    legacy = [pf.address for pf in _eswitches(held)
              if pf.mode == uapi.LEGACY]
    return legacy and f'PF {", ".join(legacy)} is in legacy mode'


def _beyond_first(bond, held, pfs):
    beyond = [pf.address for pf in held[1:] if _is_ice(held) and pf.vfs]
    return beyond and (f'PF {", ".join(beyond)} has VFs, but {held[0].driver}'
                       f' serves only those of the first member of '
                       f'{bond.name}, {held[0].address}')


# In the order in which an operator would mend them.
_CHECKS = (_foreign, _incomplete, _too_many, _mode, _beyond_first, _legacy)


def _is_ice(held):
    return held[0].driver == _ICE


def _eswitches(held):
    """PFs whose mode matters. mlx5 wants the same of all
    (mlx5_lag_check_prereq); what is only inferred says nothing of one without
    VFs, unless none has any."""
    if _is_ice(held):
        return held[:1]
    return [pf for pf in held if pf.vfs or not pf.mode_inferred] or held


def _same_card(one, other):
    """Ports of a card share the eswitch's id, or the PCI slot."""
    return (one.slot == other.slot
            or one.switch_id is not None
            and one.switch_id == other.switch_id)
