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

"""Which pools may serve a request: Nova's own filter is the oracle."""

import hypothesis
from hypothesis import strategies as st
from oslo_utils import strutils
import pytest

from nova_sriov_ext.demand import gather
from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import matching
from nova_sriov_ext.report import tags
from tests.unit.scheduler import pools as given

MISSING = object()


def dicts(**values):
    return st.fixed_dictionaries(
        {key: st.sampled_from(some) for key, some in values.items()}
    ).map(lambda drawn: {key: value for key, value in drawn.items()
                         if value is not MISSING})


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
        assert matching.serves(pool, asked) is novas


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
    assert matching.serves(pool, request) is served


@pytest.mark.parametrize('value', [
    'true', 'True', ' yes ', 'on', '1', 't', 'y', 1, True, 'false', 'no',
    'off', '0', 0, 'f', '', None, 'x', 2, 'tr ue'])
def test_true_is_as_nova_reads_it(value):
    assert tags.true(value) is strutils.bool_from_string(value)


@pytest.mark.parametrize('count, free', [
    (3, 3), (1, 1), (0, 0), (-1, 0), ('3', 0), (None, 0), (2.0, 0)])
def test_what_is_no_number_of_devices_is_none(count, free):
    assert matching.free({'count': count}) == free
    assert matching.free({}) == 0


@pytest.mark.parametrize('pools, sound', [
    ([{'count': 1, 'address': 'a', 'physical_network': None}],
     [{'count': 1, 'address': 'a', 'physical_network': None}]),
    ([{'count': 1, 'devices': [7], 'tags': {}, 'x': 0.5}], [{'count': 1}]),
    ([None, 'pool', {}, 7], [{}]), (None, []), ('pools', []),
    (({'count': 1},), [])])
def test_what_can_be_understood_of_pools(pools, sound):
    assert matching.sound(pools) == sound
