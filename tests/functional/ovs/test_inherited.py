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

"""What a VF's next user must not inherit from the one before."""

import pytest

from tests.lab.compute import pings
from tests.lab.osvif import Port
from tests.sim.card import Card
from tests.sim.card import Pf

VF0, VF1 = '0000:03:00.1', '0000:03:00.2'
CARD = Card(pfs=(Pf('0000:03:00.0', 'enp3s0f0np0', vfs=2),))


@pytest.fixture
def host(compute):
    return compute(CARD)


def test_vlan_of_a_stale_port(host):
    """A port that nobody unplugged, on the VF that a new server gets: its
    VLAN would let the new server into the old one's network."""
    other = Port(VF0, mac='fa:16:3e:00:00:11')
    for port in (other, Port(VF1)):
        host.plug(port).result()
        host.ovs.vsctl('set', 'Port', host.representor(port.vf), 'tag=7')
    guest = host.guest(VF0, '192.0.2.1/24')
    host.guest(VF1, '192.0.2.2/24')
    assert pings(guest, '192.0.2.2')
    host.plug(Port(VF1, mac='fa:16:3e:00:00:22')).result()
    assert host.ovs.vsctl(
        'get', 'Port', host.representor(VF1), 'tag').strip() == '[]'
    # Flows that the datapath knows from before go with the next revalidation.
    assert any(not pings(guest, '192.0.2.2', wait=1) for _ in range(10))


def test_vlan_of_its_own_port(host):
    """Plugged again when nova-compute starts, a port keeps what Neutron's
    agent has set."""
    port = Port(VF0)
    host.plug(port).result()
    host.ovs.vsctl('set', 'Port', host.representor(VF0), 'tag=7')
    host.plug(port).result()
    assert host.ovs.vsctl(
        'get', 'Port', host.representor(VF0), 'tag').strip() == '7'


def test_a_bridge_without_datapath(host):
    """ovs-vswitchd says no error there, and opens nothing either."""
    host.ovs.vsctl('--no-wait', 'add-br', 'br-none', '--', 'set', 'Bridge',
                   'br-none', 'datapath_type=nothing')
    before = host.ovs.dump()
    outcome = host.plug(Port(VF0, bridge='br-none'))
    assert 'could not open' in outcome.text
    assert host.ovs.dump() == before
    assert host.netdev(host.representor(VF0))[0] == 'down'
