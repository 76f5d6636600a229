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

"""What is reported of a host while parts of it cannot be read."""

import dataclasses
import logging

import pytest

from nova_sriov_ext.report import snapshots
from os_vif_vflag.host import model
from tests.sim.card import Bond
from tests.sim.card import Card
from tests.sim.card import Pf
from tests.unit.vflag.host import sources

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'
UP0, UP1 = 'enp3s0f0np0', 'enp3s0f1np1'


class Machine:
    """:ivar fails: whether the next snapshot does
    :ivar silent: PFs of which devlink does not tell the mode
    """

    def __init__(self, sim, source):
        self._host = sources.host(sim, source)
        self.fails = False
        self.silent = set()
        if self._host.netlink:
            tell = self._host.netlink.eswitch_mode
            self._host.netlink.eswitch_mode = lambda pf: (
                None if pf in self.silent else tell(pf))

    def take(self):
        if self.fails:
            raise OSError(5, 'Input/output error')
        return self._host.snapshot()


@pytest.fixture
def sim(sriov_host):
    return sriov_host(Card(
        (Pf(PF0, UP0), Pf(PF1, UP1, mode='legacy')),
        bond=Bond('bond0', '802.3ad', (UP0, UP1))))


@pytest.fixture(params=[{}, None], ids=['devlink', 'sysfs'])
def machine(sim, request):
    return Machine(sim, request.param)


def told(snapshot):
    return [(pf.address, pf.mode, pf.bond, snapshot.lag_of(pf).state)
            for pf in snapshot.pfs]


BEFORE = [(PF0, 'switchdev', 'bond0', 'inactive'),
          (PF1, 'legacy', 'bond0', 'inactive')]


def test_a_failure(machine, caplog):
    caplog.set_level(logging.INFO)
    seen = snapshots.Snapshots(machine.take)
    assert told(seen.now()) == BEFORE
    machine.fails = True
    for _ in range(3):
        assert told(seen.now()) == BEFORE
    machine.fails = False
    seen.now()
    failed, works = caplog.records
    assert 'Input/output error' in failed.exc_text
    assert 'are reported as they were' in failed.getMessage()
    assert 'can be read again' in works.getMessage()


def test_nothing_is_known_after_a_restart(machine, caplog):
    machine.fails = True
    assert snapshots.Snapshots(machine.take).now() == model.HostSnapshot()
    assert 'are reported as unknown' in caplog.text


def test_what_changes_is_told(sim, machine):
    seen = snapshots.Snapshots(machine.take)
    seen.now()
    sim.set_mode(PF0, 'legacy')
    assert told(seen.now())[0][:2] == (PF0, 'legacy')
    sim.set_mode(PF1, 'switchdev')
    assert told(seen.now())[1][:2] == (PF1, 'switchdev')


def test_a_driver_that_reloads(sim, machine, caplog):
    """Without netdevs a mode can be inferred no more than a bond."""
    seen = snapshots.Snapshots(machine.take)
    seen.now()
    machine.silent.add(PF0)
    gone = {link.key for link in sim.links() if link.key[0] == PF0}
    sim.remove(*gone)
    assert machine.take().pfs[0].mode == 'legacy'
    for _ in range(2):
        assert told(seen.now()) == BEFORE
    assert caplog.text.count(f'PF {PF0} cannot be read in full') == 1
    sim.restore(*gone)
    machine.silent.clear()
    assert told(seen.now()) == BEFORE
    sim.set_mode(PF0, 'legacy')
    assert told(seen.now())[0][:2] == (PF0, 'legacy')


def test_devlink_that_falls_silent_about_one(sim):
    """It told; what can be inferred of a PF without VFs is legacy."""
    machine = Machine(sim, {})
    seen = snapshots.Snapshots(lambda: dataclasses.replace(
        taken := machine.take(), pfs=tuple(
            dataclasses.replace(pf, mode='legacy') if pf.mode_inferred
            else pf for pf in taken.pfs)))
    before = seen.now()
    machine.silent.add(PF0)
    for _ in range(2):
        assert seen.now().pfs[0].mode == before.pfs[0].mode == 'switchdev'


def test_a_pf_that_is_not_seen(machine):
    taken = machine.take()
    answers = [taken, dataclasses.replace(taken, pfs=taken.pfs[1:]), taken]
    seen = snapshots.Snapshots(lambda: answers.pop(0))
    assert seen.now() == seen.now() == seen.now() == taken
