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

"""Of what Placement chose a claim takes just that."""

import pytest

from tests.unit.claim import trackers
from tests.unit.claim.trackers import OURS
from tests.unit.claim.trackers import STOCK
from tests.unit.claim.trackers import alias
from tests.unit.claim.trackers import vfs

A, B = '0000:03:00.0', '0000:04:00.0'


def chosen(request, *rp_uuids):
    """As the conductor writes Placement's choice into a request."""
    request.spec = [{**request.spec[0], 'rp_uuids': ','.join(rp_uuids)}]
    return request


@pytest.fixture
def compute(host):
    return host(vfs(A, 2), vfs(B, 3))


def tracker(compute, kind):
    found = compute.tracker(kind)
    for pool in found.stats.pools:
        pool['rp_uuid'] = {A: 'rp-a', B: 'rp-b'}[pool['address']]
    return found


@pytest.mark.parametrize('kind', [STOCK, OURS])
@pytest.mark.parametrize('rp_uuids, passes', [
    (('rp-a',), True), (('rp-b', 'rp-b', 'rp-b'), True),
    (('rp-a', 'rp-b', 'rp-b'), True), (('rp-a', 'rp-a', 'rp-a'), False),
    (('rp-c',), False)])
def test_as_many_of_each_provider(compute, kind, rp_uuids, passes):
    asked = chosen(alias(len(rp_uuids)), *rp_uuids)
    assert trackers.passes(tracker(compute, kind), asked) is passes


@pytest.mark.parametrize('kind', [STOCK, OURS])
def test_what_the_test_of_a_claim_is_told(compute, kind):
    """Nova gives it Placement's mappings, not yet in the requests."""
    asked = alias(2)
    found = tracker(compute, kind)

    def passes(provider):
        mappings = {f'{asked.request_id}-{number}': [provider]
                    for number in range(2)}
        try:
            return found.stats.support_requests([asked], mappings)
        except trackers.exception.ComputeResourcesUnavailable:
            return False

    assert passes('rp-a') and passes('rp-b') and not passes('rp-c')


def test_the_devices_are_those_of_the_provider(compute):
    found = tracker(compute, OURS)
    taken = trackers.claim(found, chosen(alias(2), 'rp-b', 'rp-b'))
    assert {address[5:7] for address in taken} == {'04'}
