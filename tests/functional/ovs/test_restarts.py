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

"""One long-lived process, as nova-compute is, while daemons come and go."""

import pytest

from tests.lab import ovs
from tests.lab.osvif import MAY_FAIL
from tests.lab.osvif import Port
from tests.sim.card import Card
from tests.sim.card import Pf

VF0, VF1 = '0000:03:00.1', '0000:03:00.2'


@pytest.fixture
def host(compute):
    return compute(Card(pfs=(Pf('0000:03:00.0', 'enp3s0f0np0', vfs=2),)))


@pytest.mark.parametrize('daemon', [ovs.SERVER, ovs.VSWITCHD])
def test_restart_between_two_plugs(host, daemon):
    host.act(('plug', Port(VF0)), lambda: host.ovs.restart(daemon),
             ('plug', Port(VF1))).result()
    host.ovs.vsctl('init')
    assert host.ovs.ports('br-int') == ['enp3s0f0_0', 'enp3s0f0_1']


def test_what_failed_while_the_server_was_silent_is_not_done_later(host):
    """The first change is on its way; the one behind it is dropped, and
    what only reads does not wait for ever."""
    host.options['os_vif_vflag']['ovsdb_timeout'] = 1
    one, two = Port(VF0), Port(VF1)
    host.act(('plug', one), ('plug', two),
             lambda: host.ovs.pause(ovs.SERVER),
             ('unplug', one, MAY_FAIL), ('unplug', two, MAY_FAIL),
             ('plug', one, MAY_FAIL),
             lambda: host.ovs.resume(ovs.SERVER),
             ('plug', one)).result()
    assert host.ovs.ports('br-int') == ['enp3s0f0_0', 'enp3s0f0_1']


def test_stale_ports_of_before_a_reboot(host):
    """Representors are renumbered; ports lead to whom they belong now."""
    one, two = Port(VF0), Port(VF1)
    for port in (one, two):
        host.plug(port).result()
    for port, vf in ((one, VF1), (two, VF0)):
        host.plug(Port(vf, id=port.id)).result()
    plugged = {host.representor(vf): host.ovs.interface(
        host.representor(vf))['external_ids']['iface-id']
        for vf in (VF0, VF1)}
    assert plugged == {'enp3s0f0_0': two.id, 'enp3s0f0_1': one.id}
    assert len(host.ovs.ports('br-int')) == 2


def test_process_dies_between_two_steps(host):
    """Whatever is in the database, plug and unplug converge."""
    before = host.ovs.dump()
    port = Port(VF0)
    host.ovs.vsctl('--no-wait', 'add-port', 'br-int', 'enp3s0f0_0')
    host.plug(port).result()
    ids = host.ovs.interface('enp3s0f0_0')['external_ids']
    assert ids['iface-id'] == port.id
    host.unplug(port).result()
    assert host.ovs.dump() == before
