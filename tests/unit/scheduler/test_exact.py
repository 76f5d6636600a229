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

"""The filter says what Nova's real claim does: PciDevTracker is the judge,
of what it gives to tunnelled ports the PF's eswitch mode, too."""

import collections
import copy

from nova import objects
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.scheduler import filters
from tests.unit import amount
from tests.unit.scheduler import claims

CASES = 20000
HOSTS = amount.cases(4400)
SERVERS = 5
PARTS = 4


def passes(state, requests):
    spec = objects.RequestSpec(
        instance_uuid=uuids.server, scheduler_hints={},
        pci_requests=objects.InstancePCIRequests(requests=requests))
    return bool(filters.SriovCapacityFilter().filter_all([state], spec))


def cases(part):
    """Half of the hosts have devices in use, a third of the servers have
    aliases for which Placement chose, rightly or not.

    :returns: iterator of (name, claims.Host, its HostState, requests)
    """
    for case in range(part, HOSTS, PARTS):
        rng = claims.seeded(case)
        host = claims.Host(rng)
        for number in range(SERVERS):
            host.fresh()
            if rng.randrange(2):
                host.claim(claims.server(rng))
            requests = claims.server(rng)
            state = host.state()
            chosen = {} if rng.randrange(3) else claims.mappings(
                rng, requests, host.providers)
            state.allocation_candidates = [{'mappings': chosen}]
            if requests:
                yield f'host {case}, server {number}', host, state, requests


@pytest.mark.parametrize('part', range(PARTS))
def test_passes_what_the_claim_serves(conf, neutron, part):
    seen, unsuited = collections.Counter(), 0
    for name, host, state, requests in cases(part):
        pools = copy.deepcopy(state.pci_stats.pools)
        passed = passes(state, requests)
        assert state.pci_stats.pools == pools, 'pools were changed'
        claims.follow(requests, state.allocation_candidates[0]['mappings'])
        claimed = host.claim(requests)
        suited = claimed is not None and claims.suits(
            host, requests, claimed)
        assert passed == suited, f'{name}: {requests} on {pools}'
        seen[suited] += 1
        unsuited += claimed is not None and not suited
    if amount.PART == 1:
        assert sum(seen.values()) >= CASES / PARTS
        assert min(seen.values()) > CASES / PARTS / 6, f'{seen}: one-sided'
        assert unsuited > 5
