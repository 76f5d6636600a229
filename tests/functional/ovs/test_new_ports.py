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

"""What a port gets when it is created, and keeps afterwards."""

import pytest

from tests.lab.osvif import Port
from tests.sim.card import Card
from tests.sim.card import Pf

VF0, VF1 = '0000:03:00.1', '0000:03:00.2'
DEVICE = 'enp3s0f0_0'
TAGGED = ('tag=7', 'vlan_mode=access', 'trunks=[]')


@pytest.fixture
def host(compute):
    host = compute(Card(pfs=(Pf('0000:03:00.0', 'enp3s0f0np0', vfs=2),)))
    host.options['os_vif_vflag'].update(
        isolate_vif=True, default_qos_type='linux-htb')
    return host


def vlan(host):
    row, = (row for row in host.ovs.dump()['Port'].values()
            if row['name'] == DEVICE)
    return row['tag'], row['vlan_mode'], row['trunks']


def queues(host):
    return sorted(row['type'] for row in host.ovs.dump()['QoS'].values())


def test_what_others_set_stays(host):
    """Neutron's agent has given it a VLAN and queues of its own."""
    port = Port(VF0)
    host.plug(port).result()
    assert vlan(host) == (4095, 'trunk', 4095)
    host.ovs.vsctl('set', 'Port', DEVICE, *TAGGED, 'qos=@q',
                   '--', '--id=@q', 'create', 'QoS', 'type=linux-hfsc')
    before = host.ovs.dump()
    host.plug(port).result()
    assert host.ovs.dump() == before
    host.unplug(port).result()
    assert queues(host) == ['linux-hfsc']     # not ours to delete


def test_nothing_is_inherited(host):
    """A port left by a crash has the VLAN of another tenant."""
    host.plug(Port(VF0)).result()
    host.ovs.vsctl('set', 'Port', DEVICE, *TAGGED, '--', 'set', 'Interface',
                   DEVICE, 'external_ids:trunk_id=another')
    port = Port(VF0)
    host.plug(port).result()
    assert vlan(host) == (4095, 'trunk', 4095)
    assert queues(host) == ['linux-htb']
    assert 'trunk_id' not in host.ovs.interface(DEVICE)['external_ids']


def test_queues_go_with_a_stale_port(host):
    port = Port(VF0)
    host.plug(port).result()
    host.plug(Port(VF1, id=port.id)).result()
    assert queues(host) == ['linux-htb']
    host.unplug(port).result()
    assert queues(host) == []


def test_queues_that_lost_their_port(host):
    """Stock makes them in a transaction of their own, before the port's."""
    port = Port(VF0)
    host.plug(port).result()
    host.ovs.vsctl('del-port', DEVICE)
    assert queues(host) == ['linux-htb']
    host.options['os_vif_vflag']['default_qos_type'] = 'linux-sfq'
    host.plug(port).result()
    assert queues(host) == ['linux-sfq']
