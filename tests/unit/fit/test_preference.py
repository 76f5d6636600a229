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

"""Preferred pools are taken from where that leaves all others theirs."""

import hypothesis
from hypothesis import strategies as st
import pytest

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import assignment
from nova_sriov_ext.fit import preference
from nova_sriov_ext.fit.pools import HostPools
from nova_sriov_ext.fit.wanted import Want
from tests.unit.scheduler.pools import pool

PFS = tuple(f'0000:03:00.{number}' for number in range(3))


def vfs(*counts):
    return HostPools.of([
        pool(count, address=address)
        for count, address in zip(counts, PFS, strict=False)])


@pytest.mark.parametrize('counts, wants, taken', [
    # Not the first pool, but the one that is preferred.
    ((1, 1), [Want(1, (0, 1), 'a', (1,))], [{1: 1}]),
    # Not where it is empty, nor where another needs it.
    ((1, 0), [Want(1, (0, 1), 'a', (1,))], [{0: 1}]),
    ((1, 1), [Want(1, (0, 1), 'a', (1,)), Want(1, (1,), 'a')],
     [{0: 1}, {1: 1}]),
    # One after the other.
    ((2, 1), [Want(1, (0, 1), 'a', (1,)), Want(1, (0, 1), 'a', (1,))],
     [{1: 1}, {0: 1}]),
    # A preference that cannot be met hinders none that can.
    ((1, 0, 1), [Want(1, (0, 1, 2), 'a', (1,)), Want(1, (0, 2), 'a', (2,))],
     [{0: 1}, {2: 1}]),
    ((1, 1), [Want(1, (0, 1), 'a', ()), Want(1, (0, 1), 'a', (0, 1))],
     [{0: 1}, {1: 1}]),
    ((1, 0), [Want(2, (0, 1), 'a', (0,))], None),
    # Who spares VFs for others comes after them.
    ((1, 1), [Want(1, (0, 1), 'a', (1,), sparing=True),
              Want(1, (0, 1), 'a', (1,))], [{0: 1}, {1: 1}]),
    ((1, 2), [Want(1, (0, 1), 'a', (1,), sparing=True),
              Want(1, (0, 1), 'a', (1,))], [{1: 1}, {1: 1}])])
def test_who_gets_what_is_preferred(counts, wants, taken):
    before = list(wants)
    assert preference.assign(vfs(*counts), wants) == taken
    assert wants == before


@pytest.mark.parametrize('counts, ranks, index', [
    ((1, 1), (0, 0), 1), ((1, 1), (0, 1), 0), ((1, 1), (1, 0), 1),
    # What is empty is not near.
    ((0, 1, 1), (0, 1, 1), 1), ((1, 0, 1), (0, 0, 1), 0),
    ((1, 1, 0), (1, 1, 0), 1)])
@pytest.mark.parametrize('sparing', [False, True])
def test_for_others_nothing_farther_away_is_taken(counts, ranks, index,
                                                  sparing):
    """Unlike what a port itself prefers."""
    all_ = tuple(range(len(counts)))
    rank = dict(zip(PFS, ranks, strict=False))
    taken = preference.assign(
        vfs(*counts), [Want(1, all_, 'a', (1,), sparing)], None,
        lambda pool: rank[pool.pf])
    assert taken == [{index if sparing or not counts[1] else 1: 1}]


@pytest.mark.parametrize('wants, calls', [
    ([Want(1, (0, 1), 'a')] * 2, 1),
    ([Want(1, (0, 1), 'a', (0, 1))] * 2, 1),
    ([Want(1, (0, 1), 'a', (1,), True)] * 2, 1),
    # The second preference fails: all at once, none, one by one.
    ([Want(1, (0, 1), 'a', (1,), True)] * 3, 5),
    ([Want(1, (0, 1), 'a', (1,), True)] * 5, 2)])
def test_what_it_costs(monkeypatch, wants, calls):
    """Most servers: one assignment, as without a preference."""
    made = []
    assign = assignment.assign
    monkeypatch.setattr(assignment, 'assign', lambda *args: made.append(
        args) or assign(*args))
    preference.assign(vfs(2, 2), wants)
    assert len(made) == calls


def test_a_preference_keeps_to_the_policy():
    """VFs of one PF are preferred, and the policy demands two."""
    pools = vfs(2, 2)
    wants = [Want(1, (0, 1), 'a', (1,))] * 2
    assert preference.assign(pools, wants, model.SPREAD) == [{1: 1}, {0: 1}]
    assert preference.assign(
        pools, wants[:1], model.SPREAD, None, {('a', PFS[1])}) == [{0: 1}]


pools = st.sets(st.integers(0, 2), min_size=1).map(sorted).map(tuple)
WANTS = st.lists(st.builds(
    lambda count, some, number, sparing: Want(
        count, some, 'a', some[number:], sparing),
    st.integers(1, 2), pools, st.integers(0, 3), st.booleans()),
    min_size=1, max_size=3)


@hypothesis.settings(max_examples=100)
@hypothesis.given(st.lists(st.integers(0, 2), min_size=3, max_size=3), WANTS)
def test_a_preference_fails_nothing_and_the_first_goes_first(counts, wants):
    free = vfs(*counts)
    without = assignment.assign(free, wants)
    taken = preference.assign(free, wants)
    assert (taken is None) is (without is None)
    if taken is None:
        return
    for index, count in enumerate(counts):
        assert sum(each.get(index, 0) for each in taken) <= count
    for want, each in zip(wants, taken, strict=True):
        assert sum(each.values()) == want.count and set(each) <= set(
            want.pools)
    first = min(range(len(wants)), key=lambda n: wants[n].sparing)
    some = wants[first].preferred
    others = [want for n, want in enumerate(wants) if n != first]
    if some and assignment.assign(free, [
            Want(wants[first].count, some, 'a'), *others]):
        assert set(taken[first]) <= set(some)
