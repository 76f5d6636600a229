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

"""The quick verdict on plain ports is the verdict."""

import hypothesis
from hypothesis import strategies as st
import pytest

from nova_sriov_ext.demand import gather
from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import verdict
from nova_sriov_ext.fit.pools import HostPools
from nova_sriov_ext.fit.pools import serves_plain
from tests.unit.fit.drawn import MISSING
from tests.unit.fit.drawn import dicts
from tests.unit.scheduler import pools as given

# Values that meet: the smaller the world and the more usual most of it, the
# more often a pool is the one asked for, or nearly. MISSING: no such key.
PHYSNETS = 5 * ('physnet0',) + ('PhysNet0', 'physnet1')
FALSE = 4 * ('false',) + ('False', 'no', '0')
TRUE = ('true', 'True', '1')

POOLS = st.lists(dicts(
    vendor_id=('15b3',), numa_node=(None,),
    count=(*range(6), -1, None, '3', 2.0),
    dev_type=5 * ('type-VF',) + ('type-PF', 'type-PCI', 'vdpa', MISSING),
    physical_network=(*PHYSNETS, None, MISSING, 7),
    remote_managed=FALSE + TRUE + (MISSING,),
    trusted=5 * (MISSING,) + ('true',),
    address=('0000:03:00.0', '0000:03:00.1', MISSING)), max_size=7)

PORTS = st.lists(st.builds(
    lambda spec: given.port_request(**spec), dicts(
        physical_network=(*PHYSNETS, None),
        remote_managed=9 * ('False',) + ('false', 'True'),
        dev_type=19 * (MISSING,) + ('type-PF',),
        trusted=19 * (MISSING,) + ('True',))), min_size=1, max_size=8)


@hypothesis.settings(
    max_examples=3000, suppress_health_check=[
        hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(pools=POOLS, ports=PORTS)
def test_the_sums_decide_for_plain_ports(conf, neutron, pools, ports):
    asked = gather.demand_of(ports, {})
    try:
        quick = (None if asked.plain is None
                 else serves_plain(pools, asked.plain))
    except (AttributeError, KeyError, TypeError):
        quick = None
    fits = verdict.refusal(HostPools.of(pools), asked) is None
    hypothesis.event(f'quick: {quick}')
    assert quick in (None, fits)


@pytest.mark.parametrize('wanted, served', [
    ({'a': 3}, True), ({'a': 4}, False), ({'a': 1, 'b': 5}, True),
    ({'a': 3, 'b': 6}, False), ({'b': 5}, True), ({'c': 1}, False)])
def test_the_vfs_of_all_pools_of_a_physnet_serve(wanted, served):
    tags = {'physical_network': 'a'}
    before = dict(wanted)
    assert serves_plain([
        given.pool(2, **tags), given.pool(0, **tags), given.pool(-1, **tags),
        given.pool(9, **tags, dev_type='type-PF'), given.pool(9),
        given.pool(9, **tags, dev_type='vdpa'),
        given.pool(9, **tags, remote_managed='TRUE'),
        given.pool(5, physical_network='B'),
        given.pool(1, physical_network='A', remote_managed='False'),
    ], wanted) is served
    assert wanted == before


@pytest.mark.parametrize('pool', [
    given.pool('3', physical_network='a'),
    given.pool(2.0, physical_network='a'), given.pool(1, physical_network=7),
    {}, 'pool'])
def test_of_pools_that_nova_would_not_make_the_sums_tell_nothing(pool):
    with pytest.raises((AttributeError, KeyError, TypeError)):
        serves_plain([pool], {'a': 1})


PLAIN = given.port_request(physical_network='a')


@pytest.mark.parametrize('requests, extra_specs, plain', [
    ([PLAIN], {}, {'a': 1}),
    ([PLAIN, PLAIN, given.port_request(physical_network='B')], {},
     {'a': 2, 'b': 1}),
    ([PLAIN, given.alias_request(specs=[{}])], {}, None),
    ([given.port_request(physical_network='a', trusted='True')], {}, None),
    ([given.port_request(physical_network=None)], {}, None),
    ([PLAIN], {model.PF_POLICY: model.SPREAD}, None),
    ([PLAIN], {model.PF_POLICY: model.PACK}, {'a': 1}),
    ([PLAIN], {model.LAG_POLICY: model.REJECT}, None),
    ([PLAIN], {model.LAG_POLICY: model.WEIGH}, {'a': 1}),
])
def test_what_is_plain(conf, neutron, requests, extra_specs, plain):
    assert gather.demand_of(requests, extra_specs).plain == plain
