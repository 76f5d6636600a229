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

"""The stock plugin and ours, same input, same run, same Open vSwitch.

Stock forces datapath_type=system, which ovs-vswitchd refuses here, so what
is compared is the database.
"""

import dataclasses

import pytest

from tests.lab.osvif import Port
from tests.sim.card import Card
from tests.sim.card import Pf

VF = '0000:03:00.3'
CARD = Card(pfs=(Pf('0000:03:00.0', 'enp3s0f0np0', vfs=2),
                 Pf('0000:03:00.1', 'enp3s0f1np1', vfs=2)))
PORT = Port(VF, mtu=1450)


@pytest.fixture
def host(compute):
    return compute(CARD)


def end_state(host):
    """What others read: Neutron's agent, OVN, the operator."""
    database = host.ovs.dump()
    interfaces = {row['name']: row for row in database['Interface'].values()
                  if row['type'] != 'internal'}
    ports = [row for row in database['Port'].values()
             if row['name'] in interfaces]
    for row in ports:
        row['qos'] = [database['QoS'][key] for key in _several(row['qos'])]
    for row in (*interfaces.values(), *ports):
        for column in ('interfaces', 'ofport', 'error'):
            row.pop(column, None)
    return (interfaces, ports, len(database['QoS']),
            {name: host.netdev(name) for name in interfaces
             if not interfaces[name]['type']})


def _several(value):
    return value if isinstance(value, list) else [value]


def both(host, **options):
    """End state after each plugin's plug; its unplug leaves nothing."""
    states = {}
    for plugin in ('vflag', 'ovs'):
        host.options[f'os_vif_{plugin}'].update(options)
        port = dataclasses.replace(PORT, plugin=plugin)
        host.plug(port).result()
        states[plugin] = end_state(host)
        host.unplug(port).result()
        assert end_state(host) == ({}, [], 0, {})
        assert host.netdev(host.representor(VF))[0] == 'down'
    return states['vflag'], states['ovs']


def test_same_end_state(host):
    ours, stock = both(host)
    assert ours == stock
    assert list(stock[0]) == ['enp3s0f0_1']


@pytest.mark.parametrize('options', [
    {'isolate_vif': True},
    {'default_qos_type': 'linux-htb'},
    {'isolate_vif': True, 'default_qos_type': 'linux-fq_codel'},
])
def test_same_end_state_with_options(host, options):
    ours, stock = both(host, **options)
    assert ours == stock
    (port,) = stock[1]
    assert port['qos'][0]['type'] == options.get(
        'default_qos_type', 'linux-noop')
    assert (port['tag'], port['vlan_mode'], port['trunks']) == (
        (4095, 'trunk', 4095) if 'isolate_vif' in options
        else ([], [], []))


def test_each_takes_over_from_the_other(host):
    """Going back to stock, or on from it, never breaks a running cloud."""
    before = host.ovs.dump()['Interface'].keys()
    stock = dataclasses.replace(PORT, plugin='ovs')
    for first, second in ((stock, PORT), (PORT, stock)):
        host.plug(first).result()
        state = end_state(host)
        if second.plugin == 'vflag':
            # stock's bridge type would keep vswitchd from opening it
            host.ovs.vsctl('set', 'Bridge', 'br-int',
                           'datapath_type=netdev')
        host.plug(second).result()
        assert end_state(host) == state
        host.unplug(second).result()
        assert host.ovs.dump()['Interface'].keys() == before


def test_stock_changes_the_bridge(host):
    """Why operators of other datapaths could not have it."""
    host.plug(dataclasses.replace(PORT, plugin='ovs')).result()
    bridge, = host.ovs.dump()['Bridge'].values()
    assert bridge['datapath_type'] == 'system'


def test_stock_cannot_unplug_without_the_representor(host):
    """Ours can; see test_plug."""
    port = dataclasses.replace(PORT, plugin='ovs')
    host.plug(port).result()
    host.host.set_numvfs('0000:03:00.0', 0)
    host.netdevs.sync()
    assert 'os_vif.exception.UnplugException' in host.unplug(port).error
    assert host.ovs.ports('br-int') == ['enp3s0f0_1']
