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

"""A LAG judged alone is as a snapshot of the whole host judges it."""

import pathlib

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
import pytest

from os_vif_vflag import lag_policy
from os_vif_vflag.host import model
from os_vif_vflag.host.representors import RepresentorFinder
from tests.sim import memory
from tests.sim import sysfs
from tests.sim.card import Bond
from tests.sim.card import Card
from tests.sim.card import Pf
from tests.unit.vflag.host import damage
from tests.unit.vflag.host import machines
from tests.unit.vflag.host import sources
from tests.unit.vflag.host import test_lag

BONDS = {name: card for name, (card, _, _) in (
    test_lag.REPORTED | test_lag.INFERRED).items()}
PF0, PF1 = '0000:03:00.0', '0000:03:00.1'
UPLINKS = ('up0', 'up1')


def policy_of(host):
    return lag_policy.LagPolicy(lag_policy.WARN, host, RepresentorFinder(host))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(cards=machines.cards(), source=st.sampled_from(list(sources.SOURCES)))
def test_as_the_snapshot(cards, source):
    with memory.folder() as folder:
        sim = sysfs.Sysfs(pathlib.Path(folder), *cards)
        host = sources.host(sim, sources.SOURCES[source])
        policy = policy_of(host)
        for bond in host.snapshot().bonds:
            assert policy._lag(bond.name) == bond.lag
            seen = policy._pfs.lag(bond.name).state in model.OFFLOADED
            assert seen == (bond.lag.state in model.OFFLOADED)


@pytest.mark.parametrize('card', BONDS.values(), ids=BONDS.keys())
def test_every_reason(sriov_host, card):
    """Random machines seldom have but one thing wrong."""
    host = sources.host(sriov_host(card), {})
    bond, = host.snapshot().bonds
    assert policy_of(host)._lag(bond.name) == bond.lag


def test_a_bond_that_has_gone(sriov_host):
    host = sources.host(sriov_host(Card((Pf(PF0, UPLINKS[0]),))), {})
    assert policy_of(host)._lag('bond0') == model.Lag()


def bonded(sriov_host, vfs, source):
    place = {'vfs': vfs, 'total_vfs': vfs, 'vf_offset': 256, 'vf_stride': 2}
    sim = sriov_host(Card(
        (Pf(PF0, UPLINKS[0], **place), Pf(PF1, UPLINKS[1], **place)),
        bond=Bond('bond0', '802.3ad', UPLINKS)))
    host = sources.host(sim, source)
    host.sysfs.files = damage.Watched(str(sim.root))
    return host


@pytest.mark.parametrize('source', [{}, None], ids=['netlink', 'sysfs'])
def test_a_vf_more_costs_nothing(sriov_host, source):
    counts = []
    for vfs in (8, 250):
        host = bonded(sriov_host, vfs, source)
        policy = policy_of(host)
        assert policy._lag('bond0').state == model.ACTIVE
        del host.sysfs.files.requests[:]
        policy._lag('bond0')
        counts.append(len(host.sysfs.files.requests))
    assert counts[0] == counts[1] < 150
