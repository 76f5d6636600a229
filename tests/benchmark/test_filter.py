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

"""The filter and stock PciPassthroughFilter on the same hosts.

Ours claims the VFs in Placement, too. The third is a bare loop, which no
filter can be much faster than. Policies are judged on hosts that are new each
time, as nova-scheduler's are. No test of speed: each benchmark checks that
its answer is right, and the run ends with a table.
"""

import gc
import tracemalloc

from nova.scheduler.filters import pci_passthrough_filter
import pytest

from nova_sriov_ext.scheduler import filters
from tests.benchmark import policies
from tests.benchmark import scheduler
from tests.unit.conftest import conf  # noqa: F401
from tests.unit.scheduler.conftest import neutron  # noqa: F401
from tests.unit.scheduler.conftest import new_server  # noqa: F401

HOSTS = (1000, 10000)
POOLS = (2, 8, 32)
PORTS = (1, 2, 8)
# Hosts on which stock is measured for a policy; it takes up to 3 ms for one.
SAMPLE = 200


@pytest.fixture(scope='module', params=HOSTS, ids='{} hosts'.format)
def number(request):
    return request.param


@pytest.fixture(scope='module', params=POOLS, ids='{} pools'.format)
def hosts(request, number):
    return scheduler.hosts(number, request.param)


@pytest.fixture(params=PORTS, ids='{} ports'.format)
def spec(request, hosts, benchmark):
    pools = len(hosts[0].pci_stats.pools)
    benchmark.group = (f'filter: {len(hosts)} hosts, {pools} pools, '
                       f'{request.param} ports')
    benchmark.extra_info['hosts'] = len(hosts)
    return scheduler.request(request.param)


def _is_right(passed, hosts):
    return len(passed) == len(hosts) - len(hosts) // scheduler.FULL


def test_stock(benchmark, hosts, spec):
    # One round: it takes up to 10 s, and is no faster the second time.
    passed = benchmark.pedantic(lambda: list(
        pci_passthrough_filter.PciPassthroughFilter().filter_all(
            hosts, spec)))
    assert _is_right(passed, hosts)


def test_ours(benchmark, hosts, spec):
    passed = benchmark.pedantic(
        lambda: filters.SriovCapacityFilter().filter_all(hosts, spec),
        rounds=10, warmup_rounds=1)
    assert _is_right(passed, hosts)
    claimed = passed[0].allocation_candidates[0]['allocations'][
        passed[0].uuid]['resources']
    assert claimed['CUSTOM_SRIOV_VF_PHYSNET1'] >= 1


def test_bare_loop(benchmark, hosts, spec):
    passed = benchmark.pedantic(
        lambda: scheduler.bare_loop(hosts, spec), rounds=10, warmup_rounds=1)
    assert _is_right(passed, hosts)


@pytest.fixture(params=policies.CASES, ids=lambda case: case.name)
def case(request, conf):  # noqa: F811
    if request.param.reserve:
        conf.config(vf_reserve={policies.PHYSNET: str(request.param.reserve)},
                    group='sriov')
    return request.param


@pytest.fixture(params=POOLS, ids='{} PFs'.format)
def judged(request, case, number, neutron, benchmark):  # noqa: F811
    """:returns: calls a filter with hosts that are new each time"""
    pfs = request.param
    hosts = policies.Hosts(case, pfs)
    spec = policies.request(case, pfs, neutron)
    benchmark.group = f'policy: {number} hosts, {pfs} PFs, {case.name}'

    def run(filter_cls, number, rounds, **kwargs):
        benchmark.extra_info['hosts'] = number
        return benchmark.pedantic(
            lambda fresh: list(filter_cls().filter_all(fresh, spec)),
            setup=lambda: _collected(hosts.fresh(number, **kwargs)),
            rounds=rounds)

    return run


def _collected(fresh):
    """What making the hosts left to Python's collector is not the filter's.

    :returns: arguments, as benchmark.pedantic takes them
    """
    gc.collect()
    return (fresh,), {}


def test_policy_stock(judged):
    # What it costs for a host does not depend on how many there are.
    judged(pci_passthrough_filter.PciPassthroughFilter, SAMPLE, 1,
           adapted=False)


def test_policy_ours(judged, case, number):
    # To make the hosts takes longer than to judge them.
    passed = judged(filters.SriovCapacityFilter, number,
                    3 if number == min(HOSTS) else 1)
    assert len(passed) == number * case.passes


def test_memory_is_flat():
    """What a filter keeps must not grow with requests."""
    hosts = scheduler.hosts(1000, 8)
    stays = filters.SriovCapacityFilter()
    stays.filter_all(hosts, scheduler.request(2))
    tracemalloc.start()
    try:
        for _ in range(50):
            stays.filter_all(hosts, scheduler.request(2))
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 50 * 2000, 'less than 2 KB of a request, of 1000 hosts'
