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

"""What is known of the mode and the LAG of a pool's PF."""

import pytest

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import reasons
from nova_sriov_ext.fit import suitability
from nova_sriov_ext.report import document
from nova_sriov_ext.report import states
from tests.unit.scheduler.pools import pool

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'
REPORT = document.Report((
    document.Row(PF0, 'a', 8, 'legacy', 'bond0', 'degraded'),
    document.Row(PF0, None, 8, 'switchdev', 'bond0', 'active'),
    document.Row(PF1, 'a', 8)))


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
    found = pool(**tags)
    assert (suitability.mode_of(found, REPORT),
            suitability.lag_of(found, REPORT)) == (
        mode, lag)


@pytest.mark.parametrize('modes, lags, fault', [
    (None, None, None),
    ({'legacy'}, None, None), ({'switchdev'}, None, (reasons.MODE, 'legacy')),
    (None, {'degraded'}, None),
    (None, states.HEALTHY, (reasons.LAG, 'degraded')),
    ({'legacy', 'unknown'}, {'degraded', 'active'}, None),
    # Of both, the mode is told.
    ({'switchdev'}, states.HEALTHY, (reasons.MODE, 'legacy')),
    (set(), set(), (reasons.MODE, 'legacy'))])
def test_what_does_not_suit(modes, lags, fault):
    request = model.Request(
        specs=({},), count=1, name='port',
        modes=None if modes is None else frozenset(modes),
        lags=None if lags is None else frozenset(lags))
    found = pool(address=PF0, physical_network='a')
    assert suitability.unsuitable_because(found, request, REPORT) == fault
