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

"""kill -9 of the process at every step: done again, all is as it should be.

What is compared is the whole database and the netdevs, with those of a host
where nobody was killed.
"""

import pytest

from tests.lab import ovs
from tests.lab import state
from tests.lab.osvif import Port
from tests.sim.card import Card
from tests.sim.card import Pf

VF0, VF1 = '0000:03:00.1', '0000:03:00.2'
PORT = Port(VF0, id='7d5c0a66-0f6b-4a0e-9f0d-0e7a3f1f7c01')
# Another server's port, which nothing of this may touch.
OTHER = Port(VF1, id='7d5c0a66-0f6b-4a0e-9f0d-0e7a3f1f7c02')

PLUG = ('before look-up', 'before the link changes', 'after the link changed',
        'after the change was sent', 'after commit', 'after all')
UNPLUG = ('before unplug', 'after the change was sent', 'after commit',
          'before the link changes', 'after the link changed', 'after all')


@pytest.fixture(scope='module')
def lasting(lasting_compute):
    host = lasting_compute(
        Card(pfs=(Pf('0000:03:00.0', 'enp3s0f0np0', vfs=2),)))
    host.plug(OTHER).result()
    return host


@pytest.fixture(scope='module')
def undisturbed(lasting):
    """The states without a kill: plugged, and unplugged again."""
    lasting.plug(PORT).result()
    plugged = state.of(lasting, VF0, VF1)
    lasting.unplug(PORT).result()
    return {'plug': plugged, 'unplug': state.of(lasting, VF0, VF1)}


@pytest.fixture
def host(lasting, undisturbed):
    assert state.of(lasting, VF0, VF1) == undisturbed['unplug'], (
        'the test before this one left something')
    yield lasting
    lasting.unplug(PORT).result()


def kill(host, point, action):
    """Where ovs-vswitchd must not be faster than the kill, it is paused
    until then."""
    paused = point in ('after the change was sent', 'after commit')
    if paused:
        host.ovs.pause(ovs.VSWITCHD)
    host.die(point, action, PORT)
    if paused:
        host.ovs.resume(ovs.VSWITCHD)


def test_unplug_leaves_a_vf_that_is_another_ports_by_now(host, undisturbed):
    """An unplug that comes late, of a port whose VF was given away."""
    host.plug(PORT).result()
    host.unplug(Port(VF0)).result()
    assert state.of(host, VF0, VF1) == undisturbed['plug']


@pytest.mark.parametrize('point', PLUG)
def test_the_next_call_mends_a_plug_that_was_killed(host, undisturbed, point):
    kill(host, point, 'plug')
    for action in ('plug', 'unplug'):
        getattr(host, action)(PORT).result()
        assert state.of(host, VF0, VF1) == undisturbed[action]


@pytest.mark.parametrize('point', PLUG)
def test_plug_and_the_server_is_never_started_again(
        host, undisturbed, point):
    """Nova only cleans up."""
    kill(host, point, 'plug')
    host.unplug(PORT).result()
    assert state.of(host, VF0, VF1) == undisturbed['unplug']


@pytest.mark.parametrize('point', UNPLUG)
def test_the_next_call_mends_an_unplug_that_was_killed(
        host, undisturbed, point):
    for action in ('unplug', 'plug'):
        host.plug(PORT).result()
        kill(host, point, 'unplug')
        getattr(host, action)(PORT).result()
        assert state.of(host, VF0, VF1) == undisturbed[action]
