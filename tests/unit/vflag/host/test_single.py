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

"""What a host says of a single PF or VF."""

import pytest

from tests.sim.card import Card
from tests.sim.card import Pf
from tests.unit.vflag.host import sources

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'


@pytest.fixture
def sim(sriov_host):
    return sriov_host(Card(pfs=(
        Pf(PF0, 'enp3s0f0np0'), Pf(PF1, 'enp3s0f1np1', mode='legacy'))))


@sources.each_source
def test_the_uplink_of_a_pf(sim, source):
    host = sources.host(sim, source)
    assert (host.uplink(PF0), host.uplink(PF1)) == (
        'enp3s0f0np0', 'enp3s0f1np1')
    assert host.uplink('0000:04:00.0') is None


@sources.each_source
def test_the_netdev_of_a_vf(sim, source):
    host = sources.host(sim, source)
    vf = sim.pf(PF1).vf_addresses[0]
    assert host.netdev(vf) == 'enp3s0f1v0'
    sim.remove(*(link.key for link in sim.links()
                 if link.name == 'enp3s0f1v0'))
    assert host.netdev(vf) is None


def test_settings_of_vfs_are_the_drivers_and_none_without_netlink(sim):
    assert sorted(sources.host(sim, {}).vfs('enp3s0f1np1')) == list(range(4))
    assert sources.host(sim, None).vfs('enp3s0f1np1') == {}
