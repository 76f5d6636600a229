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

"""PFs at a price that does not grow are those of a snapshot."""

import pathlib

import hypothesis
from hypothesis import strategies as st
import pytest

from os_vif_vflag.host import model
from os_vif_vflag.host.pfs import Pfs
from os_vif_vflag.host.representors import RepresentorFinder
from os_vif_vflag.kernel import uapi
from tests.sim import memory
from tests.sim import sysfs
from tests.sim.card import Bond
from tests.sim.card import Card
from tests.sim.card import LagState
from tests.sim.card import Pf
from tests.unit import amount
from tests.unit.vflag.host import machines
from tests.unit.vflag.host import sources

PF0, PF1, PF2 = '0000:03:00.0', '0000:03:00.1', '0000:81:00.0'
FACTS = ('address', 'uplink', 'driver', 'switch_id', 'mode_inferred')


def facts(pfs):
    return [{name: getattr(pf, name) for name in FACTS} for pf in pfs]


def pfs_of(host):
    return Pfs(host, RepresentorFinder(host))


@hypothesis.settings(max_examples=amount.cases(80))
@hypothesis.given(machines.cards(), st.sampled_from(list(sources.SOURCES)))
def test_pfs_and_lags_are_those_of_a_snapshot(cards, source):
    with memory.folder() as folder:
        host = sources.host(
            sysfs.Sysfs(pathlib.Path(folder), *cards),
            sources.SOURCES[source])
        whole, pfs = host.snapshot(), pfs_of(host)
        assert facts(pfs.now()) == facts(whole.pfs)
        for found, pf in zip(pfs.now(), whole.pfs, strict=True):
            # One that is not known is legacy here.
            assert found.mode == pf.mode or (
                found.mode_inferred and found.mode == uapi.LEGACY)
            assert [vf.address for vf in found.vfs] == [
                vf.address for vf in pf.vfs[:1]]
        for bond in whole.bonds:
            assert (pfs.lag(bond.name).state in model.OFFLOADED) == (
                bond.lag.state in model.OFFLOADED)


UPLINKS = ('up0', 'up1')


@pytest.fixture
def sim(sriov_host):
    """A bonded card, and another one in legacy mode."""
    return sriov_host(
        Card((Pf(PF0, 'up0'), Pf(PF1, 'up1', vfs=0)), lag=LagState(),
             bond=Bond('bond0', '802.3ad', UPLINKS)),
        Card((Pf(PF2, 'up2', mode='legacy'),), driver='ice',
             vf_driver='iavf', naming='ice', switch_id='aa'))


@sources.each_source
def test_each_fact_is_that_of_its_pf(sim, source):
    host = sources.host(sim, source)
    inferred = source is None or source.get('devlink') is False
    first = 'legacy' if inferred else 'switchdev'     # PF1 has no VFs
    assert pfs_of(host).now() == tuple(
        model.PF(address, uplink, driver=driver, mode=mode,
                 mode_inferred=inferred, switch_id=switch_id,
                 vfs=(model.VF(vf, 0),) if vf else ())
        for address, uplink, driver, mode, switch_id, vf in (
            (PF0, 'up0', 'mlx5_core', 'switchdev', 'e41d2d0300a1b2c4',
             sim.pf(PF0).vf_address(0)),
            (PF1, 'up1', 'mlx5_core', first, 'e41d2d0300a1b2c4', None),
            (PF2, 'up2', 'ice', 'legacy', 'aa', sim.pf(PF2).vf_address(0))))


def test_a_pf_without_netdev_has_no_switch_id(sim):
    sim.remove((PF0, 'uplink', None))
    first, *_ = pfs_of(sources.host(sim, None)).now()
    assert (first.uplink, first.switch_id) == (None, None)


def test_a_card_in_legacy_mode_may_have_no_switch_id(sriov_host):
    sim = sriov_host(Card((Pf(PF0, 'up0', mode='legacy'),),
                          naming='mlx5-5.1'))
    path = sim.sys / 'class/net/up0/phys_switch_id'
    for exists in (False, True):
        if exists:      # EOPNOTSUPP of an older one reads as an empty text
            path.write_text('\n')
        pf, = pfs_of(sources.host(sim, None)).now()
        assert pf.switch_id is None


@pytest.mark.parametrize('code, count', [
    ('0x020000', 3), ('0x020700', 3), ('0x010802', 2), ('', 2)])
def test_disks_have_vfs_too(sim, code, count):
    """Of another class, or of one that cannot be read."""
    path = sim.sys / 'bus/pci/devices' / PF2 / 'class'
    path.write_text(f'{code}\n')
    pfs = pfs_of(sources.host(sim, None)).now()
    assert [pf.address for pf in pfs] == [PF0, PF1, PF2][:count]


def test_a_vf_with_sriov_files_of_its_own_is_no_pf(sim):
    """VFs are where their PF says: what they show themselves is not read."""
    for number in (0, 3):
        vf = sim.pf(PF0).vf_address(number)
        (sim.sys / 'bus/pci/devices' / vf / 'sriov_totalvfs').write_text('0')
    host = sources.host(sim, None)
    assert [pf.address for pf in pfs_of(host).now()] == [PF0, PF1, PF2]


@pytest.mark.parametrize('name', ['sriov_offset', 'sriov_stride',
                                  'sriov_numvfs'])
@pytest.mark.parametrize('text', ['0', 'garbage', None])
def test_a_pf_that_does_not_say_where_its_vfs_are_is_one(sim, name, text):
    path = sim.sys / 'bus/pci/devices' / PF0 / name
    path.unlink()
    if text:
        path.write_text(text)
    host = sources.host(sim, None)
    assert [pf.address for pf in pfs_of(host).now()] == [PF0, PF1, PF2]


def test_a_lag_is_judged_as_it_is_now(sim):
    pfs = pfs_of(sources.host(sim, None))
    assert pfs.lag('bond0') == model.Lag(model.ACTIVE)
    sim.set_link(PF1, 'down')
    assert pfs.lag('bond0') == model.Lag(model.DEGRADED, 'no link on up1')
    sim.set_lag(PF0, LagState('disabled'))
    assert pfs.lag('bond0').state == model.INACTIVE


def test_what_a_lag_cannot_read_is_not_kept(sim):
    """It is read at each plug: notes would grow for ever."""
    host = sources.host(sim, None)
    (sim.sys / 'class/net/bond0/bonding/mode').write_text('none\n')
    pfs_of(host).lag('bond0')
    assert host.sysfs.unread == ()
