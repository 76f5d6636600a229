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

"""What is known of a pool, and which requests it may serve.

Nova's own filter is the oracle of the latter.
"""

import hypothesis
from hypothesis import strategies as st
from oslo_utils import strutils
import pytest

from nova_sriov_ext.demand import gather
from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import pools as parsed
from nova_sriov_ext.fit import reasons
from nova_sriov_ext.fit.pools import HostPools
from nova_sriov_ext.report import document
from nova_sriov_ext.report import states
from nova_sriov_ext.report import tags
from tests.unit.fit.drawn import MISSING
from tests.unit.fit.drawn import dicts
from tests.unit.scheduler import pools as given

POOLS = st.lists(dicts(
    vendor_id=('15b3', '15B3', '8086'), product_id=('101e',),
    numa_node=(None,), count=(1,),
    dev_type=('type-VF', 'type-PF', 'type-PCI', 'vdpa'),
    physical_network=('a', 'A', 'b', None, MISSING),
    remote_managed=('false', 'true'), trusted=(MISSING, 'true'),
    rp_uuid=(MISSING, 'rp1', 'rp2')), min_size=1, max_size=4)
SPECS = st.lists(dicts(
    vendor_id=(MISSING, '15b3'), physical_network=('a', None, MISSING),
    dev_type=(MISSING, MISSING, 'type-PF', 'vdpa', 'type-VF'),
    remote_managed=(MISSING, 'False', 'True'),
    trusted=(MISSING, MISSING, 'True'), resource_class=(MISSING, 'X'),
    traits=(MISSING, 'CUSTOM_X'), rp_uuids=(MISSING, MISSING, 'rp1')),
    min_size=1, max_size=2)


@hypothesis.settings(max_examples=400, suppress_health_check=[
    hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(POOLS, SPECS, st.booleans())
def test_a_pool_serves_what_nova_serves_from_it(conf, pools, specs, is_port):
    """Each pool by itself: with several, Nova counts."""
    request = (given.port_request() if is_port
               else given.alias_request(specs=[]))
    request.spec, request.request_id = specs, '00000000'
    stock = given.pci_stats(pools)
    chosen = specs[0].get('rp_uuids', '').split(',') if (
        'rp_uuids' in specs[0]) else []
    asked = gather.demand_of([request], {}).requests[0]
    if not is_port:
        asked = model.Demand(requests=(asked,)).placed({}).requests[0]
    for pool in stock.pools:
        novas = bool(stock._filter_pools(
            [pool], request, None, [] if is_port else chosen))
        assert parsed.of_tags(pool).serves(asked) is novas


@pytest.mark.parametrize('have, want, found', [
    ('a', 'A', True), ('a', 'b', False), (None, None, True),
    ('straße', 'STRASSE', False), ('None', None, False),
    ('', None, False), (7, 7, True), (7, '7', False),
    (['a', 'b'], ['b'], True), (['a'], ['a', 'b'], False),
    (['a', 'b'], [], True), ('a', ['a'], False), (['a'], 'a', False)])
def test_equal_tags(have, want, found):
    assert tags.equal(have, want) is found


@pytest.mark.parametrize('provider, chosen, served', [
    ('rp1', (), True), (None, (), True), ('rp1', ('rp2', 'rp1'), True),
    ('rp3', ('rp2', 'rp1'), False), (None, ('rp1',), False)])
def test_what_placement_chose(provider, chosen, served):
    request = model.Request(
        specs=({'vendor_id': '15b3'},), count=1, name='a', rp_uuids=chosen)
    pool = given.pool(**({'rp_uuid': provider} if provider else {}))
    assert parsed.of_tags(pool).serves(request) is served


@pytest.mark.parametrize('value', [
    'true', 'True', ' yes ', 'on', '1', 't', 'y', 1, True, 'false', 'no',
    'off', '0', 0, 'f', '', None, 'x', 2, 'tr ue'])
def test_true_is_as_nova_reads_it(value):
    assert tags.true(value) is strutils.bool_from_string(value)


@pytest.mark.parametrize('count, free', [
    (3, 3), (1, 1), (0, 0), (-1, 0), ('3', 0), (None, 0), (2.0, 0)])
def test_what_is_no_number_of_devices_is_none(count, free):
    assert HostPools.of([{'count': count}, {}]).free() == [free, 0]
    assert parsed.count_free([{'count': count}, {}, {'count': 2}]) == free + 2


PF0, PF1 = '0000:03:00.0', '0000:03:00.1'
REPORT = document.Report((
    document.Row(PF0, 'a', 8, 'legacy', 'bond0', 'degraded'),
    document.Row(PF0, None, 8, 'switchdev', 'bond0', 'active'),
    document.Row(PF1, 'a', 8)))


@pytest.mark.parametrize('pools, found', [
    ([{'count': 1, 'address': PF0, 'physical_network': 'a',
       'dev_type': 'type-VF', 'rp_uuid': 'rp1'}],
     [(1, PF0, 'type-VF', 'a', 'legacy', 'degraded', 'rp1')]),
    ([{'count': 1, 'address': [PF0], 'physical_network': {}, 'dev_type': 7,
       'rp_uuid': 0.5, 'eswitch_mode': ['legacy']}],
     [(1, None, None, None, 'unknown', 'unknown', None)]),
    ([None, 'pool', {}, 7],
     [(0, None, None, None, 'unknown', 'unknown', None)]),
    (None, []), ('pools', []), (({'count': 1},), [])])
def test_what_can_be_understood_of_pools(pools, found):
    host = HostPools.of(pools, REPORT)
    assert [tuple(pool)[:-1] for pool in host.pools] == found
    assert [pool.tags for pool in host.pools] == [
        one for one in pools if isinstance(one, dict)] if found else True


@pytest.mark.parametrize('tags, mode, lag', [
    ({'address': PF0, 'physical_network': 'a'}, 'legacy', 'degraded'),
    ({'address': PF0, 'physical_network': None}, 'switchdev', 'active'),
    ({'address': PF0}, 'switchdev', 'active'),
    # What the host reports is of now, a tag is of when it was written.
    ({'address': PF0, 'physical_network': 'a', 'eswitch_mode': 'switchdev'},
     'legacy', 'degraded'),
    # It reports no mode, or nothing at all.
    ({'address': PF1, 'physical_network': 'a', 'eswitch_mode': 'switchdev'},
     'switchdev', 'none'),
    ({'address': PF1, 'physical_network': 'a'}, 'unknown', 'none'),
    ({'address': PF1, 'physical_network': 'b', 'eswitch_mode': 'legacy'},
     'legacy', 'unknown'),
    ({'eswitch_mode': 'switchdev'}, 'switchdev', 'unknown'),
    ({'eswitch_mode': 'Switchdev'}, 'unknown', 'unknown'),
    ({}, 'unknown', 'unknown')])
def test_mode_and_lag_of_a_pool(tags, mode, lag):
    found = parsed.of_tags(given.pool(**tags), REPORT)
    assert (found.mode, found.lag) == (mode, lag)


def test_a_mode_that_no_pool_can_have_is_unknown():
    report = document.Report((document.Row(PF0, 'a', 8, 'magic'),))
    found = parsed.of_tags(given.pool(
        address=PF0, physical_network='a', eswitch_mode='legacy'), report)
    assert found.mode == 'unknown'


@pytest.mark.parametrize('modes, lags, because', [
    (None, None, None),
    ({'legacy'}, None, None), ({'switchdev'}, None, (reasons.MODE, 'legacy')),
    (None, {'degraded'}, None),
    (None, states.HEALTHY, (reasons.LAG, 'degraded')),
    ({'legacy', 'unknown'}, {'degraded', 'active'}, None),
    # Of both, the mode is given.
    ({'switchdev'}, states.HEALTHY, (reasons.MODE, 'legacy')),
    (set(), set(), (reasons.MODE, 'legacy'))])
def test_what_does_not_suit(modes, lags, because):
    request = model.Request(
        specs=({},), count=1, name='port',
        modes=None if modes is None else frozenset(modes),
        lags=None if lags is None else frozenset(lags))
    found = parsed.of_tags(
        given.pool(address=PF0, physical_network='a'), REPORT)
    assert found.unsuitable_because(request) == because
    assert found.suits(request) is (because is None)


def test_what_does_not_serve_does_not_suit():
    request = model.Request(specs=({'vendor_id': '8086'},), count=1, name='a')
    assert not parsed.of_tags(given.pool()).suits(request)


def test_a_host_is_parsed_anew_when_nova_has_changed_its_pools():
    raw = [given.pool(2, address=PF0), given.pool(1, address=PF1)]
    host = HostPools.of(raw, REPORT)
    assert host.is_of(raw, REPORT) and host.is_of(list(raw), REPORT)
    assert not host.is_of(raw, document.Report(REPORT.rows))
    assert not host.is_of([dict(pool) for pool in raw], REPORT)
    assert not host.is_of(raw[:1], REPORT)
    assert not host.is_of(None, REPORT)
    raw[1]['count'] -= 1
    assert not host.is_of(raw, REPORT)
    # A Pool does not change.
    assert host.free() == [2, 1]
    assert HostPools.of(raw, REPORT).free() == [2, 0]


def test_some_of_a_hosts_pools_are_a_host():
    host = HostPools.of([given.pool(count) for count in range(4)], REPORT)
    some = host.only([1, 3])
    assert (some.free(), some.report) == ([1, 3], REPORT)


def test_a_pool_without_a_pf_stands_for_itself():
    host = HostPools.of([given.pool(address=PF0), given.pool()])
    assert [host.pf_of(index) for index in range(2)] == [PF0, '1']


def test_the_report_knows_netdevs_better_than_the_pools():
    host = HostPools.of(
        [given.pool(address=PF0, parent_ifname='one'),
         given.pool(address=PF0, parent_ifname='two'),
         given.pool(address=PF0, parent_ifname='')],
        document.Report((document.Row(PF1, 'a', 8, netdev='two'),
                         document.Row(PF1, 'b', 8))))
    assert host.netdevs == {'one': PF0, 'two': PF1}
