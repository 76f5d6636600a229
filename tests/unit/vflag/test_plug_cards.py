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

"""Plugs that depend on the card, its bond and the datapath."""

import dataclasses

from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from os_vif_vflag import exception
from tests.sim.card import Bond
from tests.sim.card import LagState
from tests.unit.vflag import compute

VF, DEVICE, TRUNK = compute.VF, compute.DEVICE, compute.TRUNK
PF1, UPLINKS = compute.PF1, compute.UPLINKS
BOND = Bond('bond0', '802.3ad', UPLINKS)


@pytest.mark.parametrize('card, devices', [
    ({}, {DEVICE, 'up1'}), ({'bond': BOND}, {DEVICE, *UPLINKS})])
def test_whose_offload_is_turned_on(start, switch, card, devices):
    host = start(card)
    host.refused['up1'] = 'the driver does not offer it'
    host.plug(compute.vif(VF))
    assert host.offloading == devices - {'up1'}
    host.refused.clear()
    host.plug(compute.vif(VF))
    assert host.offloading == devices


def test_offload_is_left_as_it_is(start, switch):
    host = start({'bond': BOND}, hw_tc_offload=False)
    host.plug(compute.vif(VF))
    assert host.offloading == set()


def test_a_representor_whose_pf_has_no_uplink(start, switch):
    host = start()
    host.sim.remove((PF1, 'uplink', None))
    host.plug(compute.vif(VF))
    assert host.offloading == {DEVICE}
    assert switch.ports() == {'br-int': {DEVICE}}


def test_a_bond_that_is_not_offloaded(start, switch, caplog):
    card = {'bond': BOND, 'lag': LagState('disabled')}
    start(card, lag_policy='ignore').plug(compute.vif(VF))
    assert 'bond0' not in caplog.text
    host = start(card)
    host.unplug(compute.vif(VF))
    host.plug(compute.vif(VF))
    said, = (record.getMessage() for record in caplog.records
             if 'bond0' in record.getMessage())
    reason = 'VFs were bound before the LAG was active'
    for words in (uuids.port, VF, PF1, 'inactive', reason):
        assert words in said
    strict = start(card, lag_policy='require')
    strict.plug(compute.vif(VF))      # it is plugged already
    strict.unplug(compute.vif(VF))
    before = switch.dump()
    with pytest.raises(exception.PlugFailed) as caught:
        strict.plug(compute.vif(VF))
    for words in (VF, PF1, 'bond0', reason, 'lag_policy'):
        assert words in str(caught.value)
    assert switch.dump() == before and not strict.is_up(DEVICE)


def test_a_degraded_bond_is_a_warning(start, switch, caplog):
    pfs = (compute.PFS[0], dataclasses.replace(compute.PFS[1], link='down'))
    host = start({'pfs': pfs, 'bond': BOND, 'lag': LagState()},
                 lag_policy='require')
    host.plug(compute.vif(VF))
    assert 'bond0 is degraded: no link on up1' in caplog.text


VFR, VHU = (f'{prefix}{uuids.port}'[:14] for prefix in ('vfr', 'vhu'))


@pytest.mark.parametrize('one, expected', [
    (compute.vif(VF, port_profile=compute.profile(datapath_type='netdev')),
     (VFR, 'dpdk', {'dpdk-devargs': '0000:03:00.1,representor=[1]'})),
    (compute.vhost(), (VHU, 'dpdkvhostuserclient',
                       {'vhost-server-path': '/run/vhu/socket'})),
    (compute.vhost(port_profile=compute.profile(datapath_type='')),
     (VHU, 'dpdkvhostuserclient',
      {'vhost-server-path': '/run/vhu/socket'})),
    (compute.vhost(port_profile=compute.profile(datapath_type='system')),
     (VHU, 'dpdkvhostuserclient',
      {'vhost-server-path': '/run/vhu/socket'})),
    (compute.vhost('client'), (VHU, 'dpdkvhostuser', {}))],
    ids=['DPDK', 'QEMU is the server', 'with an empty datapath',
         'with a profile of the kernel',
         'QEMU is the client'])
def test_ports_of_dpdk(start, switch, one, expected):
    """No netdev of the kernel is touched for them."""
    host, before = start(network_device_mtu=1400), switch.dump()
    host.vfs.set_netdev(DEVICE, state='up')
    for bridge in ('br-int', TRUNK):
        one.network = compute.net(bridge)
        host.plug(one)
        row = switch.row('Interface', expected[0])
        assert (row['name'], row['type'], row['options']) == expected
        assert row['mtu_request'] == 1400
        assert row['external_ids']['iface-id'] == uuids.port
        if bridge == TRUNK:
            assert switch.row('Bridge', TRUNK)['datapath_type'] == (
                'datapath_type' in one.port_profile
                and one.port_profile.datapath_type or 'netdev')
        assert switch.dump()['QoS'] == {}
        host.unplug(one)
        assert switch.dump() == before
    assert host.is_up(DEVICE) and host.offloading == set()


def test_what_a_socket_is_called_in_errors(start, switch):
    one = compute.vhost(network=compute.net('br-nowhere'))
    with pytest.raises(exception.PlugFailed, match=(
            f'Port {uuids.port} could not be plugged into socket '
            '/run/vhu/socket: .*no bridge br-nowhere for vhu')):
        start().plug(one)
