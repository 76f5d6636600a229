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

"""Which of several assignments is taken."""

import pytest

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import assignment
from nova_sriov_ext.fit.pools import HostPools
from nova_sriov_ext.fit.wanted import Want
from tests.unit.scheduler.pools import pool

PF0, PF1, PF2 = (f'0000:03:00.{number}' for number in range(3))


def whole(address):
    return pool(1, dev_type='type-PF', address=address)


def assign(pools, *args, **kwargs):
    """:param pools: list of dicts"""
    return assignment.assign(HostPools.of(pools), *args, **kwargs)


@pytest.mark.parametrize('policy, second', [
    (None, {0: 1}), (model.PACK, {0: 1}),
    (model.SPREAD, {1: 1}), (model.PREFER_SPREAD, {1: 1})])
def test_only_a_policy_spreads(policy, second):
    pools = [pool(2, address=PF0), pool(2, address=PF1)]
    wants = [Want(1, (0, 1), 'a'), Want(1, (0, 1), 'a')]
    taken = assign(pools, wants, policy)
    assert sorted(map(str, taken)) == sorted(map(str, ({0: 1}, second)))


@pytest.mark.parametrize('policy, taken', [
    (model.SPREAD, [{0: 1}]), (model.PACK, [{2: 1}])])
def test_the_free_vfs_of_all_pools_of_a_pf_count(policy, taken):
    pools = [pool(3, address=PF0), pool(1, address=PF0, trusted='true'),
             pool(2, address=PF1)]
    assert assign(
        pools, [Want(1, (0, 1, 2), 'a')], policy) == taken


def test_prefer_spread_looks_beyond_the_first_that_serves():
    """The whole PF could be the first; its VF would then be lacking."""
    pools = [whole(PF0), pool(1, address=PF0), pool(2, address=PF1),
             whole(PF2)]
    wants = [Want(1, (1, 2), 'a'), Want(1, (1, 2), 'a'), Want(1, (0, 3))]
    taken = assign(pools, wants, model.PREFER_SPREAD)
    assert sorted(map(str, taken)) == ['{1: 1}', '{2: 1}', '{3: 1}']


@pytest.mark.parametrize('policy', [None, *model.PF_POLICIES])
def test_a_pf_and_its_vf(policy):
    pools = [whole(PF0), pool(1, address=PF0)]
    wants = [Want(1, (1,), 'a'), Want(1, (0,))]
    assert assign(pools, wants, policy) is None
    # That one could take either, counting does not tell.
    wants = [Want(1, (0, 1)), Want(1, (0,))]
    assert assign(pools, wants, policy) is None
