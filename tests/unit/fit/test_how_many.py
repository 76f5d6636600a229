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
import functools
import itertools
import os
import random

from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.demand import gather
from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import bounds
from nova_sriov_ext.fit import how_many
from nova_sriov_ext.fit import needs
from nova_sriov_ext.fit import reserve
from nova_sriov_ext.fit import wanted
from nova_sriov_ext.fit.pools import HostPools
from nova_sriov_ext.report import document
from nova_sriov_ext.scheduler import filters
from nova_sriov_ext.scheduler import host_pools
from tests.unit.scheduler import hosts
from tests.unit.scheduler import pools as given

# By default a few of the 100,000 that SRIOV_SMALL_CLOUDS=100000 means.
CLOUDS = int(os.environ.get('SRIOV_SMALL_CLOUDS', 800))
PARTS = 4
ENOUGH = 99

SWITCHDEV = {'hardware_offload_type': 'switchdev'}


def pf(number):
    return f'0000:0{number + 3}:00.0'


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


def ports(neutron, *offloads, physnet='a'):
    """:param offloads: of each port, whether it requests switchdev"""
    found = []
    for number, offload in enumerate(offloads):
        port = f'{physnet}{number}'
        neutron.add(port, **(SWITCHDEV if offload else {}))
        found.append(given.port_request(port, physical_network=physnet))
        found[-1].request_id = getattr(uuids, port)
    return found


def taken_one_by_one(state, spec):
    """:returns: how many servers the scheduler's filter passes and its record
        of the host then gives devices, one after the other
    """
    for number in itertools.count():
        if not filters.SriovCapacityFilter().filter_all([state], spec):
            return number
        state.pci_stats.apply_requests(spec.pci_requests.requests, {})


def best(found, demand):
    """By trying everything there is.

    :param found: pools.HostPools
    :returns: how many servers can have their devices
    """
    wants = [want for request in demand.requests for want in wanted.by(
        request, found, found.serving(request))]

    @functools.cache
    def most(free):
        return max((1 + most(left) for left in after(free)), default=0)

    def after(free):
        for chosen in itertools.product(*(want.pools for want in wants)):
            counts = collections.Counter(chosen)
            left = tuple(one - counts[index]
                         for index, one in enumerate(free))
            if min(left) >= 0 and is_spread(chosen) and keeps(left):
                yield left

    def is_spread(chosen):
        pfs = [(want.group, found.pools[index].pf)
               for want, index in zip(wants, chosen, strict=True)]
        return demand.pf_policy != model.SPREAD or len(set(pfs)) == len(pfs)

    def keeps(left):
        return all(
            found.vfs(physnet, left) >= reserve.kept(
                rule, found.total(physnet))
            for physnet, rule in demand.reserves.items()
            if demand.vfs.get(physnet))

    return most(tuple(found.free()))


class Cloud:
    """A random one: a few hosts of a few PFs, and what servers request."""

    def __init__(self, seed, neutron, conf):
        self.random = random.Random(seed)
        draw = self.random.choice
        self.reserve = draw((None, None, None, '1', '2', '30%'))
        conf.config(group='sriov', vf_reserve={'a': self.reserve}
                    if self.reserve else {})
        self.spec = hosts.request(
            *ports(neutron, *(draw((False, True)) for _ in range(
                draw((1, 1, 2, 2, 3))))),
            *(ports(neutron, draw((False, True)), physnet='b')
              if draw((0, 0, 1)) else ()),
            **{model.PF_POLICY: draw(model.PF_POLICIES),
               model.LAG_POLICY: draw(model.LAG_POLICIES)})
        self.hosts = [self._host() for _ in range(draw((1, 1, 2)))]

    def _host(self):
        """:returns: arguments of hosts.host, and those of document.Report"""
        draw = self.random.choice
        modes = draw((('legacy',), ('switchdev',), ('legacy', 'switchdev'),
                      ('legacy', 'switchdev', 'unknown')))
        lags = draw((('none',), ('none', 'inactive')))
        pools, rows = [], []
        for index in range(draw((1, 2, 3, 3))):
            physnet, mode, lag = draw('aaab'), draw(modes), draw(lags)
            rows.append(document.Row(
                pf(index), physnet, 4, mode, lag=lag,
                bond=None if lag == 'none' else 'bond0'))
            pools += [given.pool(self.random.randrange(5), address=pf(index),
                                 physical_network=physnet, **more)
                      for more in draw(([{}], [{}], [{}, {'rack': '7'}]))]
        return pools, {'rows': tuple(rows),
                       'claim': draw(('assign', 'assign', None))}


@pytest.mark.parametrize('part', range(PARTS))
def test_small_clouds(conf, neutron, part):
    """Whatever is chosen on all the hosts, it is not more."""
    seen = collections.Counter()
    for seed in range(part, CLOUDS, PARTS):
        cloud = Cloud(seed, neutron, conf)
        demand = gather.of_spec(cloud.spec)
        counting = how_many.Counting(demand)
        for pools, report in cloud.hosts:
            found = HostPools.of(pools, document.Report(**report))
            count = counting.on(found, ENOUGH)
            optimum = best(found, demand)
            assert count.servers <= optimum <= min(
                bound.servers for bound in count.bounds), seed
            quick = needs.Needs(found, demand).is_any_choice_good
            assert not quick or count.servers == optimum, seed
            seen[bool(count.servers), quick, count.servers < optimum] += 1
    assert len(seen) >= 5, seen


@pytest.mark.parametrize('part', range(PARTS))
def test_one_server_after_the_other(conf, neutron, part):
    """The scheduler's filter and its record of the host are the judges."""
    for seed in range(part, CLOUDS // 4, PARTS):
        cloud = Cloud(seed, neutron, conf)
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


@pytest.mark.parametrize('free, each, servers', [
    ((), 1, 0), ((3,), 1, 3), ((3,), 2, 0), ((1, 1), 2, 1), ((9, 1), 2, 1),
    ((9, 5), 2, 5), ((5, 3, 1), 2, 4), ((2, 2, 2), 2, 3), ((2, 2, 2), 3, 2),
    ((1, 1, 1, 1), 3, 1)])
def test_servers_with_vfs_of_different_pfs(free, each, servers):
    assert bounds.spread(free, each) == servers
