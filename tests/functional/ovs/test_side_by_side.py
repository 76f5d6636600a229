"""The stock plugin and ours, same input, same run, same Open vSwitch.

Stock forces datapath_type=system, which ovs-vswitchd refuses here, so what
is compared is the database. Stock also gives each port a row in the table
QoS of type linux-noop ([os_vif_ovs]default_qos_type), which tells
ovs-vswitchd to leave the device's queues alone.
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
    for row in (*interfaces.values(), *ports):
        for column in ('interfaces', 'ofport', 'error', 'qos'):
            row.pop(column, None)
    return (interfaces, ports,
            {name: host.netdev(name) for name in interfaces})


def test_same_end_state(host):
    states = {}
    for plugin in ('vflag', 'ovs'):
        port = dataclasses.replace(PORT, plugin=plugin)
        host.plug(port).result()
        states[plugin] = end_state(host)
        host.unplug(port).result()
        assert end_state(host) == ({}, [], {})
        assert host.netdev(host.representor(VF))[0] == 'down'
    assert states['vflag'] == states['ovs']
    assert list(states['ovs'][0]) == ['enp3s0f0_1']


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


@pytest.mark.parametrize(('plugin', 'types'), [
    ('vflag', []), ('ovs', ['linux-noop'])])
def test_what_only_stock_adds(host, plugin, types):
    host.plug(dataclasses.replace(PORT, plugin=plugin)).result()
    assert [row['type'] for row in host.ovs.dump()['QoS'].values()] == types


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
