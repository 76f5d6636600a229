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

"""A port is plugged when packets pass; unplugged when nothing is left."""

import pytest

from tests.lab.compute import pings
from tests.lab.osvif import INSTANCE
from tests.lab.osvif import Port
from tests.sim.card import Card
from tests.sim.card import Pf

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'
VF0, VF1 = '0000:03:00.2', '0000:03:01.2'     # one of each PF
CARD = Card(pfs=(Pf(PF0, 'enp3s0f0np0', vfs=2),
                 Pf(PF1, 'enp3s0f1np1', vfs=2)))


@pytest.fixture
def host(compute):
    return compute(CARD)


def test_packets_pass(host):
    one = host.guest(VF0, '192.0.2.1/24')
    host.guest(VF1, '192.0.2.2/24')
    assert not pings(one, '192.0.2.2', wait=1)
    for vf in (VF0, VF1):
        host.plug(Port(vf)).result()
    assert pings(one, '192.0.2.2')


@pytest.mark.parametrize(('mtu', 'expected'), [(8950, 8950), (None, 1400)])
def test_what_plug_does(host, mtu, expected):
    host.options['os_vif_vflag']['network_device_mtu'] = 1400
    port = Port(VF0, mtu=mtu)
    host.plug(port).result()
    name = host.representor(VF0)
    assert host.ovs.ports('br-int') == [name]
    interface = host.ovs.interface(name)
    assert interface['external_ids'] == {
        'iface-id': port.id, 'iface-status': 'active',
        'attached-mac': port.mac, 'vm-uuid': INSTANCE}
    assert interface['error'] == []
    assert host.netdev(name) == ('up', expected)


def test_the_bridge_stays_as_it_is(host):
    bridge = host.ovs.dump()['Bridge']
    host.plug(Port(VF0)).result()
    after = host.ovs.dump()['Bridge']
    for before, now in zip(bridge.values(), after.values(), strict=True):
        now['ports'] = before['ports']
    assert after == bridge


def test_plug_again(host):
    port = Port(VF0)
    host.plug(port).result()
    first = host.ovs.dump()
    host.plug(port).result()
    host.act(('plug', port), ('plug', port)).result()
    assert host.ovs.dump() == first


def test_nothing_is_left(host):
    before = host.ovs.dump()
    port = Port(VF0)
    host.plug(port).result()
    assert host.ovs.dump() != before
    for _ in range(2):      # the second time there is nothing to do
        host.unplug(port).result()
        assert host.ovs.dump() == before
        assert host.netdev(host.representor(VF0))[0] == 'down'


def test_unplug_leaves_other_ports(host):
    ports = [Port(VF0), Port(VF1)]
    for port in ports:
        host.plug(port).result()
    host.unplug(ports[0]).result()
    name = host.representor(VF1)
    assert host.ovs.ports('br-int') == [name]
    assert host.netdev(name)[0] == 'up'


def test_unplug_after_the_representor_is_gone(host):
    before = host.ovs.dump()
    port = Port(VF0)
    host.plug(port).result()
    host.host.set_numvfs(PF0, 0)
    host.netdevs.sync()
    host.unplug(port).result()
    assert host.ovs.dump() == before


def test_representors_come_back_with_other_ifindexes(host):
    """As after a LAG became active: a second plug sees to it.

    No ping here: ovs-vswitchd's own datapath keeps the socket of the netdev
    that went (dpif-netdev: «Network is down»), unlike the kernel's.
    """
    port = Port(VF0)
    host.plug(port).result()
    before = host.ovs.dump()
    index = host.host.representor(VF0).ifindex
    host.host.reload_representors(PF0)
    host.netdevs.sync()
    name = host.representor(VF0)
    assert host.host.representor(VF0).ifindex != index
    assert host.netdev(name)[0] == 'down'
    host.plug(port).result()
    assert host.netdev(name)[0] == 'up'
    assert host.ovs.dump() == before


def test_representor_got_another_name(host):
    port = Port(VF0)
    host.plug(port).result()
    host.host.rename(host.representor(VF0), 'renamed')
    host.netdevs.sync()
    host.plug(port).result()
    assert host.ovs.ports('br-int') == ['renamed']
    host.unplug(port).result()
    assert host.ovs.ports('br-int') == []


def test_port_moves_to_another_vf_and_bridge(host):
    """A stale port with the same iface-id goes, wherever it is."""
    port = Port(VF0)
    host.plug(port).result()
    host.ovs.add_bridge('br-other')
    moved = Port(VF1, id=port.id, bridge='br-other')
    host.plug(moved).result()
    assert host.ovs.ports('br-int') == []
    assert host.ovs.ports('br-other') == [host.representor(VF1)]


def test_vf_is_used_by_another_port(host):
    """Left by a crash: the representor is in the bridge for another."""
    host.plug(Port(VF0)).result()
    port = Port(VF0, mac='fa:16:3e:00:00:99')
    host.plug(port).result()
    assert host.ovs.ports('br-int') == [host.representor(VF0)]
    ids = host.ovs.interface(host.representor(VF0))['external_ids']
    assert (ids['iface-id'], ids['attached-mac']) == (port.id, port.mac)


def test_several_at_once(host):
    before = host.ovs.dump()
    ports = [Port(vf) for pf in CARD.pfs for vf in pf.vf_addresses]
    host.act_together('plug', ports).result()
    assert sorted(host.ovs.ports('br-int')) == sorted(
        host.representor(port.vf) for port in ports)
    host.act_together('unplug', ports).result()
    assert host.ovs.dump() == before
