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

"""What Nova's own claim takes, and what its test before it does not see."""

import pytest

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import stock_claim
from nova_sriov_ext.fit.pools import HostPools
from tests.unit.scheduler.pools import pool

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'


def consume(pools, requests):
    return stock_claim.consume(HostPools.of(pools), requests)


def support(pools, requests):
    return stock_claim.support(HostPools.of(pools), requests)


def left(pools, counts):
    return stock_claim.left(HostPools.of(pools), counts)


BOTH = [consume, support]


def ask(count=1, rp_uuids=(), name='r', **spec):
    return model.Request(
        specs=(spec,), count=count, name=name, rp_uuids=rp_uuids)


def taken(walk):
    """:returns: list of (name of a request, index of a pool, devices)"""
    return [(request.name, index, count)
            for request, index, count in walk.taken]


@pytest.mark.parametrize('walk', BOTH)
@pytest.mark.parametrize('requests, devices, left', [
    ([ask(4)], [('r', 0, 2), ('r', 1, 2)], [0, 1, 2]),
    ([ask(2)], [('r', 0, 2)], [0, 3, 2]),
    ([ask(1, name='a'), ask(4, name='b')],
     [('a', 0, 1), ('b', 0, 1), ('b', 1, 3)], [0, 0, 2]),
    ([ask(product_id='1')], [('r', 2, 1)], [2, 3, 1]),
    ([ask(7)], [('r', 0, 2), ('r', 1, 3), ('r', 2, 2)], [0, 0, 0]),
    ([ask(0), ask(0, product_id='1')], [], [2, 3, 2])])
def test_the_first_pools_that_match_give_what_they_have(
        walk, requests, devices, left):
    found = walk([pool(2), pool(3), pool(2, product_id='1')], requests)
    assert (taken(found), found.left, found.failed) == (devices, left, None)


@pytest.mark.parametrize('walk', BOTH)
@pytest.mark.parametrize('requests', [
    [ask(1, name='a'), ask(2, name='b'), ask(1, name='c')],
    [ask(1, name='a'), ask(1, name='b', product_id='1'), ask(0, name='c')],
    # Nothing is asked of a pool that is not there.
    [ask(1, name='a'), ask(0, name='b', product_id='1')]])
def test_the_first_that_finds_too_few_ends_it(walk, requests):
    found = walk([pool(2)], requests)
    assert found.failed.name == 'b'
    assert (taken(found), found.left) == ([('a', 0, 1)], [1])


def test_only_the_test_forgets_what_it_emptied():
    requests = [ask(1), ask(0, name='none')]
    assert consume([pool(1)], requests).failed is None
    assert support([pool(1)], requests).failed.name == 'none'
    assert support([pool(1), pool(1)], requests).failed is None
    # What was empty before, it leaves in its list.
    assert support([pool(1), pool(0)], requests).failed is None


@pytest.mark.parametrize('walk', BOTH)
@pytest.mark.parametrize('rp_uuids, devices', [
    (('rp2', 'rp1', 'rp2'), [('r', 0, 1), ('r', 1, 2)]),
    (('rp2', 'rp2', 'rp2'), [('r', 1, 3)]), (('rp1', 'rp1'), None),
    (('rp3',), None)])
def test_of_each_provider_as_many_as_placement_chose(
        walk, rp_uuids, devices):
    pools = [pool(1, rp_uuid='rp1'), pool(3, rp_uuid='rp2')]
    found = walk(pools, [ask(len(rp_uuids), rp_uuids)])
    assert (None if found.failed else taken(found)) == devices
    # No more of the first than that.
    pools = [pool(3, rp_uuid='rp1'), pool(3, rp_uuid='rp2')]
    assert taken(walk(pools, [ask(3, ('rp2', 'rp1', 'rp2'))])) == [
        ('r', 0, 1), ('r', 1, 2)]


def test_nova_gives_up_where_a_provider_has_several_pools():
    """Its test even where the other is not asked for."""
    placed = [ask(1, ('rp1',), product_id='101e')]
    split = [pool(1, rp_uuid='rp1'), pool(1, rp_uuid='rp1', numa_node=1)]
    apart = [pool(1, rp_uuid='rp1'), pool(1, rp_uuid='rp1', product_id='1')]
    plain = [pool(1, rp_uuid='rp1'), pool(1), pool(1)]
    for walk, served in ((consume, (False, True, True)),
                         (support, (False, False, True))):
        assert tuple(walk(pools, placed).failed is None
                     for pools in (split, apart, plain)) == served
    # What the test emptied is in the way no longer.
    first = [ask(1, product_id='1', name='first')]
    assert support(apart, first + placed).failed is None


KINDS = [pool(1, dev_type='type-PF', address=PF0), pool(2, address=PF0),
         pool(1, dev_type='vdpa', address=PF0),
         pool(1, dev_type='type-PF', address=PF1), pool(2, address=PF1),
         pool(1, dev_type='type-PCI', address=PF0)]


@pytest.mark.parametrize('index, rest', [
    (0, [0, 0, 0, 1, 2, 1]), (1, [0, 1, 1, 1, 2, 1]),
    (2, [0, 2, 0, 1, 2, 1]), (3, [1, 2, 1, 0, 0, 1]),
    (5, [1, 2, 1, 1, 2, 0])])
def test_a_pf_and_its_vfs_exclude_each_other(index, rest):
    assert left(KINDS, {index: 1}) == rest
    asked = ask(1, dev_type=KINDS[index]['dev_type'],
                address=KINDS[index]['address'])
    assert consume(KINDS, [asked]).left == rest
    # Its test does not know.
    alone = support(KINDS, [asked]).left
    assert sum(alone) == sum(one['count'] for one in KINDS) - 1


def test_pools_without_an_address_exclude_nothing():
    """Of a compute host of before Nova wrote it into them."""
    pools = [pool(1, dev_type='type-PF'), pool(2)]
    assert left(pools, {0: 1, 1: 1}) == [0, 1]
    assert left(pools, {}) == [1, 2]


def test_an_excluded_pool_is_no_longer_there():
    vf, none = ask(1, dev_type='type-VF'), ask(0, dev_type='type-PF')
    pools = KINDS[:2]
    assert consume(pools, [vf, none]).failed is none
    assert support(pools, [vf, none]).failed is None
    # Of one that was empty before, Nova's list is as it was.
    pools = [pool(0, dev_type='type-PF', address=PF0), KINDS[1]]
    assert consume(pools, [vf, none]).failed is None


def test_nothing_is_taken_for_a_request_of_nothing():
    """So it excludes nothing either."""
    found = consume(KINDS[:2], [ask(0, dev_type='type-VF'),
                                            ask(1, dev_type='type-PF')])
    assert found.failed is None and found.left == [0, 0]
