"""The LAG state of a bond: what the driver says, else what follows from it."""

import errno

from os_vif_vflag import facts
from os_vif_vflag import kernel
from os_vif_vflag.sysfs import ABSENT

# mlx5 refuses these attributes while its LAG is not active (lag/debugfs.c).
_WHILE_INACTIVE = ABSENT | {errno.EINVAL}
_MLX5 = ('kernel', 'debug', 'mlx5')
# Its LAG serves the VFs of the bond's first member only (ice_lag.c,
# ice_lag_init_feature_support_flag: SR-IOV LAG of the primary interface).
_FIRST_MEMBER_ONLY = frozenset(('ice',))


def assess(sysfs, bond, pfs):
    """Find the LAG state of a bond.

    :param sysfs: sysfs.Sysfs
    :param bond: facts.Bond
    :param pfs: tuple of all facts.PF of the host
    :returns: facts.Lag
    """
    names = [member.name for member in bond.members]
    held = sorted((pf for pf in pfs if pf.uplink in names),
                  key=lambda pf: names.index(pf.uplink))
    if not held:
        return facts.Lag()
    state, kind = _told(sysfs, held)
    obstacle = _obstacle(bond, held, pfs)
    if state is None:
        return _judge(bond, held, obstacle, inferred=True)
    if state == kernel.LAG_ACTIVE and kind in (None, kernel.LAG_SWITCHDEV):
        return _judge(bond, held, None, inferred=False)
    if state == kernel.LAG_ACTIVE:
        return facts.Lag(facts.INACTIVE, f'the driver runs a LAG of type '
                         f'{kind}, which carries no VFs')
    return facts.Lag(facts.INACTIVE, obstacle or _late(held))


def _told(sysfs, held):
    """:returns: tuple (state, type) that the driver shows in debugfs, each
        None where it does not"""
    for pf in held:
        state = sysfs.read(*_MLX5, pf.address, 'lag', 'state')
        if state in kernel.LAG_STATES:
            return state, sysfs.read(*_MLX5, pf.address, 'lag', 'type',
                                     silent=_WHILE_INACTIVE)
    return None, None


def _judge(bond, held, obstacle, inferred):
    if obstacle:
        return facts.Lag(facts.INACTIVE, obstacle, inferred)
    down = [member.name for member in bond.members if not member.up]
    if down:
        return facts.Lag(facts.DEGRADED,
                         f'no link on {", ".join(down)}', inferred)
    return facts.Lag(facts.ACTIVE, '', inferred)


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
    on_card = {pf.uplink for pf in pfs if _same_card(pf, held[0])}
    strangers = [m.name for m in bond.members if m.name not in on_card]
    return strangers and (f'{bond.name} also holds {", ".join(strangers)}, '
                          'which is not on this card')


def _incomplete(bond, held, pfs):
    missing = [pf.address for pf in pfs
               if _same_card(pf, held[0]) and pf not in held]
    if len(held) > 1 and not missing:
        return None
    if missing:
        return (f'{bond.name} does not hold PF {", ".join(missing)} of this '
                'card')
    return f'{bond.name} holds a single PF, {held[0].address}'


def _mode(bond, held, pfs):
    return (bond.mode not in kernel.OFFLOADABLE_BOND_MODES
            and f'bond mode {bond.mode or "unknown"} cannot be offloaded')


def _legacy(bond, held, pfs):
    legacy = [pf.address for pf in held
              if pf.mode == kernel.LEGACY and pf in _with_vfs(held)]
    return legacy and f'PF {", ".join(legacy)} is in legacy mode'


def _beyond_first(bond, held, pfs):
    beyond = [pf.address for pf in held[1:]
              if pf.driver in _FIRST_MEMBER_ONLY and pf.vfs]
    return beyond and (f'PF {", ".join(beyond)} has VFs, but {held[0].driver}'
                       f' serves only those of the first member of '
                       f'{bond.name}, {held[0].address}')


# In the order in which an operator would mend them.
_CHECKS = (_foreign, _incomplete, _mode, _beyond_first, _legacy)


def _with_vfs(held):
    """PFs whose mode matters: those with VFs; without any, all but ice's
    later members."""
    return [pf for pf in held if pf.vfs] or held[:1] + [
        pf for pf in held[1:] if pf.driver not in _FIRST_MEMBER_ONLY]


def _same_card(one, other):
    """Ports of a card share the eswitch's id, or the PCI slot."""
    return (one.slot == other.slot
            or one.switch_id is not None
            and one.switch_id == other.switch_id)
