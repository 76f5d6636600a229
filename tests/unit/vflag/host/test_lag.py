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

"""LAG state: what mlx5 says in debugfs, else what follows from the bond."""

import pathlib

import pytest

from os_vif_vflag.host import model
from os_vif_vflag.kernel import sysfs
from tests.sim.card import Bond
from tests.sim.card import Card
from tests.sim.card import LagState
from tests.sim.card import Pf
from tests.unit.vflag.host import damage
from tests.unit.vflag.host import sources

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'
UP0, UP1 = 'enp3s0f0np0', 'enp3s0f1np1'
BOTH = (UP0, UP1)


ICE = {'driver': 'ice', 'vf_driver': 'iavf', 'naming': 'ice'}
NO_VFS = {'vfs': 0, 'mode': 'legacy'}
PF2, UP2 = '0000:03:00.2', 'enp3s0f2np2'
PF3 = '0000:03:00.3'


def card(mode='802.3ad', members=BOTH, foreign=(), lag=None, pf0=None,
         pf1=None, more_pfs=(), **more):
    pf0 = {'vfs_bound_to': None} | (pf0 or {})
    pf1 = {'vfs_bound_to': None} | (pf1 or {})
    return Card((Pf(PF0, UP0, **pf0), Pf(PF1, UP1, **pf1), *more_pfs), lag=lag,
                bond=Bond('bond0', mode, members, foreign=foreign), **more)


def lag_of(sim, source=None):
    snapshot = sources.host(sim, source).snapshot()
    bond, = snapshot.bonds
    assert all(snapshot.lag_of(pf) == bond.lag for pf in snapshot.pfs
               if pf.uplink in [m.name for m in bond.members])
    return bond.lag


REPORTED = {
    'active': (card(lag=LagState()), model.ACTIVE, ''),
    'by queue affinity': (
        card(lag=LagState(port_sel_mode='queue_affinity')),
        model.ACTIVE, ''),
    'a link down': (
        card(lag=LagState(), pf1={'link': 'down'}),
        model.DEGRADED, f'no link on {UP1}'),
    'RoCE LAG': (
        card(lag=LagState(type='roce')), model.INACTIVE,
        'the driver runs a LAG of type roce, which carries no VFs'),
    'VFs bound too early': (
        card(lag=LagState(state='disabled'),
             pf0={'vfs_bound_to': 'mlx5_core'}),
        model.INACTIVE, 'VFs were bound before the LAG was active'),
    'one in legacy mode': (
        card(lag=LagState(state='disabled'), pf1={'mode': 'legacy'}),
        model.INACTIVE, f'PF {PF1} is in legacy mode'),
    'no reason to be seen': (
        card(lag=LagState(state='disabled')),
        model.INACTIVE,
        'the driver reports it as disabled; see the kernel log'),
}

INFERRED = {
    'as it should be': (card(), model.ACTIVE, ''),
    'active-backup': (card('active-backup'), model.ACTIVE, ''),
    'balance-xor': (card('balance-xor'), model.ACTIVE, ''),
    'a link down': (
        card(pf0={'link': 'down'}), model.DEGRADED, f'no link on {UP0}'),
    **{mode: (card(mode), model.INACTIVE,
              f'bond mode {mode} cannot be offloaded')
       for mode in ('balance-rr', 'broadcast', 'balance-tlb',
                    'balance-alb')},
    'a stranger': (
        card(foreign=('eth7',)), model.INACTIVE,
        'bond0 also holds eth7, which is not on this card'),
    'two strangers': (
        card(foreign=('eth7', 'eth8')), model.INACTIVE,
        'bond0 also holds eth7, eth8, which is not on this card'),
    'no link at all': (
        card(pf0={'link': 'down'}, pf1={'link': 'down'}),
        model.DEGRADED, f'no link on {UP0}, {UP1}'),
    'one PF missing': (
        card(members=(UP0,)), model.INACTIVE,
        f'bond0 does not hold PF {PF1} of this card'),
    'legacy mode': (
        card(pf1={'mode': 'legacy'}), model.INACTIVE,
        f'PF {PF1} is in legacy mode'),
    'both in legacy mode': (
        card(pf0={'mode': 'legacy'}, pf1={'mode': 'legacy'}),
        model.INACTIVE, f'PF {PF0}, {PF1} is in legacy mode'),
    'the second PF of four': (
        card(more_pfs=(Pf(PF2, UP2),)), model.INACTIVE,
        f'bond0 does not hold PF {PF2} of this card'),
    'two PFs of four missing': (
        card(more_pfs=(Pf(PF2, UP2), Pf(PF3, 'enp3s0f3np3'))),
        model.INACTIVE,
        f'bond0 does not hold PF {PF2}, {PF3} of this card'),
    'ice: VFs on the first member': (
        card('active-backup', pf1=NO_VFS, **ICE), model.ACTIVE, ''),
    'ice: VFs on the first member, which is not the first PF': (
        card('active-backup', members=(UP1, UP0), pf0=NO_VFS, **ICE),
        model.ACTIVE, ''),
    'ice: VFs on the first PF, which is the second member': (
        card('active-backup', members=(UP1, UP0), pf1=NO_VFS, **ICE),
        model.INACTIVE,
        f'PF {PF0} has VFs, but ice serves only those of the first member '
        f'of bond0, {PF1}'),
    'ice: two of three PFs': (
        card('active-backup', pf1=NO_VFS, more_pfs=(Pf(PF2, UP2),), **ICE),
        model.ACTIVE, ''),
    'ice: three members': (
        card('active-backup', members=(*BOTH, UP2), pf1=NO_VFS,
             more_pfs=(Pf(PF2, UP2, **NO_VFS),), **ICE), model.INACTIVE,
        'bond0 has more than the two members that ice offloads'),
    'ice: a single member': (
        card('active-backup', members=(UP0,), **ICE), model.INACTIVE,
        f'bond0 holds a single PF, {PF0}'),
    'ice: first member in legacy mode': (
        card('active-backup', pf0={'mode': 'legacy'}, pf1=NO_VFS, **ICE),
        model.INACTIVE, f'PF {PF0} is in legacy mode'),
    'ice: not active-backup': (
        card(pf1=NO_VFS, **ICE), model.INACTIVE,
        'bond mode 802.3ad is not known to be offloaded: ice does so from '
        'Linux 6.18 on only'),
    'ice: VFs on the second, too': (
        card('active-backup', **ICE), model.INACTIVE,
        f'PF {PF1} has VFs, but ice serves only those of the first member '
        f'of bond0, {PF0}'),
}


@pytest.mark.parametrize('described, state, reason', REPORTED.values(),
                         ids=REPORTED.keys())
def test_a_state_that_the_driver_reports(sriov_host, described, state, reason):
    lag = lag_of(sriov_host(described))
    assert lag == model.Lag(state, reason, inferred=False)


@pytest.mark.parametrize('described, state, reason', INFERRED.values(),
                         ids=INFERRED.keys())
@sources.each_source
def test_without_the_driver_the_state_is_inferred(
        sriov_host, described, state, reason, source):
    lag = lag_of(sriov_host(described), source)
    assert lag == model.Lag(state, reason, inferred=True)


@pytest.mark.parametrize('source, state', [
    ({}, model.INACTIVE), (None, model.ACTIVE)], ids=['reported', 'inferred'])
def test_a_pf_without_vfs(sriov_host, source, state):
    """mlx5 wants equal modes. Without VFs there are no representors to infer
    a mode from: then it is no reason."""
    lag = lag_of(sriov_host(card(pf1=NO_VFS)), source)
    assert lag.state == state
    assert lag.reason == (f'PF {PF1} is in legacy mode'
                          if state == model.INACTIVE else '')


SLOT = '0000:81:00.0'


@pytest.mark.parametrize('modes, same_card, reason', [
    (('switchdev', 'switchdev'), True, ''),
    (('switchdev', 'switchdev'), False,
     'bond0 also holds enp129s0np1, which is not on this card'),
    # Before 5.1 mlx5 had no switch id in legacy mode: one card or two?
    (('legacy', 'legacy'), True, f'PF {PF0}, {SLOT} is in legacy mode'),
    (('switchdev', 'legacy'), True, f'PF {SLOT} is in legacy mode'),
])
@sources.each_source
def test_ports_in_two_slots(sriov_host, modes, same_card, reason, source):
    """One card with both ports at function 0, or a bond over two cards,
    which is never offloaded."""
    pfs = (Pf(PF0, UP0, mode=modes[0]),
           Pf(SLOT, 'enp129s0np1', mode=modes[1]))
    sim = sriov_host(Card(pfs, naming='mlx5-5.1', bond=Bond(
        'bond0', '802.3ad', ('enp3s0f0np0', 'enp129s0np1'))))
    if not same_card:
        other_switch_id(sim, SLOT)
    assert lag_of(sim, None).reason == reason
    if same_card:
        assert lag_of(sim, source).reason == reason


def test_another_card_without_switch_id(sriov_host):
    """Two that say nothing are not the same."""
    sim = sriov_host(
        card(naming='mlx5-5.1', pf0={'mode': 'legacy'},
             pf1={'mode': 'legacy'}),
        Card((Pf(SLOT, 'enp129s0np0', mode='legacy'),), naming='mlx5-5.1'))
    assert lag_of(sim).reason == f'PF {PF0}, {PF1} is in legacy mode'


def test_a_member_and_a_card_without_switch_id(sriov_host):
    sim = sriov_host(
        card(members=(UP0,), naming='mlx5-5.1'),
        Card((Pf(SLOT, 'enp129s0np0', mode='legacy'),), naming='mlx5-5.1'))
    assert lag_of(sim).reason == f'bond0 does not hold PF {PF1} of this card'


@pytest.mark.parametrize('without, reason', [
    # Both have one, and they differ.
    ((), 'bond0 also holds enp129s0np1, which is not on this card'),
    # It takes two to differ.
    ((PF0,), f'PF {PF0}, {SLOT} is in legacy mode'),
    ((SLOT,), f'PF {PF0}, {SLOT} is in legacy mode')])
def test_switch_ids_in_legacy_mode(sriov_host, without, reason):
    sim = sriov_host(Card(
        (Pf(PF0, UP0, mode='legacy'), Pf(SLOT, 'enp129s0np1', mode='legacy')),
        bond=Bond('bond0', '802.3ad', (UP0, 'enp129s0np1'))))
    other_switch_id(sim, SLOT)
    for pf in without:
        for path in switch_ids(sim, pf):
            path.unlink()
    assert lag_of(sim, None).reason == reason


def switch_ids(sim, pf):
    devices = sim.sys / 'bus' / 'pci' / 'devices'
    return (devices / pf / 'net').glob('*/phys_switch_id')


def other_switch_id(sim, pf):
    """The simulation puts a bond's members on one card; here they are not."""
    for path in switch_ids(sim, pf):
        path.write_text('aabbccddeeff0011\n')


class _ClosedDebugfs(sysfs.Files):

    def read(self, path):
        if 'debug' in path:
            raise PermissionError(13, 'Permission denied')
        return super().read(path)


def test_debugfs_that_refuses(sriov_host):
    """Without root: the state is inferred, and what was not read is said."""
    sim = sriov_host(card(lag=LagState()))
    host = sources.host(sim, None)
    host.sysfs.files = _ClosedDebugfs()
    snapshot = host.snapshot()
    assert snapshot.bonds[0].lag == model.Lag(model.ACTIVE, inferred=True)
    said = pathlib.Path('kernel/debug/mlx5', PF0, 'lag/state')
    assert any(str(said) in unread.path
               and unread.error == 'Permission denied'
               for unread in snapshot.unread)


def debugfs(sim, pf, name):
    return sim.sys / 'kernel/debug/mlx5' / pf / 'lag' / name


def test_any_pf_may_show_the_state(sriov_host):
    sim = sriov_host(card('balance-rr', lag=LagState()))
    debugfs(sim, PF0, 'state').unlink()
    assert lag_of(sim) == model.Lag(model.ACTIVE)


@pytest.mark.parametrize('name, word, known, lag', [
    ('state', 'x' * 50, 'active, disabled',
     model.Lag(model.INACTIVE, 'bond mode balance-rr cannot be offloaded',
               inferred=True)),
    ('type', 'other', 'multipath, multiport_eswitch, roce, switchdev',
     model.Lag(model.ACTIVE))])
def test_a_word_that_is_not_the_drivers_is_noted(
        sriov_host, name, word, known, lag):
    sim = sriov_host(card('balance-rr', lag=LagState()))
    for pf in (PF0, PF1):
        debugfs(sim, pf, name).write_text(f'{word}\n')
    snapshot = sources.host(sim, None).snapshot()
    assert snapshot.bonds[0].lag == lag
    assert str(snapshot.unread[0]) == (
        f'{debugfs(sim, PF0, name)}: {word[:40]!r} is none of {known}')


def test_a_type_that_is_refused_is_not_missed(sriov_host):
    """mlx5 answers EINVAL once its LAG is not active."""
    sim = sriov_host(card(lag=LagState()))
    host = sources.host(sim, None)
    host.sysfs.files = damage.Watched(str(sim.root))
    host.sysfs.files.errors[f'kernel/debug/mlx5/{PF0}/lag/type'] = 22
    snapshot = host.snapshot()
    assert (snapshot.bonds[0].lag, snapshot.unread) == (
        model.Lag(model.ACTIVE), ())


def test_a_mode_that_cannot_be_read_is_unknown(sriov_host):
    sim = sriov_host(card())
    (sim.sys / 'class/net/bond0/bonding/mode').unlink()
    assert lag_of(sim).reason == 'bond mode unknown cannot be offloaded'


def test_a_bond_of_other_netdevs_has_no_lag(sriov_host):
    sim = sriov_host(card(members=(), foreign=('eth7', 'eth8')))
    assert lag_of(sim) == model.Lag(model.NONE)


def test_no_bond(sriov_host):
    snapshot = sources.host(
        sriov_host(Card((Pf(PF0, UP0),))), None).snapshot()
    assert snapshot.bonds == ()
    assert snapshot.lag_of(snapshot.pfs[0]) == model.Lag(model.NONE)


def test_bond_as_it_is(sriov_host):
    sim = sriov_host(card('active-backup', members=(UP1, UP0),
                          pf0={'link': 'down'}))
    bond, = sources.host(sim, None).snapshot().bonds
    assert (bond.name, bond.mode, bond.active, bond.up) == (
        'bond0', 'active-backup', UP1, True)
    assert bond.members == (
        model.Member(UP1, up=True), model.Member(UP0, up=False))
