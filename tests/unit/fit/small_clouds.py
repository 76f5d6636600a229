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


"""Hosts so small that all choices of devices on them can be tried."""

import collections
import functools
import itertools
import random

from oslo_utils.fixture import uuidsentinel as uuids

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import reserve
from nova_sriov_ext.fit import wanted
from nova_sriov_ext.report import document
from tests.unit.scheduler import hosts
from tests.unit.scheduler import pools as given

SWITCHDEV = {'hardware_offload_type': 'switchdev'}


def pf(number):
    return f'0000:0{number + 3}:00.0'


def vfs(number, free, physnet='a', mode='legacy', lag='none', **tags):
    """:returns: pool of VFs of a PF, and what the host reports of these"""
    return (
        given.pool(free, address=pf(number), physical_network=physnet, **tags),
        document.Row(pf(number), physnet, 9, mode, lag=lag,
                     bond=None if lag == 'none' else 'bond0'))


def ports(neutron, *offloads, physnet='a'):
    """:param offloads: of each port, whether it requests switchdev"""
    found = []
    for number, offload in enumerate(offloads):
        port = f'{physnet}{number}'
        neutron.add(port, **(SWITCHDEV if offload else {}))
        found.append(given.port_request(port, physical_network=physnet))
        found[-1].request_id = getattr(uuids, port)
    return found


def best(found, demand):
    """By trying everything there is.

    :param found: pools.HostPools
    :returns: how many servers can have their devices
    """
    wants = [want for request in demand.requests for want in wanted.by(
        request, found, found.serving(request)) for _ in range(want.count)]

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
               for want, index in zip(wants, chosen, strict=True)
               if want.group is not None]
        return demand.pf_policy != model.SPREAD or len(set(pfs)) == len(pfs)

    def keeps(left):
        return all(
            found.vfs(physnet, left) >= reserve.kept(
                rule, found.total(physnet))
            for physnet, rule in demand.reserves.items()
            if demand.vfs.get(physnet))

    return most(tuple(found.free()))


def alias(**spec):
    """A flavor's request for a device with these tags."""
    found = given.alias_request(specs=({'vendor_id': '15b3'} | spec,))
    found.request_id = uuids.alias
    return found


class Cloud:
    """A random one: a few hosts of a few PFs, and what servers request."""

    def __init__(self, seed, neutron, conf):
        self.random = random.Random(seed)
        draw = self.random.choice
        self.reserve = draw((None, None, None, '1', '2', '30%'))
        conf.config(group='sriov', vf_reserve={'a': self.reserve}
                    if self.reserve else {})
        requests = [
            *ports(neutron, *(draw((False, True)) for _ in range(
                draw((1, 1, 2, 2, 3))))),
            *(ports(neutron, draw((False, True)), physnet='b')
              if draw((0, 0, 1)) else ()),
            *draw(((), (), (), (alias(),), (alias(rack='7'),)))]
        self.random.shuffle(requests)
        self.spec = hosts.request(*requests, **{
            model.PF_POLICY: draw(model.PF_POLICIES),
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
            more = draw(([], [], [{'rack': '7'}], [{'physical_network': 'b'}]))
            for tags in ({}, *more):
                pools.append(given.pool(
                    self.random.randrange(5), address=pf(index),
                    **{'physical_network': physnet} | tags))
            rows += [document.Row(
                pf(index), one, 4, mode, lag=lag,
                bond=None if lag == 'none' else 'bond0')
                for one in {pool['physical_network']: 0 for pool in pools
                            if pool['address'] == pf(index)}]
        return pools, {'rows': tuple(rows),
                       'claim': draw(('assign', 'assign', None))}
