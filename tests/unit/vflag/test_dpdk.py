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

"""What it costs to name a representor to DPDK; the forms are in
functional/ovs/test_datapaths."""

import pytest

from os_vif_vflag import dpdk
from os_vif_vflag.host.representors import RepresentorFinder
from tests.sim.card import Bond
from tests.sim.card import Card
from tests.sim.card import Pf
from tests.unit.vflag.host import damage
from tests.unit.vflag.host import sources

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'
UPLINKS = ('up0', 'up1')


BOND = Bond('bond0', '802.3ad', UPLINKS)


@pytest.mark.parametrize('ports, unnamed, pf, expected', [
    ((0, 1), None, PF0, f'{PF0},representor=[3]'),
    ((0, 1), None, PF1, f'{PF0},representor=pf1vf3'),
    # The first port is not in this bond, or what port it is, is unknown.
    ((1, 2), None, PF1, f'{PF1},representor=[3]'),
    ((0, 1), 'up1', PF1, f'{PF1},representor=[3]'),
    ((0, 1), 'up0', PF1, f'{PF1},representor=[3]')])
def test_ports_of_a_vf_lag(sriov_host, ports, unnamed, pf, expected):
    sim = sriov_host(Card(tuple(
        Pf(address, netdev, port=port) for address, netdev, port
        in zip((PF0, PF1), UPLINKS, ports, strict=True)), bond=BOND))
    if unnamed:
        (sim.sys / 'class/net' / unnamed / 'phys_port_name').unlink()
    host = sources.host(sim, None)
    assert dpdk.devargs(host, RepresentorFinder(host), pf, 3) == expected


@pytest.mark.parametrize('source', [{}, None], ids=['netlink', 'sysfs'])
@pytest.mark.parametrize('bond, expected', [
    (None, f'{PF1},representor=[3]'),
    (BOND, f'{PF0},representor=pf1vf3')],
    ids=['alone', 'VF-LAG'])
def test_a_vf_more_costs_nothing(sriov_host, source, bond, expected):
    counts = []
    for vfs in (8, 250):
        place = {'vfs': vfs, 'total_vfs': vfs, 'vf_offset': 256,
                 'vf_stride': 2}
        sim = sriov_host(Card(
            (Pf(PF0, UPLINKS[0], **place), Pf(PF1, UPLINKS[1], **place)),
            bond=bond))
        host = sources.host(sim, source)
        host.sysfs.files = damage.Watched(str(sim.root))
        representors = RepresentorFinder(host)
        assert dpdk.devargs(host, representors, PF1, 3) == expected
        del host.sysfs.files.requests[:]
        dpdk.devargs(host, representors, PF1, 3)
        counts.append(len(host.sysfs.files.requests))
    assert counts[0] == counts[1] < 150
