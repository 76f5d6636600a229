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

"""An assignment is found whenever one exists: against trying them all."""

import collections
import itertools

import hypothesis
from hypothesis import strategies as st
import pytest

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import assignment
from nova_sriov_ext.fit import flow
from nova_sriov_ext.fit.pools import HostPools
from nova_sriov_ext.fit.wanted import Want

PF, VF, VDPA, PCI = 'type-PF', 'type-VF', 'vdpa', 'type-PCI'


def pool(address, count=1, kind=VF):
    return {'address': address, 'count': count, 'dev_type': kind}


def assign(pools, *args, **kwargs):
    """:param pools: list of dicts"""
    return assignment.assign(HostPools.of(pools), *args, **kwargs)


@st.composite
def hosts(draw):
    """Up to three cards' ports with a PF pool and pools of VFs, in any
    order."""
    pools = [
        pool(address, 1 if kind == PF else draw(st.integers(0, 2)), kind)
        for address in 'abc'[:draw(st.integers(1, 3))]
        for kind in draw(st.sampled_from((
            (VF,), (PF,), (PF, VF), (VF, VF), (PF, VF, VDPA), (PCI,))))]
    return draw(st.permutations(pools))


@st.composite
def cases(draw):
    pools = draw(hosts())
    indices = st.sets(st.integers(0, len(pools) - 1), min_size=1)
    wants = draw(st.lists(
        st.builds(Want, st.integers(0, 2), indices.map(sorted).map(tuple),
                  st.sampled_from(('x', 'x', 'y', None))),
        max_size=4))
    held = draw(st.sets(st.tuples(st.just('x'), st.sampled_from('abc'))))
    return pools, wants, held


def every_assignment(pools, wants):
    """All valid ones, by trying all: lists of Counters."""
    choices = [itertools.combinations_with_replacement(w.pools, w.count)
               for w in wants]
    for choice in itertools.product(*choices):
        taken = [collections.Counter(c) for c in choice]
        if _valid(pools, taken):
            yield taken


def _valid(pools, taken):
    total = sum(taken, collections.Counter())
    pfs = {pools[i]['address'] for i in total if pools[i]['dev_type'] == PF}
    return (all(count <= pools[i]['count'] for i, count in total.items())
            and not any(pools[i]['dev_type'] in (VF, VDPA)
                        and pools[i]['address'] in pfs for i in total))


def devices(pools, wants, taken, held=()):
    """PFs of the devices of each group."""
    groups = collections.defaultdict(list)
    for group, pf in held:
        groups[group].append(pf)
    for want, counts in zip(wants, taken, strict=True):
        if want.group is not None and any(
                pools[i]['dev_type'] in (VF, VDPA) for i in want.pools):
            groups[want.group] += [pools[i]['address']
                                   for i, count in counts.items()
                                   for _ in range(count)]
    return groups


def crowded(pools, wants, taken, held=()):
    """Devices from PFs that serve their group already."""
    return sum(len(pfs) - len(set(pfs)) for pfs in
               devices(pools, wants, taken, held).values())


examples = hypothesis.settings(max_examples=500)


@examples
@hypothesis.given(cases())
def test_found_whenever_one_exists(case):
    pools, wants, _ = case
    exists = any(True for _ in every_assignment(pools, wants))
    for policy in (None, model.PACK, model.PREFER_SPREAD):
        taken = assign(pools, wants, policy)
        assert (taken is not None) == exists
        if taken is not None:
            assert _is_one_of_them(pools, wants, taken)


def _is_one_of_them(pools, wants, taken):
    counters = [collections.Counter(counts) for counts in taken]
    return _valid(pools, counters) and all(
        counts.total() == want.count and set(counts) <= set(want.pools)
        for want, counts in zip(wants, counters, strict=True))


@examples
@hypothesis.given(cases())
def test_spread_is_reached_whenever_possible(case):
    pools, wants, held = case
    exists = any(not crowded(pools, wants, taken, held)
                 for taken in every_assignment(pools, wants))
    taken = assign(pools, wants, model.SPREAD, held=held)
    assert (taken is not None) == exists
    if taken is not None:
        assert _is_one_of_them(pools, wants, taken)
        assert not crowded(pools, wants, taken, held)


@examples
@hypothesis.given(cases())
def test_prefer_spread_takes_from_as_many_pfs_as_possible(case):
    pools, wants, held = case
    taken = assign(pools, wants, model.PREFER_SPREAD, held=held)
    if taken is not None:
        assert crowded(pools, wants, taken, held) == min(
            crowded(pools, wants, other, held)
            for other in every_assignment(pools, wants))


@examples
@hypothesis.given(cases())
def test_pack_takes_from_one_pf_if_possible(case):
    pools, wants, _ = case
    # A port asks for VFs or for a PF, never for either.
    one_group = [want if want.group == 'x' and all(
                     pools[i]['dev_type'] in (VF, VDPA) for i in want.pools)
                 else Want(want.count, want.pools) for want in wants]
    taken = assign(pools, one_group, model.PACK)
    if taken is not None:
        best = min(len(set(devices(pools, one_group, other)['x']))
                   for other in every_assignment(pools, one_group))
        mine = len(set(devices(pools, one_group, taken)['x']))
        assert mine == best or best > 1


def test_without_a_policy_the_first_pools_are_taken_as_nova_does():
    pools = [pool('a', 2), pool('b', 2)]
    wants = [Want(1, (0, 1), 'x'), Want(2, (0, 1), 'x')]
    assert assign(pools, wants) == [{0: 1}, {0: 1, 1: 1}]


def test_plain_before_trusted():
    """Nova gives the trusted VF to the plain port and fails."""
    pools = [pool('a'), pool('b')]
    assert assign(
        pools, [Want(1, (0, 1)), Want(1, (0,))]) == [{1: 1}, {0: 1}]


def test_a_vf_leaves_another_cards_pf_alone():
    pools = [pool('a'), pool('b'), pool('a', kind=PF)]
    assert assign(
        pools, [Want(1, (0, 1)), Want(1, (2,))]) == [{1: 1}, {2: 1}]


@pytest.mark.parametrize('policy, taken', [
    (model.SPREAD, 'c'), (model.PREFER_SPREAD, 'c'), (model.PACK, 'b'),
    (None, 'a')])
def test_emptier_or_fuller_pfs_first(policy, taken):
    pools = [pool('a', 3), pool('b', 2), pool('c', 4)]
    (index, _), = assign(
        pools, [Want(1, (0, 1, 2), 'x')], policy)[0].items()
    assert pools[index]['address'] == taken


@pytest.mark.parametrize('policy', [None, *model.PF_POLICIES])
def test_rank_comes_before_fullness(policy):
    pools = [pool('a', 3), pool('b', 2), pool('c', 4)]
    assert assign(
        pools, [Want(1, (0, 1, 2), 'x')], policy,
        rank=lambda p: p.pf not in ('a', 'b')) in (
            [{0: 1}], [{1: 1}])


def cards(vfs):
    """A PF pool and a VF pool for each number of VFs; what wants of whole
    PFs and of VFs may have."""
    pools = [pool(f'{card:02}', count, kind) for card, number in
             enumerate(vfs) for kind, count in ((PF, 1), (VF, number))]
    indices = range(len(pools))
    return pools, tuple(indices[::2]), tuple(indices[1::2])


def test_whole_pfs_come_from_cards_with_few_vfs():
    """There are 12,870 ways to give 8 of 16 cards, and one will do."""
    pools, pfs, vfs = cards(range(1, 17))
    taken = assign(pools, [Want(8, pfs), Want(100, vfs, 'x')])
    assert taken == [dict.fromkeys(pfs[:8], 1),
                     {index: pools[index]['count'] for index in vfs[8:]}]


@pytest.mark.parametrize('whole, single', [
    (8, 101), (16, 1), (17, 0), (0, 137)])
def test_what_counting_refutes_is_not_searched_for(
        monkeypatch, whole, single):
    """It took seconds, on each host."""
    monkeypatch.setattr(flow, 'Flow', None)
    pools, pfs, vfs = cards(range(1, 17))
    wants = [Want(whole, pfs), Want(single, vfs, 'x')]
    assert assign(pools, wants) is None


def test_a_pool_of_two_groups_is_left_to_one_step_by_step():
    """At first x takes two of a, and y two of its three."""
    pools = [pool('a', 3), pool('b', 2)]
    wants = [Want(3, (0, 1), 'x'), Want(2, (0,), 'y')]
    assert assign(pools, wants, model.PREFER_SPREAD) == [
        {0: 1, 1: 2}, {0: 2}]


def test_pfs_that_differ_in_what_the_server_holds_are_no_one_kind():
    """What fails on the one is tried on the other, too."""
    pools = [pool('a', 1, PF), pool('a', 2), pool('b', 1, PF), pool('b', 2),
             pool('c'), pool('d', 1, PF), pool('d')]
    pfs, vfs = (0, 2, 5), (1, 3, 4, 6)
    wants = [Want(2, pfs), Want(1, vfs, 'y'), Want(1, vfs, 'y'),
             Want(1, vfs, 'x')]
    assert assign(pools, wants, model.SPREAD,
                             held={('x', 'b'), ('x', 'd')})


def test_a_held_pf_is_avoided_or_joined():
    pools, wants = [pool('a', 4), pool('b', 2)], [Want(1, (0, 1), 'x')]
    taken = {policy: assign(pools, wants, policy, held=held)
             for policy, held in ((model.SPREAD, {('x', 'a')}),
                                  (model.PREFER_SPREAD, {('x', 'a')}),
                                  (model.PACK, {('x', 'a')}))}
    assert taken == {model.SPREAD: [{1: 1}], model.PREFER_SPREAD: [{1: 1}],
                     model.PACK: [{0: 1}]}


def test_a_want_of_nothing_needs_a_pool_as_novas_does():
    assert assign([pool('a')], [Want(0, (0,))]) == [{}]
    assert assign([pool('a')], [Want(0, ())]) is None


def test_a_want_of_nothing_does_not_keep_others_from_one_pf():
    pools = [pool('a', 2), pool('b', 1)]
    wants = [Want(0, (1,), 'x'), Want(2, (1, 0), 'x')]
    assert assign(pools, wants, model.PACK) == [{}, {0: 2}]


@pytest.mark.parametrize('policy', [None, *model.PF_POLICIES])
def test_damaged_pools_serve_nothing(policy):
    pools = [{}, {'count': -1, 'address': None}, {'count': 'x'},
             {'count': 1, 'address': ['a'], 'dev_type': VF}]
    wants = [Want(1, (0, 1, 2, 3), 'x')]
    assert assign(pools, wants, policy) == [{3: 1}]
    assert assign(pools, wants * 2, policy) is None
