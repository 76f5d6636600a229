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

"""The os-vif plugin on the kernel's datapath with hardware offload."""

import pytest

from tests.hwlab.checks import far_side
from tests.hwlab.checks import kernel
from tests.lab import crash
from tests.lab import ovs
from tests.lab import state
from tests.lab.osvif import INSTANCE
from tests.lab.osvif import Port

ID = '7d5c0a66-0f6b-4a0e-9f0d-0e7a3f1f7c01'
KILLS = [(action, point) for action, never in (
    ('plug', 'before unplug'), ('unplug', 'before look-up'))
    for point in crash.POINTS if point != never]
# Where ovs-vswitchd must not be faster than the kill.
PAUSED = ('after the change was sent', 'after commit')


@pytest.fixture
def ports(card, host):
    """One port of each PF; nothing is left of them."""
    before = host.ovs.dump()
    found = [Port(kernel.vfs(pf)[0], mac=f'fa:16:3e:00:00:0{number}')
             for number, pf in enumerate(card)]
    yield found
    for port in found:
        host.unplug(port).result()
    assert state.database(host.ovs.dump()) == state.database(before)


def test_plug(ports, host):
    """Plug: port in the bridge, link up, MTU, hw-tc-offload of both ends"""
    port = ports[1]
    name = host.representor(port.vf)
    uplink = kernel.uplink(kernel.CARD[1])
    host.plug(Port(port.vf, id=port.id, mtu=1400)).result()
    assert host.ovs.ports('br-int') == [name]
    interface = host.ovs.interface(name)
    assert (interface['error'], interface['external_ids']) == ([], {
        'iface-id': port.id, 'iface-status': 'active', 'vm-uuid': INSTANCE,
        'attached-mac': 'fa:16:3e:00:00:01'})
    assert host.netdev(name) == ('up', 1400)
    for netdev in (name, uplink):
        assert 'hw-tc-offload: on' in kernel.run('ethtool', '-k', netdev)
    kernel.run('ovs-vsctl', f'--db={host.ovs.connection}', 'show')


def test_plug_again(ports, host):
    """A second plug changes nothing"""
    host.plug(ports[0]).result()
    before = host.ovs.dump()
    host.act(('plug', ports[0]), ('plug', ports[0])).result()
    assert host.ovs.dump() == before


def test_in_hardware(ports, host):
    """Packets between two VFs go, and their flows are in hardware"""
    names = [host.representor(port.vf) for port in ports]
    with far_side.guests(*names) as guests:
        assert not far_side.pings(guests[0], '192.0.2.2', count=1)
        host.act(*(('plug', port) for port in ports)).result()
        assert far_side.pings(guests[0], '192.0.2.2', count=10)
        flows = host.ovs.appctl('dpctl/dump-flows', '-m', 'type=offloaded')
        assert 'offloaded:yes, dp:tc' in flows
        assert all(name in flows for name in names)
        for name in names:
            assert 'in_hw in_hw_count 1' in kernel.run(
                'tc', '-s', 'filter', 'show', 'dev', name, 'ingress')


def test_representor_is_gone(ports, host, card):
    """Unplug after the representor is gone leaves no port"""
    host.plug(ports[1]).result()
    kernel.set_mode(card[1], 'legacy')
    try:
        host.unplug(ports[1]).result()
        assert host.ovs.ports('br-int') == []
    finally:
        kernel.set_mode(card[1], 'switchdev')


def test_representor_is_back(ports, host, card):
    """Representors that were made anew are plugged again"""
    host.plug(ports[1]).result()
    before = kernel.links()[host.representor(ports[1].vf)]['ifindex']
    kernel.set_mode(card[1], 'legacy')
    kernel.set_mode(card[1], 'switchdev')
    name = host.representor(ports[1].vf)
    assert kernel.links()[name]['ifindex'] != before
    host.plug(ports[1]).result()
    assert host.netdev(name)[0] == 'up'
    assert host.ovs.interface(name)['error'] == []


def test_renamed(ports, host):
    """A representor with another name is found, and unplugged"""
    name = host.representor(ports[0].vf)
    host.plug(ports[0]).result()
    kernel.run('ip', 'link', 'set', name, 'down')
    kernel.run('ip', 'link', 'set', name, 'name', 'other0')
    try:
        host.plug(ports[0]).result()
        assert host.ovs.ports('br-int') == ['other0']
        host.unplug(ports[0]).result()
        assert host.ovs.ports('br-int') == []
    finally:
        kernel.run('ip', 'link', 'set', 'other0', 'down')
        kernel.run('ip', 'link', 'set', 'other0', 'name', name)


@pytest.fixture(scope='module')
def undisturbed(card, host):
    """The states without a kill: plugged, and unplugged again."""
    port = Port(kernel.vfs(card[0])[2], id=ID)
    found = {}
    for action in ('plug', 'unplug'):
        getattr(host, action)(port).result()
        found[action] = state.of(host, port.vf)
    return port, found


@pytest.mark.parametrize(('action', 'point'), KILLS)
def test_killed(host, undisturbed, action, point):
    """kill -9 in an action: done again, all is as it should be"""
    port, expected = undisturbed
    if action == 'unplug':
        host.plug(port).result()
    if point in PAUSED:
        host.ovs.pause(ovs.VSWITCHD)
    host.die(point, action, port)
    if point in PAUSED:
        host.ovs.resume(ovs.VSWITCHD)
    for again in (action, 'unplug'):
        getattr(host, again)(port).result()
        assert state.of(host, port.vf) == expected[again]
