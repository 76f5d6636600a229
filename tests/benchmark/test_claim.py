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

"""What the assignment costs, beside the test of Nova's own claim.

On simulated pools; the claim's test runs under the lock of the resource
tracker, the assignment also in the scheduler, once for each host that has
this claim.
"""

import json
import statistics
import time

from nova import objects
import nova.conf
from nova.pci import stats
from nova.pci import whitelist
import pytest

from nova_sriov_ext import conf
from nova_sriov_ext.claim.stats import ComputePciStats
from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import assignment
from nova_sriov_ext.fit.pools import HostPools
from nova_sriov_ext.fit.wanted import Want
from nova_sriov_ext.report import document

ROUNDS = 30
SIZES = ((2, 1), (8, 2), (32, 8))

conf.register(nova.conf.CONF)
objects.register_all()


def pools(count):
    return [{'vendor_id': '15b3', 'product_id': '101e', 'numa_node': 0,
             'dev_type': 'type-VF', 'address': f'0000:{number:02x}:00.0',
             'physical_network': 'physnet2', 'remote_managed': 'false',
             'count': 8, 'devices': []} for number in range(count)]


def ports(count):
    return [objects.InstancePCIRequest(
        count=1, alias_name=None, requester_id=f'port{number}',
        spec=[{'physical_network': 'physnet2', 'remote_managed': 'False'}])
        for number in range(count)]


def median(function):
    """:returns: microseconds"""
    took = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        assert function()
        took.append((time.perf_counter() - start) * 1e6)
    return statistics.median(took)


@pytest.mark.parametrize('size', SIZES, ids='{0[0]} pools {0[1]} ports'.format)
def test_claim_test(size, capsys):
    stock = stats.PciDeviceStats(
        objects.NUMATopology(cells=[]), dev_filter=whitelist.Whitelist(
            [json.dumps({'vendor_id': '15b3'})]))
    stock.pools = pools(size[0])
    ours = ComputePciStats(stock, lambda: document.NOTHING)
    requests = ports(size[1])
    assert stock.support_requests(requests, None)
    assert ours.support_requests(requests, None)
    nova, mine = (median(lambda of=of: of.support_requests(requests, None))
                  for of in (stock, ours))
    lines = [f'{size[0]} pools, {size[1]} ports: claim test µs: '
             f'Nova {nova:.0f}, ours {mine:.0f} ({mine / nova:.2f})']
    host = HostPools.of(stock.pools)
    wants = [Want(1, tuple(range(size[0])), 'physnet2')] * size[1]
    for policy in (None, *model.PF_POLICIES):
        took = median(lambda policy=policy: assignment.assign(
            host, wants, policy))
        lines.append(f'  the assignment alone, {policy or "any"}: {took:.0f}')
    with capsys.disabled():
        print('\n' + '\n'.join(lines))
