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

"""How many VFs a reserve keeps free."""

import pytest

from nova_sriov_ext.demand import gather
from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import pools
from nova_sriov_ext.fit import reserve
from nova_sriov_ext.fit.pools import HostPools
from nova_sriov_ext.report import document
from tests.unit.scheduler import pools as given

ROWS = (document.Row('a', 'physnet1', 3, 'legacy'),
        document.Row('b', 'PHYSNET1', 4, 'switchdev'),
        document.Row('c', 'physnet2', 5, 'legacy'))


@pytest.mark.parametrize('physnet, rows, complete, total', [
    ('physnet1', ROWS, True, 7), ('physnet3', ROWS, True, None),
    ('physnet1', (), True, None), ('physnet1', ROWS, False, None)])
def test_total_of_a_report_that_is_whole(physnet, rows, complete, total):
    """Of a report that was cut, a percentage would be too few."""
    found = document.Report(rows, complete=complete)
    assert HostPools.of([], found).total(physnet) == total


@pytest.mark.parametrize('rule, total, kept', [
    ('3', None, 3), ('3', 100, 3), ('0', 100, 0),
    ('10%', 100, 10), ('10%', 101, 11), ('1%', 100, 1), ('7%', 1, 1),
    ('100%', 128, 128), ('50%', 0, 0),
    # How many a percentage is of, is not known.
    ('50%', None, 0)])
def test_what_a_rule_keeps(rule, total, kept):
    assert reserve.kept(rule, total) == kept


POOLS = [
    given.pool(4, physical_network='physnet1'),
    given.pool(3, physical_network='PhysNet1', dev_type='vdpa'),
    given.pool(1, physical_network='physnet1', dev_type='type-PF'),
    given.pool(5, physical_network='physnet2'),
    given.pool(2, physical_network=None), given.pool(6)]


@pytest.mark.parametrize('physnet, free', [
    ('physnet1', 7), ('PHYSNET1', 7), ('physnet2', 5), (None, 2),
    ('physnet3', 0)])
def test_vfs_of_a_physnet_count_and_nothing_else(physnet, free):
    """Whole PFs do not, nor do VFs that are for aliases."""
    counts = [pool['count'] for pool in POOLS]
    assert HostPools.of(POOLS).vfs(physnet, counts) == free


def test_counts_of_other_pools_are_an_error():
    with pytest.raises(ValueError):
        HostPools.of(POOLS).vfs('physnet1', [1])


def request(physnet, **spec):
    return model.Request(
        specs=({'physical_network': physnet} | spec,), count=1, name='port')


ALIAS = model.Request(specs=({},), count=1, name='alias a1')


@pytest.mark.parametrize('requests, rules', [
    ([request('physnet1')], {'physnet1': '3'}),
    ([request('PHYSNET1'), ALIAS], {'PHYSNET1': '3'}),
    ([request('physnet1'), request(None)], {'physnet1': '3', None: '4'}),
    ([request('physnet1', dev_type='type-PF')], {}),
    ([request('other')], {}), ([ALIAS], {}), ([], {})])
def test_rules_of_what_a_server_requests(requests, rules):
    found = gather.rules_for(
        {'PhysNet1': '3', 'physnet2': '9', 'null': '4'}, requests)
    assert found == rules


def touched(rule, left, ports=1, returned=0, rows=ROWS, physnet='physnet1'):
    """:param left: of the 10 VFs of the physnet that are free
    :param returned: VFs of the physnet that the server gives back
    """
    mine, others = (given.pool(10, physical_network=physnet),
                    given.pool(50, physical_network='physnet2'))
    return reserve.touched(
        HostPools.of([mine, others], document.Report(rows)), model.Demand(
            requests=(request(physnet),) * ports, reserves={physnet: rule}),
        iter((left, 50)),
        map(pools.of_tags, [mine] * returned + [others] * 9))


@pytest.mark.parametrize('rule, left, ports, returned, refused', [
    ('3', 3, 1, 0, False), ('3', 2, 1, 0, True),
    # Of seven in the host's report.
    ('30%', 3, 1, 0, False), ('30%', 2, 1, 0, True),
    # What a move on the same host gives back counts as free, and to take as
    # many again or fewer touches nothing.
    ('4', 3, 2, 1, False), ('4', 2, 2, 1, True), ('9', 0, 1, 1, False),
    ('9', 0, 1, 2, False), ('9', 0, 2, 1, True)])
def test_which_reserve_is_touched(rule, left, ports, returned, refused):
    found = touched(rule, left, ports, returned)
    assert (found is not None) is refused


def test_the_numbers_of_a_touched_reserve():
    assert str(touched('40%', 2, 8)) == (
        'physnet1: 8 VFs requested, 10 free of 7, 3 reserved')
    assert str(touched('40', 9, rows=())) == (
        'physnet1: 1 VF requested, 10 free, 40 reserved')
    assert str(touched('4', 2, physnet=None)) == (
        'tunnelled networks: 1 VF requested, 10 free, 4 reserved')


def test_a_physnet_that_no_port_requests_is_left_alone():
    found = model.Demand(
        requests=(request('physnet1'),), reserves={'physnet2': '9'})
    assert reserve.touched(HostPools.of([]), found, []) is None
