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

"""What cannot be plugged: an error that helps, and nothing changed."""

import socket
import time

import pytest

from tests.lab import ovs as lab_ovs
from tests.lab.osvif import Port
from tests.sim.card import Card
from tests.sim.card import Pf

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'
VF0, LEGACY_VF = '0000:03:00.2', '0000:03:01.2'
NO_VF = '0000:03:0a.0'
CARD = Card(pfs=(Pf(PF0, 'enp3s0f0np0', vfs=1),
                 Pf(PF1, 'enp3s0f1np1', vfs=1, mode='legacy')))
# Seconds that a test gives the plugin to wait; and what the rest may take.
TIMEOUT, SLACK = 1, 4


@pytest.fixture
def host(compute):
    host = compute(CARD)
    host.options['os_vif_vflag']['ovsdb_timeout'] = TIMEOUT
    host.act().result()     # what is imported once counts in no test's time
    return host


def assert_refused(host, port, *words, action='plug', exception=None):
    """An os-vif exception naming port, VF, cause and remedy."""
    start = time.monotonic()
    outcome = getattr(host, action)(port)
    took = time.monotonic() - start
    exception = exception or f'{action.capitalize()}Exception'
    assert f'os_vif.exception.{exception}' in outcome.error, outcome
    for word in (port.id, port.vf, *words):
        assert word in outcome.text
    assert took < 3 * TIMEOUT + SLACK


@pytest.mark.parametrize(('vf', 'words'), [
    (NO_VF, ('There is no VF', 'device_spec')),
    (PF0, ('not an SR-IOV VF', 'direct-physical')),
    ('ffff:ff:1f.7', ('There is no VF', 'device_spec')),
    (LEGACY_VF, ('not in switchdev mode', PF1,
                 f'devlink dev eswitch set pci/{PF1} mode switchdev')),
])
def test_a_vf_that_cannot_be_plugged(host, vf, words):
    before = host.ovs.dump()
    assert_refused(host, Port(vf), *words)
    assert host.ovs.dump() == before


def test_representor_is_missing(host):
    """The VF of a PF whose other VFs have theirs."""
    host.host.set_numvfs(PF0, 0)
    host.host.set_numvfs(PF0, 2)
    host.host.remove_representor(VF0)
    host.netdevs.sync()
    before = host.ovs.dump()
    assert_refused(host, Port(VF0), 'has no representor', 'devlink port')
    assert host.ovs.dump() == before


def test_bridge_is_missing(host):
    before = host.ovs.dump()
    assert_refused(host, Port(VF0, bridge='br-none'),
                   'no bridge br-none', 'add-br br-none')
    assert host.ovs.dump() == before
    assert host.netdev(host.representor(VF0))[0] == 'down'


@pytest.mark.parametrize(('changes', 'word'), [
    ({'bridge': 'br int'}, 'bridge'), ({'bridge': 'tbr-a/b'}, 'bridge'),
    ({'mtu': -1}, 'MTU'),
    ({'datapath_type': 'psychic'}, 'datapath type')])
def test_absurd_fields(host, changes, word):
    before = host.ovs.dump()
    assert_refused(host, Port(VF0, **changes), word, 'Give it')
    # Unplug needs none of them.
    host.unplug(Port(VF0, **changes)).result()
    assert host.ovs.dump() == before
    assert host.netdev(host.representor(VF0))[0] == 'down'


def test_mtu_is_too_large(host):
    """Nothing is plugged."""
    before = host.ovs.dump()
    assert_refused(host, Port(VF0, mtu=70000), 'MTU', '65535')
    assert host.ovs.dump() == before


@pytest.mark.parametrize('action', ['plug', 'unplug'])
def test_nobody_listens(host, action):
    host.ovs.kill(lab_ovs.SERVER)
    assert_refused(host, Port(VF0), host.ovs.connection, 'did not answer',
                   'ovsdb_connection', action=action)
    assert host.netdev(host.representor(VF0))[0] == 'down'


@pytest.mark.parametrize('action', ['plug', 'unplug'])
def test_server_is_stopped(host, action):
    """The kernel accepts the connection, nobody ever reads it."""
    before = host.ovs.dump()
    host.ovs.pause(lab_ovs.SERVER)
    assert_refused(host, Port(VF0), 'did not answer within 1 seconds',
                   action=action)
    host.ovs.resume(lab_ovs.SERVER)
    assert host.ovs.dump() == before


def test_socket_accepts_and_says_nothing(host):
    path = host.ovs.folder / 'silent.sock'
    host.options['os_vif_vflag']['ovsdb_connection'] = f'unix:{path}'
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        assert_refused(host, Port(VF0), str(path), 'did not answer')


@pytest.mark.parametrize(('first', 'action'), [
    ('unplug', 'plug'), ('plug', 'plug'), ('plug', 'unplug')])
def test_server_falls_silent_for_a_connected_process(host, first, action):
    """nova-compute has been connected for days.

    What it sent last may be in the server's socket and happen later: the
    next call converges.
    """
    port = Port(VF0)
    before = host.ovs.dump()
    start = time.monotonic()
    outcome = host.act(
        (first, port), lambda: host.ovs.pause(lab_ovs.SERVER),
        (action, port))
    took = time.monotonic() - start
    host.ovs.resume(lab_ovs.SERVER)
    expected = f'os_vif.exception.{action.capitalize()}Exception'
    assert expected in outcome.error, outcome
    for word in (port.id, VF0, 'did not answer'):
        assert word in outcome.text
    assert took < 3 * TIMEOUT + SLACK
    host.plug(port).result()
    host.unplug(port).result()
    assert host.ovs.dump() == before


def test_vswitchd_is_dead(host):
    """The database takes the port; it is taken back."""
    before = host.ovs.dump()
    host.ovs.kill(lab_ovs.VSWITCHD)
    assert_refused(host, Port(VF0), 'ovs-vswitchd did not take up',
                   'ovs-appctl version')
    assert host.ovs.dump() == before
    assert host.netdev(host.representor(VF0))[0] == 'down'


def test_vswitchd_is_dead_and_the_port_in_use(host):
    """nova-compute plugs every port again when it starts: nothing may be
    taken from a running server."""
    port = Port(VF0)
    host.plug(port).result()
    before = host.ovs.dump()
    host.ovs.kill(lab_ovs.VSWITCHD)
    assert_refused(host, port, 'ovs-vswitchd did not take up')
    assert host.ovs.dump() == before
    assert host.netdev(host.representor(VF0))[0] == 'up'


def test_vswitchd_cannot_open_the_representor(compute):
    host = compute(CARD, switch_sees_netdevs=False)
    before = host.ovs.dump()
    assert_refused(host, Port(VF0), 'could not open enp3s0f0_0',
                   'No such device', 'ip link show enp3s0f0_0')
    assert host.ovs.dump() == before
    assert host.netdev(host.representor(VF0))[0] == 'down'


def test_refused_plug_keeps_another_ports_device(host):
    """A plug that fails leaves what was plugged before it."""
    other = Port(VF0)
    host.plug(other).result()
    before = host.ovs.dump()
    assert_refused(host, Port(LEGACY_VF, id=other.id), 'switchdev')
    assert host.ovs.dump() == before
    assert host.netdev(host.representor(VF0))[0] == 'up'
