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

"""``nova-sriov explain`` says what the filter does, on random hosts."""

import collections

from nova import objects
from nova.scheduler import filters as nova_filters
from nova.scheduler import host_manager
from oslo_utils import timeutils
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.cmd import cells
from nova_sriov_ext.cmd import verdict
from nova_sriov_ext.report import document
from nova_sriov_ext.scheduler import filters
from tests.unit.scheduler import claims
from tests.unit.scheduler import hosts as made

CASES = 60
HOSTS = 5
POLICIES = (None, 'spread', 'pack')
MODES = ('legacy', 'switchdev', 'switchdev', 'unknown')
LAGS = ('active', 'none', 'degraded', 'inactive')
CELL = objects.CellMapping(uuid=uuids.cell, name='cell1', disabled=False)


def host(name, pools=(), stats=None, **service):
    return cells.ComputeHost(CELL, made.node(name, pools, stats),
                             objects.Service(
        host=name, **{'disabled': False, 'forced_down': False,
                      'last_seen_up': timeutils.utcnow(True)} | service))


def random_host(rng, name):
    found = claims.Host(rng)
    if rng.randrange(2):
        found.claim(claims.server(rng))
    pools = [{key: value for key, value in pool.items() if key != 'devices'}
             for pool in found.tracker.stats.pools]
    return host(name, pools, rng.choice(({}, random_stats(rng, pools))))


def random_stats(rng, pools):
    pfs = {(pool['address'], pool.get('physical_network')) for pool in pools
           if pool.get('physical_network')}
    return made.stats(rows=tuple(
        document.Row(*pf, vfs=8, mode=rng.choice(MODES), lag=rng.choice(LAGS))
        for pf in sorted(pfs)))


def scheduled(hosts, spec):
    """What nova-scheduler does: host states, and the filter.

    :returns: set of the names of the hosts that pass
    """
    states = []
    for each in hosts:
        state = host_manager.HostState(
            each.node.host, each.node.host, uuids.cell)
        state.update(compute=each.node)
        states.append(state)
    passed = nova_filters.HostFilterHandler().get_filtered_objects(
        [filters.SriovCapacityFilter()], states, spec)
    return {state.host for state in passed or ()}


@pytest.mark.parametrize('lag_policy', ['ignore', 'reject'])
def test_passes_where_the_filter_passes(conf, neutron, lag_policy):
    conf.config(lag_policy=lag_policy, group='sriov')
    seen = collections.Counter()
    for case in range(CASES):
        rng = claims.seeded(case)
        hosts = [random_host(rng, f'h{n}') for n in range(HOSTS)]
        requests = claims.server(rng)
        for request in requests:
            if request.alias_name is None and rng.randrange(3) == 0:
                neutron.add(request.requester_id,
                            hardware_offload_type='switchdev')
        extra_specs = {'sriov:pf_policy': policy} if (
            policy := rng.choice(POLICIES)) else {}
        found = verdict.of(hosts, made.request(*requests, **extra_specs))
        passing = {v.host for v in found if v.verdict == verdict.PASSES}
        assert passing == scheduled(
            hosts, made.request(*requests, **extra_specs)), f'case {case}'
        seen.update(v.verdict for v in found)
    assert min(seen[verdict.PASSES], seen[verdict.REFUSED]) > CASES / 2, seen
