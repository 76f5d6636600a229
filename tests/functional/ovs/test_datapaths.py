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

"""DPDK, vhost ports and trunk bridges: the database as stock leaves it.

A stand-in for ovs-vswitchd confirms what no machine without the hardware
can open.
"""

import dataclasses

import pytest

from tests.lab import ovs
from tests.lab.osvif import Port
from tests.lab.osvif import VhostPort
from tests.sim.card import Bond
from tests.sim.card import Card
from tests.sim.card import LagState
from tests.sim.card import Pf

VF = '0000:03:01.3'      # VF 1 of the second PF
PORT = Port(VF, mtu=9000)
DPDK = dataclasses.replace(PORT, datapath_type='netdev')
# Where the profile does not say netdev, stock gives it queues as if it were
# the kernel's, and leaves them behind.
VHOST = VhostPort(None, mtu=9000, datapath_type='netdev')
TRUNK = 'tbr-0a1b2c3d'
CARD = Card(pfs=(Pf('0000:03:00.0', 'enp3s0f0np0', vfs=2),
                 Pf('0000:03:00.1', 'enp3s0f1np1', vfs=2)))
PORTS = {
    'DPDK': DPDK,
    'DPDK, trunk': dataclasses.replace(DPDK, bridge=TRUNK),
    'vhost, QEMU is the server': VHOST,
    'vhost, QEMU is the client': dataclasses.replace(VHOST, mode='client'),
    'kernel, trunk': dataclasses.replace(PORT, bridge=TRUNK),
}


@pytest.fixture
def host(compute):
    host = compute(CARD, vswitchd=ovs.STAND_IN)
    for plugin in ('vflag', 'ovs'):
        host.options[f'os_vif_{plugin}']['isolate_vif'] = True
    return host


def state(host):
    """:returns: table → rows without what differs by chance"""
    database = host.ovs.dump()
    wanted = {'Bridge': ('name', 'datapath_type'),
              'Port': ('name', 'tag', 'vlan_mode', 'trunks'),
              'Interface': ('name', 'type', 'options', 'mtu_request',
                            'external_ids'),
              'QoS': ('type', 'external_ids')}
    return {table: sorted(
        ([row[column] for column in columns]
         for row in database[table].values()), key=str)
        for table, columns in wanted.items()}


def after(host, port, plugin):
    """State once the plugin has plugged; its unplug leaves nothing."""
    port = dataclasses.replace(port, plugin=plugin)
    before = state(host)
    host.plug(port).result()
    plugged = state(host)
    host.unplug(port).result()
    assert state(host) == before
    return plugged


@pytest.mark.parametrize('kind', PORTS)
def test_as_stock(host, kind):
    """But for the MTU of DPDK, which stock sets on a netdev that does not
    exist."""
    ours, stock = (after(host, PORTS[kind], name)
                   for name in ('vflag', 'ovs'))
    for row in stock['Interface']:
        if row[1] == 'dpdk':
            assert row[3] == []
            row[3] = 9000
    assert ours == stock


def test_the_port_of_a_dpdk_datapath(host):
    host.plug(DPDK).result()
    interface = host.ovs.interface(f'vfr{DPDK.id}'[:14])
    assert interface['type'] == 'dpdk'
    assert interface['options'] == {
        'dpdk-devargs': '0000:03:00.1,representor=[1]'}
    assert interface['mtu_request'] == 9000
    assert host.netdev('enp3s0f1_1')[0] == 'down'


BOND = Bond('bond0', '802.3ad', ('enp3s0f0np0', 'enp3s0f1np1'))
STOCK = '0000:03:00.1,representor=[1]'
LAG = '0000:03:00.0,representor=pf1vf1'
DPDK_CARDS = {
    'VF-LAG': (CARD.pfs, {'bond': BOND, 'lag': LagState()}, LAG),
    'VF-LAG, a link is down': ((CARD.pfs[0], dataclasses.replace(
        CARD.pfs[1], link='down')), {'bond': BOND, 'lag': LagState()}, LAG),
    'VF-LAG, ports against the order of functions': (tuple(
        dataclasses.replace(pf, port=1 - number)
        for number, pf in enumerate(CARD.pfs)),
        {'bond': BOND, 'lag': LagState()}, STOCK),
    'a bond that is not offloaded': (
        CARD.pfs, {'bond': BOND, 'lag': LagState('disabled')}, STOCK),
    'a bond of another vendor': (
        CARD.pfs, {'bond': dataclasses.replace(BOND, mode='active-backup'),
                   'driver': 'ice', 'vf_driver': 'iavf', 'naming': 'ice'},
        STOCK),
    'DPU': ((CARD.pfs[0], dataclasses.replace(CARD.pfs[1], external_vfs=2)),
            {}, STOCK),
}


@pytest.mark.parametrize('kind', DPDK_CARDS)
def test_devargs_of_each_card(compute, kind):
    pfs, more, expected = DPDK_CARDS[kind]
    host = compute(Card(pfs=pfs, **more), vswitchd=ovs.STAND_IN)
    host.plug(DPDK).result()
    assert host.ovs.interface(f'vfr{DPDK.id}'[:14])['options'] == {
        'dpdk-devargs': expected}


def test_devargs_of_the_first_port_of_a_lag(compute):
    """It finds itself by its address, as without a LAG."""
    host = compute(Card(pfs=CARD.pfs, bond=BOND, lag=LagState()),
                   vswitchd=ovs.STAND_IN)
    port = dataclasses.replace(DPDK, vf='0000:03:00.2')
    host.plug(port).result()
    assert host.ovs.interface(f'vfr{port.id}'[:14])['options'] == {
        'dpdk-devargs': '0000:03:00.0,representor=[0]'}


def test_a_switch_without_dpdk_says_so(compute):
    host = compute(CARD)
    before = state(host)
    outcome = host.plug(DPDK)
    for words in (DPDK.id, VF, 'ovs-vswitchd could not open', 'vfr'):
        assert words in outcome.text
    assert state(host) == before


def test_dpdk_needs_no_representor(host):
    """DPDK takes the PF away from the kernel."""
    host.host.remove_representor(VF)
    host.netdevs.sync()
    host.plug(DPDK).result()
    assert len(host.ovs.ports('br-int')) == 1


def test_trunk_bridge_is_taken_back(host):
    """It was made for a port that could not be plugged."""
    before = state(host)
    host.options['os_vif_vflag']['ovsdb_timeout'] = 1
    host.ovs.kill(ovs.STAND_IN)
    assert host.plug(PORTS['kernel, trunk']).error
    assert state(host) == before
