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

"""Representors that change or go while Open vSwitch's database stays."""

import pytest

from tests.lab import ovs
from tests.lab import state
from tests.lab.osvif import Port
from tests.sim.card import Card
from tests.sim.card import Pf

PF0 = '0000:03:00.0'
VFS = [f'0000:03:00.{function}' for function in range(1, 5)]


@pytest.fixture
def host(compute):
    return compute(Card(pfs=(Pf(PF0, 'enp3s0f0np0', vfs=4),)))


def reboot(host, *names):
    """The representors come back with other ifindexes, and these names;
    ovs-vswitchd starts with the database of before."""
    before = [host.host.representor(vf).ifindex for vf in VFS]
    host.ovs.kill(ovs.VSWITCHD)
    for number in range(4):     # none may be there twice meanwhile
        host.host.rename(host.representor(VFS[number]), f'tmp{number}')
    for number, name in enumerate(names):
        host.host.rename(f'tmp{number}', name)
    host.host.set_mode(PF0, 'legacy')
    host.netdevs.sync()
    host.host.set_mode(PF0, 'switchdev')
    host.netdevs.sync()
    host.ovs.start(ovs.VSWITCHD)
    after = [host.host.representor(vf).ifindex for vf in VFS]
    assert not set(before) & set(after)
    assert [host.representor(vf) for vf in VFS] == list(names)


OLD = [f'enp3s0f0_{number}' for number in range(4)]


@pytest.mark.parametrize('names', [
    pytest.param(OLD, id='the same'),
    pytest.param([f'new{number}' for number in range(4)], id='new'),
    pytest.param([OLD[1], OLD[2], OLD[3], OLD[0]], id='each anothers'),
    pytest.param([OLD[1], 'new1', OLD[0], 'new3'], id='some anothers')])
@pytest.mark.parametrize('order', [1, -1], ids=['', 'backwards'])
def test_plug_repairs(host, names, order):
    """nova-compute plugs its servers' ports again when it starts."""
    empty = state.database(host.ovs.dump())
    ports = [Port(vf) for vf in VFS]
    host.act(*[('plug', port) for port in ports]).result()
    reboot(host, *names)
    host.act(*[('plug', port) for port in ports[::order]]).result()
    assert state.plugged(host) == {
        port.id: name for port, name in zip(ports, names, strict=True)}
    assert sorted(host.ovs.ports('br-int')) == sorted(names)
    assert {host.netdev(name)[0] for name in names} == {'up'}
    host.act(*[('unplug', port) for port in ports]).result()
    assert state.database(host.ovs.dump()) == empty


def test_unplug_of_one_whose_old_name_is_another_vfs(host):
    """A server that is deleted after the reboot: its stale port goes, and
    the device, that another server has by now, is not set down."""
    gone, stays = Port(VFS[0]), Port(VFS[1])
    host.act(('plug', gone), ('plug', stays)).result()
    reboot(host, OLD[1], OLD[0], OLD[2], OLD[3])
    host.act(('plug', stays), ('unplug', gone)).result()
    assert state.plugged(host) == {stays.id: OLD[0]}
    assert host.netdev(OLD[0])[0] == 'up'
    assert host.netdev(OLD[1])[0] == 'down'


def test_a_stale_port_leaves_its_bridge_whichever_it_is(host):
    port = Port(VFS[0])
    host.ovs.add_bridge('br-other')
    host.plug(Port(VFS[0], id=port.id, bridge='br-other')).result()
    reboot(host, 'new0', OLD[0], 'new2', 'new3')
    host.plug(port).result()
    assert host.ovs.ports('br-other') == []
    assert host.ovs.ports('br-int') == ['new0']


def test_representor_goes_between_look_up_and_transaction(host):
    port, other = Port(VFS[0]), Port(VFS[1])
    host.plug(other).result()
    before = host.ovs.dump()
    outcome = host.vanish('before the link changes', port)
    assert 'os_vif.exception.PlugException' in outcome.error, outcome
    for words in (port.id, VFS[0], OLD[0], 'No such device', 'ip link show'):
        assert words in outcome.text
    assert host.ovs.dump() == before


def test_representor_goes_when_it_has_just_been_set_up(host):
    """Then ovs-vswitchd misses it, and says so."""
    port = Port(VFS[0])
    before = host.ovs.dump()
    outcome = host.vanish('after the link changed', port)
    assert 'os_vif.exception.PlugException' in outcome.error, outcome
    for words in (port.id, VFS[0], 'ovs-vswitchd could not open', OLD[0],
                  'No such device'):
        assert words in outcome.text
    assert host.ovs.dump() == before
