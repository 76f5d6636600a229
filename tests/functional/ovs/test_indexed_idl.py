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

"""Rows found by an external id are those that a look at all rows finds."""

import itertools
import time

import pytest

from os_vif_vflag.ovs.client import OvsDb
from tests.lab import ovs as lab

NAMES = ('a', 'b', 'c')
IDS = ('one', 'two')


@pytest.fixture
def ovs():
    if lab.why_not():
        pytest.skip(lab.why_not())
    with lab.Ovs(vswitchd=lab.STAND_IN) as running:
        running.add_bridge('br-int')
        yield running


def change(ovs, *commands):
    ovs.vsctl('--no-wait', *commands)


def add(name, iface_id):
    return ('--', 'add-port', 'br-int', name, '--', 'set', 'Interface', name,
            f'external_ids:iface-id={iface_id}')


def found(api):
    return {(iface_id, row.name) for iface_id in IDS
            for row in api.idl.rows_with('Interface', iface_id)}


def scanned(api):
    return {(row.external_ids['iface-id'], row.name)
            for row in api.tables['Interface'].rows.values()
            if 'iface-id' in row.external_ids}


def seen(api, expected):
    """Both, once the copy has what the database has."""
    for _ in range(500):
        with api.ovsdb_connection.lock:
            both = found(api), scanned(api)
        if both[1] == expected:
            break
        time.sleep(0.01)
    return both == (expected, expected)


@pytest.fixture
def connect(ovs):
    """A function that connects; its thread ends with the test."""
    connections = []

    def connected():
        api = OvsDb(ovs.connection, 10, tls=None)._api
        connections.append(api.ovsdb_connection)
        return api

    yield connected
    for connection in connections:
        assert connection.stop(10)


def test_whatever_changes(ovs, connect):
    change(ovs, *add('a', 'one'))
    api = connect()
    assert seen(api, {('one', 'a')})
    change(ovs, *add('b', 'one'), *add('c', 'two'))
    assert seen(api, {('one', 'a'), ('one', 'b'), ('two', 'c')})
    change(ovs, 'set', 'Interface', 'b', 'external_ids:iface-id=two')
    assert seen(api, {('one', 'a'), ('two', 'b'), ('two', 'c')})
    change(ovs, 'remove', 'Interface', 'b', 'external_ids', 'iface-id')
    assert seen(api, {('one', 'a'), ('two', 'c')})
    change(ovs, 'del-port', 'c')
    assert seen(api, {('one', 'a')})
    # The same device again, for another one, in a single change.
    change(ovs, 'del-port', 'a', *add('a', 'two'))
    assert seen(api, {('two', 'a')})


def test_what_changed_while_the_connection_was_lost(ovs, connect):
    change(ovs, *itertools.chain(*(add(name, 'one') for name in NAMES)))
    api = connect()
    assert seen(api, {('one', name) for name in NAMES})
    # That of ovsdbapp's connection wakes its thread for ever: what it writes
    # into the queue's pipe is never read (ovsdbapp 2.x, connection.py).
    with api.ovsdb_connection.lock:
        api.idl.force_reconnect()
    change(ovs, 'del-port', 'a', '--', 'set', 'Interface', 'b',
           'external_ids:iface-id=two')
    assert seen(api, {('two', 'b'), ('one', 'c')})
    ovs.restart(lab.SERVER)
    change(ovs, 'del-port', 'b')
    assert seen(api, {('one', 'c')})
