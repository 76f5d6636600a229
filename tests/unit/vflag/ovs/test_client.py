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

"""The copy of the database, and what is said when nobody answers."""

import concurrent.futures
import dataclasses
import time

from ovs.db import idl
import pytest

from os_vif_vflag.ovs import client
from os_vif_vflag.ovs import ovs_errors
from os_vif_vflag.ovs import ovs_port
from tests.lab import culprit
from tests.unit.vflag import compute

PORT = ovs_port.OvsPort('br-int', 'dev0', 'an id', 'fa:16:3e:00:00:01',
                        'a vm')


def test_what_is_there(switch, connect):
    db = connect()
    switch.add_port('br-int', 'dev0', iface_id='an id')
    switch.add_port('br-int', 'dev1', iface_id='another')
    assert compute.eventually(lambda: db.interfaces() == {
        'dev0': {'iface-id': 'an id'}, 'dev1': {'iface-id': 'another'},
        })
    assert db.has_bridge('br-int') and not db.has_bridge('br-nowhere')
    assert db.has_port('dev1') and not db.has_port('dev2')
    assert db.is_plugged(PORT)
    for other in ({'device': 'dev1'}, {'device': 'dev2'},
                  {'iface_id': 'another'}):
        assert not db.is_plugged(dataclasses.replace(PORT, **other))


def found(db, iface_id):
    with db._replica() as api:
        return {row.name for row in api.idl.rows_with('Interface', iface_id)}


def test_rows_are_found_whatever_changed(switch, connect):
    db = connect()
    for name, iface_id in (('a', 'one'), ('b', 'one'), ('c', 'two')):
        switch.add_port('br-int', name, iface_id=iface_id)
    assert compute.eventually(lambda: found(db, 'one') == {'a', 'b'})
    assert compute.eventually(lambda: found(db, 'two') == {'c'})
    switch.update('Interface', {'external_ids': [
        'map', [['iface-id', 'two']]]}, [['name', '==', 'b']])
    assert compute.eventually(lambda: found(db, 'two') == {'b', 'c'})
    assert found(db, 'one') == {'a'}
    switch.delete_port('c')
    switch.delete_port('a')
    assert compute.eventually(lambda: found(db, 'two') == {'b'})
    assert compute.eventually(lambda: found(db, 'one') == set())
    with db._api.ovsdb_connection.lock:
        db._api.idl.force_reconnect()
    switch.add_port('br-int', 'a', iface_id='two')
    assert compute.eventually(lambda: found(db, 'two') == {'a', 'b'})


def test_nothing_is_kept_of_what_is_gone(switch, connect):
    """Ids are new for each port, and nova-compute runs for months."""
    db = connect()
    kept = dict(db._api.idl._uuids)
    for number in range(3):
        one = dataclasses.replace(PORT, iface_id=f'{number}',
                                  qos_type='linux-noop')
        db.plug(one)
        assert found(db, one.iface_id) == {'dev0'}
        db.unplug(one.iface_id)
    assert compute.eventually(lambda: not db.has_port('dev0'))
    assert dict(db._api.idl._uuids) == kept


def test_interfaces_of_a_bond_have_a_port_of_another_name(switch, connect):
    switch.add_port('br-int', 'a', 'b', port='bond', iface_id='an id')
    switch.add_port('br-int', 'c', iface_id='another')
    before = switch.ports()
    assert before == {'br-int': {'bond', 'c'}}
    assert sorted(connect().unplug('an id')) == ['a', 'b']
    assert switch.ports() == {'br-int': {'c'}}


def test_a_port_that_is_a_bonds_interface_by_name(switch, connect):
    """The port «a» is not that of the interface «a»."""
    switch.add_port('br-int', 'a', 'b', port='c', iface_id='an id')
    switch.add_port('br-int', 'd', port='a', iface_id='another')
    connect().unplug('an id')
    assert switch.ports() == {'br-int': {'a'}}


def test_only_netdevs_of_the_kernel_are_to_be_set_down(switch, connect):
    db = connect()
    switch.add_port('br-int', 'vhu', iface_id='an id')
    switch.update('Interface', {'type': 'dpdkvhostuser'},
                  [['name', '==', 'vhu']])
    assert db.unplug('an id') == []
    assert switch.ports() == {'br-int': set()}


def test_unplug_takes_every_port_of_the_id(switch, connect):
    switch.add_bridge('br-other')
    switch.add_port('br-int', 'a', iface_id='an id')
    switch.add_port('br-other', 'b', iface_id='an id')
    assert sorted(connect().unplug('an id', 'br-other')) == ['a', 'b']
    assert switch.ports() == {'br-int': set()}


def test_nothing_to_do_waits_for_nobody(switch, connect):
    db = connect(30)
    switch.vswitchd.hangs = True
    start = time.monotonic()
    assert db.unplug('of nobody') == []
    assert time.monotonic() - start < 10


def test_a_bridge_is_made_only_for_a_trunk(switch, connect):
    with pytest.raises(ovs_errors.BridgeNotFound, match='br-x for dev0'):
        connect().plug(dataclasses.replace(PORT, bridge='br-x'))


def test_what_cannot_be_taken_away_hides_no_error(
        switch, connect, monkeypatch):
    db, commit = connect(), client.OvsDb._commit

    def unreachable(self, command, device, wait=True):
        if not wait:
            raise self._unreachable('gone')
        return commit(self, command, device, wait)

    monkeypatch.setattr(client.OvsDb, '_commit', unreachable)
    switch.vswitchd.errors['dev0'] = 'No such device'
    with pytest.raises(ovs_errors.InterfaceRejected, match='No such device'):
        db.plug(PORT)


def test_it_is_removed_meanwhile(switch, connect, monkeypatch):
    db, wait = connect(), client.OvsDb._wait_for_vswitchd

    def removed(self, *args):
        wait(self, *args)
        switch.delete_port('dev0')
        compute.eventually(lambda: not db.has_port('dev0'))

    monkeypatch.setattr(client.OvsDb, '_wait_for_vswitchd', removed)
    with pytest.raises(ovs_errors.InterfaceRejected,
                       match='dev0: it was removed meanwhile'):
        db.plug(PORT)


def test_what_the_database_refuses(switch, connect, caplog):
    """An interface of that name is in a bond (the schema's indexes)."""
    switch.add_port('br-int', 'a', 'dev0', port='bond', iface_id='another')
    before = switch.dump()
    with pytest.raises(ovs_errors.OvsdbRefused,
                       match='the change to dev0: .*constraint violation'):
        connect().plug(PORT)
    assert switch.dump() == before
    # Whoever called says it; ovsdbapp need not, with a traceback.
    assert not [one for one in caplog.records if one.levelname == 'ERROR']


def test_several_at_once(switch, connect):
    db, before = connect(), switch.dump()
    many = [dataclasses.replace(PORT, device=f'dev{n}', iface_id=f'id {n}',
                                qos_type='linux-noop') for n in range(6)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(db.plug, many))
        assert switch.ports() == {'br-int': {one.device for one in many}}
        taken = list(pool.map(db.unplug, [one.iface_id for one in many]))
    assert taken == [[one.device] for one in many]
    assert switch.dump() == before


def test_a_vswitchd_that_hangs(switch, connect):
    db = connect(2)
    db.plug(PORT)
    switch.vswitchd.hangs = True
    start = time.monotonic()
    with pytest.raises(ovs_errors.VswitchdTimeout,
                       match='the change to dev1 within 2 seconds'):
        db.plug(dataclasses.replace(PORT, device='dev1', iface_id='another'))
    # What takes it away again is not waited for.
    assert time.monotonic() - start < 4
    with pytest.raises(ovs_errors.VswitchdTimeout,
                       match='the change to iface-id an id within 2 seconds'):
        db.unplug('an id')
    assert switch.ports() == {'br-int': set()}


def test_a_lost_answer(switch, connect, monkeypatch):
    """What was new before the answer was lost is new, and what was taken
    off then was taken off."""
    db, before = connect(), switch.dump()
    assert db.has_bridge('br-int')
    monkeypatch.setattr(idl.Transaction, 'commit', idl.Transaction.commit)
    switch.vswitchd.errors['dev0'] = 'No such device'
    port = dataclasses.replace(PORT, bridge='tbr-0a')
    culprit.lose_the_next_answer()
    with pytest.raises(ovs_errors.InterfaceRejected, match='No such device'):
        db.plug(port)
    assert switch.dump() == before
    switch.vswitchd.errors.clear()
    db.plug(port)
    culprit.lose_the_next_answer()
    assert db.unplug('an id', 'tbr-0a') == ['dev0']
    assert switch.dump() == before


def test_nobody_waits_for_an_unanswered_request_without_end(switch, connect):
    db = connect(1)
    assert not db.has_bridge('x')
    with (db._api.ovsdb_connection.lock,
          concurrent.futures.ThreadPoolExecutor(1) as pool,
          pytest.raises(ovs_errors.OvsdbUnreachable) as caught):
        pool.submit(db.interfaces).result(20)
    assert 'an earlier request is unanswered' in str(caught.value)
    assert f'{switch.connection} cannot be reached' in str(caught.value)
    assert 'within 1 seconds' in str(caught.value)
    assert db.interfaces() == {}
