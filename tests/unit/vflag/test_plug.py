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

"""What a plug leaves on the host and in Open vSwitch's database, and that an
unplug takes it back. Packets pass in tests/functional/ovs."""

from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from os_vif_vflag import exception
from os_vif_vflag.ovs import ovs_port
from os_vif_vflag.privileged import calls
from tests.unit.vflag import compute

VF, OTHER = compute.VF, compute.OTHER
DEVICE, OTHERS, TRUNK = compute.DEVICE, compute.OTHERS, compute.TRUNK
IDS = {'iface-id': uuids.port, 'iface-status': 'active',
       'attached-mac': compute.MAC, 'vm-uuid': uuids.server}


def test_a_port_comes_and_goes(start, switch):
    host, before = start(), switch.dump()
    for _ in range(2):
        host.plug(compute.vif(VF))
        row, port = switch.row('Interface', DEVICE), switch.row('Port', DEVICE)
        assert switch.ports() == {'br-int': {DEVICE}}
        assert (row['external_ids'], row['type'], row['options'],
                row['mtu_request']) == (IDS, '', {}, [])
        assert (port['tag'], port['vlan_mode'], port['trunks']) == (
            [], [], [])
        queues, = switch.dump()['QoS'].values()
        assert queues['type'] == 'linux-noop'
        assert queues['external_ids'] == {
            'id': ovs_port.qos_id(DEVICE), '_type': 'linux-noop'}
        assert switch.dump()['QoS'].keys() == {port['qos']}
        assert host.is_up(DEVICE) and not host.is_up(OTHERS)
    for _ in range(2):
        host.unplug(compute.vif(VF))
        assert switch.dump() == before
        assert not host.is_up(DEVICE)


@pytest.mark.parametrize('stated, option, expected', [
    (9000, 1400, 9000), (None, 1400, 1400), (0, 1400, 1400)])
def test_the_mtu_is_the_networks_or_the_option(
        start, switch, stated, option, expected):
    host = start(network_device_mtu=option)
    own = {} if stated is None else {'mtu': stated}
    host.plug(compute.vif(VF, network=compute.net(**own)))
    assert host.mtu(DEVICE) == expected


def test_isolated_until_the_agent_has_set_its_vlan(start, switch):
    host = start(isolate_vif=True, default_qos_type='linux-htb')
    host.plug(compute.vif(VF))
    port = switch.row('Port', DEVICE)
    assert (port['tag'], port['vlan_mode'], port['trunks']) == (
        4095, 'trunk', 4095)
    queues, = switch.dump()['QoS'].values()
    assert queues['type'] == queues['external_ids']['_type'] == 'linux-htb'
    switch.update('Port', {'tag': 7, 'vlan_mode': 'access', 'trunks': [
        'set', []]}, [['name', '==', DEVICE]])
    before = switch.dump()
    host.plug(compute.vif(VF))
    assert switch.dump() == before


def test_nothing_is_inherited_from_another_port_of_the_device(start, switch):
    switch.add_port('br-int', DEVICE, iface_id='of another', tag=7)
    switch.add_queues(type='linux-sfq', external_ids=[
        'map', [['id', ovs_port.qos_id(DEVICE)]]])
    start().plug(compute.vif(VF))
    assert switch.row('Port', DEVICE)['tag'] == []
    assert switch.row('Interface', DEVICE)['external_ids'] == IDS
    assert [row['type'] for row in switch.dump()['QoS'].values()] == [
        'linux-noop']


def test_it_moves_to_another_vf_and_bridge(start, switch):
    host = start()
    switch.add_bridge('br-other')
    host.plug(compute.vif(VF))
    host.plug(compute.vif(OTHER, network=compute.net('br-other')))
    assert switch.ports() == {'br-int': set(), 'br-other': {OTHERS}}
    host.plug(compute.vif(OTHER))
    assert switch.ports() == {'br-int': {OTHERS}, 'br-other': set()}
    assert len(switch.dump()['QoS']) == 1


def test_unplug_finds_the_port_whatever_became_of_the_vf(start, switch):
    host, before = start(), switch.dump()
    host.plug(compute.vif(VF))
    host.unplug(compute.vif('ffff:ff:1f.7'))
    assert switch.dump() == before
    assert not host.is_up(DEVICE)


def test_unplug_after_the_representor_is_gone(start, switch):
    host, before = start(), switch.dump()
    host.plug(compute.vif(VF))
    host.sim.set_numvfs(compute.PF1, 0)
    host.unplug(compute.vif(VF))
    assert switch.dump() == before


def test_unplug_of_what_has_neither_vf_nor_network(start, switch):
    host, before = start(), switch.dump()
    host.plug(compute.vif(VF))
    one = compute.vif(VF)
    del one._obj_dev_address, one._obj_network
    host.unplug(one)
    assert switch.dump() == before and not host.is_up(DEVICE)


def test_unplug_takes_down_what_a_crash_left_up(start, switch):
    host = start()
    host.vfs.set_netdev(DEVICE, state='up')
    host.vfs.set_netdev(OTHERS, state='up')
    switch.add_port('br-int', OTHERS, iface_id='of another')
    for address in (VF, OTHER):
        host.unplug(compute.vif(address))
    assert not host.is_up(DEVICE)
    assert host.is_up(OTHERS)


def test_a_bridge_that_is_not_there(start, switch):
    host, before = start(), switch.dump()
    with pytest.raises(exception.PlugFailed) as caught:
        host.plug(compute.vif(VF, network=compute.net('br-nowhere')))
    for words in (uuids.port, f'VF {VF}', 'no bridge br-nowhere for up1_1',
                  'add-br br-nowhere'):
        assert words in str(caught.value)
    assert switch.dump() == before and not host.is_up(DEVICE)


def test_a_trunk_bridge_is_made_and_taken_away(start, switch):
    host, before = start(isolate_vif=True), switch.dump()
    one = compute.vif(VF, network=compute.net(TRUNK))
    host.plug(one)
    assert switch.ports() == {'br-int': set(), TRUNK: {TRUNK, DEVICE}}
    assert switch.row('Bridge', TRUNK)['datapath_type'] == 'system'
    assert switch.row('Port', DEVICE)['tag'] == []
    assert switch.row('Interface', DEVICE)['external_ids'] == IDS | {
        'bridge_name': TRUNK}
    host.plug(one)
    host.unplug(one)
    assert switch.dump() == before


def test_a_trunk_bridge_whose_name_is_too_long_for_the_kernel(start, switch):
    host = start()
    for name, made in ((TRUNK + 'abc', True), (TRUNK + 'abcd', False),
                       ('tbr-éééééé', False)):
        one = compute.vif(VF, network=compute.net(name))
        if made:
            host.plug(one)
        else:
            with pytest.raises(exception.PlugFailed, match='no bridge'):
                host.plug(one)
        assert (name in switch.ports()) == made


@pytest.mark.parametrize('where', ['br-int', TRUNK])
def test_what_vswitchd_cannot_open_goes_again(start, switch, where):
    host, before = start(), switch.dump()
    switch.vswitchd.errors[DEVICE] = 'No such device'
    one = compute.vif(VF, network=compute.net(where))
    with pytest.raises(exception.PlugFailed,
                       match=f'could not open {DEVICE}: No such device'):
        host.plug(one)
    assert switch.dump() == before and not host.is_up(DEVICE)
    switch.vswitchd.errors.clear()
    switch.vswitchd.portless.add(DEVICE)
    with pytest.raises(exception.PlugFailed, match='it got no OpenFlow port'):
        host.plug(one)
    assert switch.dump() == before


def test_what_a_server_may_be_using_stays(start, switch):
    """Whatever fails when nova-compute starts and plugs all again."""
    host = start(ovsdb_timeout=1)
    host.plug(compute.vif(VF))
    before = switch.dump()
    switch.vswitchd.errors[DEVICE] = 'No such device'
    with pytest.raises(exception.PlugFailed):
        host.plug(compute.vif(VF, address='fa:16:3e:00:00:01'))
    assert host.is_up(DEVICE)
    switch.vswitchd.errors.clear()
    host.plug(compute.vif(VF))
    assert switch.dump() == before


def test_a_vswitchd_that_hangs_is_named(start, switch):
    host, before = start(ovsdb_timeout=1), switch.dump()
    switch.vswitchd.hangs = True
    with pytest.raises(exception.PlugFailed) as caught:
        host.plug(compute.vif(VF))
    assert (f'ovs-vswitchd did not take up the change to {DEVICE} within 1 '
            'seconds') in str(caught.value)
    assert switch.dump() == before and not host.is_up(DEVICE)


def test_the_netdev_cannot_be_set(start, switch, monkeypatch):
    host, before = start(), switch.dump()

    def refuse(*_):
        raise OSError(22, 'Invalid argument')

    with monkeypatch.context() as refusing:
        refusing.setattr(calls, 'set_link', refuse)
        with pytest.raises(exception.PlugFailed) as caught:
            host.plug(compute.vif(VF))
    assert ('up1_1 could not be set up with MTU 1500: Invalid argument'
            ) in str(caught.value)
    assert switch.dump() == before
    host.plug(compute.vif(VF))
    monkeypatch.setattr(calls, 'set_link', refuse)
    host.unplug(compute.vif(VF))
    assert switch.dump() == before
