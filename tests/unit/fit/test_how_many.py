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


"""As many servers as are counted can be had, one after the other, from the
scheduler's own record of a host; and no choice of devices gives more than the
bounds say."""

import collections
import itertools
import os

import pytest

from nova_sriov_ext.demand import gather
from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import bounds
from nova_sriov_ext.fit import how_many
from nova_sriov_ext.fit import needs
from nova_sriov_ext.fit import reasons
from nova_sriov_ext.fit.pools import HostPools
from nova_sriov_ext.report import document
from nova_sriov_ext.scheduler import filters
from nova_sriov_ext.scheduler import host_pools
from tests.unit import amount
from tests.unit.fit import small_clouds
from tests.unit.fit.small_clouds import pf
from tests.unit.fit.small_clouds import ports
from tests.unit.fit.small_clouds import vfs
from tests.unit.scheduler import hosts
from tests.unit.scheduler import pools as given

# By default a few of the 100,000 that SRIOV_SMALL_CLOUDS=100000 means.
CLOUDS = int(os.environ.get('SRIOV_SMALL_CLOUDS', 800)) // amount.PART
PARTS = 4
ENOUGH = 99


def host(*pfs, claim='assign'):
    """:param pfs: (VFs that are free, eswitch mode, LAG state) of each PF
    :returns: HostState
    """
    pfs = [(free, *rest, *('legacy', 'none')[len(rest):])
           for free, *rest in pfs]
    return hosts.host('h', *(
        given.pool(free, physical_network='a', address=pf(number))
        for number, (free, *_) in enumerate(pfs)), claim=claim, rows=[
            document.Row(pf(number), 'a', 9, mode, lag=lag,
                         bond=None if lag == 'none' else 'bond0')
            for number, (_, mode, lag) in enumerate(pfs)])


def taken_one_by_one(state, spec):
    """:returns: how many servers the scheduler's filter passes and its record
        of the host then gives devices, one after the other
    """
    for number in itertools.count():
        if not filters.SriovCapacityFilter().filter_all([state], spec):
            return number
        state.pci_stats.apply_requests(spec.pci_requests.requests, {})


@pytest.mark.parametrize('part', range(PARTS))
def test_small_clouds(conf, neutron, part):
    """Whatever is chosen on all the hosts, it is not more."""
    seen = collections.Counter()
    for seed in range(part, CLOUDS, PARTS):
        cloud = small_clouds.Cloud(seed, neutron, conf)
        demand = gather.of_spec(cloud.spec)
        counting = how_many.Counting(demand)
        for pools, report in cloud.hosts:
            found = HostPools.of(pools, document.Report(**report))
            count = counting.on(found, ENOUGH)
            optimum = small_clouds.best(found, demand)
            assert count.servers <= optimum <= min(
                bound.servers for bound in count.bounds), seed
            quick = needs.Needs(found, demand).is_any_choice_good
            assert not quick or count.servers == optimum, seed
            seen[bool(count.servers), quick, count.servers < optimum] += 1
    assert len(seen) >= 5 or amount.PART > 1, seen


@pytest.mark.parametrize('part', range(PARTS))
def test_one_server_after_the_other(conf, neutron, part):
    """The scheduler's filter and its record of the host are the judges."""
    for seed in range(part, CLOUDS // 4, PARTS):
        cloud = small_clouds.Cloud(seed, neutron, conf)
        counting = how_many.Counting(gather.of_spec(cloud.spec))
        for pools, report in cloud.hosts:
            state = hosts.host('h', *pools, **report)
            count = counting.on(host_pools.of_host(state), ENOUGH)
            assert count.servers == taken_one_by_one(state, cloud.spec), seed


def count(neutron, *pfs, offloads=(False,), most=ENOUGH, claim='assign',
          **extra_specs):
    """:returns: (servers, at most, why not more)"""
    spec = hosts.request(*ports(neutron, *offloads), **extra_specs)
    found = how_many.Counting(gather.of_spec(spec)).on(
        host_pools.of_host(host(*pfs, claim=claim)), most)
    least = min(found.bounds, key=lambda bound: bound.servers)
    return found.servers, least.servers, str(found.refusal or least)


SPREAD = {model.PF_POLICY: model.SPREAD}


@pytest.mark.parametrize('pfs, offloads, extra_specs, expected', [
    ([(5,), (2,)], [0, 0], {},
     (3, 3, 'VFs of a: 7 free, 2 each, enough for 3')),
    ([(5, 'legacy'), (2, 'switchdev')], [1], {},
     (2, 2, 'switchdev VFs of a: 2 free, 1 each, enough for 2')),
    ([(1, 'legacy'), (3, 'switchdev')], [1, 1], {},
     (1, 1, 'switchdev VFs of a: 3 free, 2 each, enough for 1')),
    ([(5,), (3,), (1,)], [0, 0], SPREAD,
     (4, 4, 'VFs of a: 5+3+1 free, 2 each from different PFs, enough for 4')),
    ([(5,), (1,)], [0], SPREAD,
     (6, 6, 'VFs of a: 6 free, 1 each, enough for 6')),
    ([(3,)], [0, 0], SPREAD,
     (0, 0, 'VFs of a: 3 free, 2 each from different PFs, enough for 0')),
    ([(3, 'legacy', 'active'), (9, 'legacy', 'inactive')], [0],
     {model.LAG_POLICY: model.REJECT},
     (3, 3, 'VFs of a with a healthy LAG: 3 free, 1 each, enough for 3')),
])
def test_what_limits(conf, neutron, pfs, offloads, extra_specs, expected):
    assert count(neutron, *pfs, offloads=offloads, **extra_specs) == expected


def test_the_reserve_limits(conf, neutron):
    conf.config(vf_reserve={'a': '3'}, group='sriov')
    assert count(neutron, (5,), (2,)) == (
        4, 4, 'all VFs of a: 7 free, 3 reserved, 1 each, enough for 4')


def test_healthy_pfs_first_may_be_a_bad_choice(conf, neutron):
    """Two servers take the healthy PFs; those left are of one PF."""
    assert count(neutron, (2,), (2,), (4, 'legacy', 'inactive'),
                 offloads=[0, 0], **SPREAD) == (
        2, 4, 'a: 2 VFs requested from different PFs, they would come from 1')


def test_novas_claim_takes_what_comes_first(conf, neutron):
    servers, most, why = count(
        neutron, (2, 'legacy'), (3, 'switchdev'), offloads=[1], claim=None)
    assert (servers, most) == (0, 3)
    assert 'the claim takes one of those' in why


@pytest.mark.parametrize('demand, expected', [
    (model.Demand(), how_many.Count(7)),
    (model.Demand((model.Request((), 1, 'a PCI request'),), unread=True),
     how_many.Count(0, refusal=reasons.Misfit(reasons.PORTS_UNREAD)))])
def test_without_requests_and_without_an_answer(demand, expected):
    assert how_many.Counting(demand).on(HostPools.of([]), 7) == expected


def test_no_more_than_all_else_is_enough_for(conf, neutron):
    assert count(neutron, (5,), most=2)[0] == 2


def test_hosts_that_are_alike_are_counted_once(conf, neutron, monkeypatch):
    followed = []
    monkeypatch.setattr(how_many, '_follow', lambda *args: (
        followed.append(args), (1, None))[1])
    counting = how_many.Counting(gather.of_spec(hosts.request(
        *ports(neutron, False, False), **SPREAD)))
    for pfs in [(2,), (3, 'legacy', 'inactive')], [(2,), (
            3, 'legacy', 'inactive')], [(2,), (4, 'legacy', 'inactive')]:
        counting.on(host_pools.of_host(host(*pfs)), ENOUGH)
    assert len(followed) == 2


@pytest.mark.parametrize('free, each, expected', [
    (0, 1, 'VFs of a: none free, 1 each, enough for 0'),
    ((), 2, 'VFs of a: none free, 2 each from different PFs, enough for 0')])
def test_nothing_is_free(free, each, expected):
    assert str(bounds.Bound('VFs of a', free, each)) == expected


@pytest.mark.parametrize('free, each, servers', [
    ((), 1, 0), ((3,), 1, 3), ((3,), 2, 0), ((1, 1), 2, 1), ((9, 1), 2, 1),
    ((9, 5), 2, 5), ((5, 3, 1), 2, 4), ((2, 2, 2), 2, 3), ((2, 2, 2), 3, 2),
    ((1, 1, 1, 1), 3, 1)])
def test_servers_with_vfs_of_different_pfs(free, each, servers):
    assert bounds.spread(free, each) == servers


def followed(requests, *found, **extra_specs):
    """:param found: as vfs returns them
    :returns: (servers, what the bounds say, why not more), once the scheduler
        has come to the same number
    """
    spec = hosts.request(*requests, **extra_specs)
    pools, rows = zip(*found, strict=True)
    state = hosts.host('h', *pools, rows=rows, claim='assign')
    count = how_many.Counting(gather.of_spec(spec)).on(
        host_pools.of_host(state), ENOUGH)
    assert count.servers == taken_one_by_one(state, spec)
    return (count.servers, min(bound.servers for bound in count.bounds),
            count.refusal and count.refusal.reason)


def test_pfs_that_are_fullest_with_others_vfs_may_be_a_bad_choice(neutron):
    """The first server takes the last VFs of a from those PFs."""
    assert followed(
        ports(neutron, False, False), vfs(0, 1), vfs(1, 1), vfs(2, 2),
        vfs(0, 9, 'b'), vfs(1, 9, 'b'), **SPREAD) == (1, 2, reasons.SAME_PF)


@pytest.mark.parametrize('extra_specs', [{}, SPREAD])
def test_an_alias_takes_of_the_reserve(conf, neutron, extra_specs):
    conf.config(vf_reserve={'a': '1'}, group='sriov')
    assert followed(
        [*ports(neutron, False), small_clouds.alias()], vfs(0, 2), vfs(1, 2),
        **extra_specs) == (1, 2, reasons.RESERVED)


def test_what_only_the_alias_could_have_is_not_what_the_port_spares(neutron):
    """The port spares switchdev VFs; the alias takes the one there is."""
    assert followed(
        [small_clouds.alias(rack='7'), *ports(neutron, False)],
        vfs(0, 1), vfs(1, 1, mode='switchdev', rack='7'),
        vfs(2, 2, 'b', rack='7')) == (1, 2, reasons.NO_FREE)


def test_bounds_of_several_sets_are_for_all_who_want_of_them(neutron):
    assert followed(ports(neutron, True, False), vfs(0, 1),
                    vfs(1, 2, mode='switchdev')) == (1, 1, None)


@pytest.mark.parametrize('order', [1, -1])
@pytest.mark.parametrize('policy, servers', [
    (model.PACK, 1), (model.PREFER_SPREAD, 0)])
def test_filter_and_claim_choose_alike_beside_a_reserve(
        conf, neutron, policy, servers, order):
    """The alias has a VF of b, where the policy has it choose that."""
    conf.config(vf_reserve={'a': '3'}, group='sriov')
    assert followed(
        [*ports(neutron, False), small_clouds.alias()],
        *[vfs(0, 3), vfs(1, 1, 'b'), vfs(2, 1)][::order],
        **{model.PF_POLICY: policy})[0] == servers


def test_where_one_pf_serves_ports_their_policy_is_not_for_aliases(
        conf, neutron):
    conf.config(vf_reserve={'a': '2'}, group='sriov')
    assert followed([*ports(neutron, False), small_clouds.alias()],
                    vfs(0, 3), vfs(1, 1, 'b'))[0] == 0
