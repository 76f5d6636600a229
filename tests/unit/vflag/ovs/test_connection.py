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

"""Servers that hang, die, or are not what they should be."""

import concurrent.futures
import dataclasses
import gc
import json
import logging
import os
import signal
import threading

import pytest

from os_vif_vflag.ovs import ovs_errors
from os_vif_vflag.ovs import ovs_port
from tests.lab import ovs as lab
from tests.unit.vflag import compute
from tests.unit.vflag.ovs import test_schema

PORT = ovs_port.OvsPort('br-int', 'dev0', 'an id', 'fa:16:3e:00:00:01',
                        'a vm')
server = test_schema.server


@pytest.fixture
def own(tmp_path):
    """An ovsdb-server that may hang or die."""
    with lab.Ovs(vswitchd=None) as running:
        running.vsctl('--no-wait', 'add-br', 'br-int')
        yield running


def test_a_server_that_hangs(own, connect):
    """One waits for its answer, the others for that; then it goes on, and
    what was given up is not done after all."""
    db = connect(2, own.connection)
    assert db.has_bridge('br-int')
    own.pause(lab.SERVER)
    many = [dataclasses.replace(PORT, device=f'dev{n}', iface_id=f'id {n}')
            for n in range(3)]

    def error(one):
        with pytest.raises(ovs_errors.OvsdbUnreachable) as caught:
            db.plug(one)
        return str(caught.value)

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        errors = list(pool.map(error, many))
    assert sum('(the change is unanswered)' in one for one in errors) == 1
    assert sum('(an earlier request is unanswered)' in one
               for one in errors) == 2
    own.resume(lab.SERVER)
    assert compute.eventually(lambda: db.has_bridge('br-int'))
    db.unplug('of nobody')
    assert len(own.ports('br-int')) <= 1


def test_a_server_that_goes_while_vswitchd_is_waited_for(own, connect):
    db = connect(2, own.connection)
    assert db.has_bridge('br-int')
    threading.Timer(0.5, own.kill, (lab.SERVER,)).start()
    with pytest.raises(ovs_errors.OvsdbUnreachable,
                       match='the connection was lost'):
        db.plug(PORT)
    # Nor is it up at the first request.
    with pytest.raises(ovs_errors.OvsdbUnreachable,
                       match='the connection was lost'):
        db.plug(dataclasses.replace(PORT, iface_id='another'))
    own.start(lab.SERVER)
    assert compute.eventually(lambda: db._api.idl.is_connected())
    assert db._api.idl.vswitchd_has_completed(0)


def test_a_forked_process_connects_anew(switch, connect):
    db = connect()
    assert db.has_bridge('br-int')
    parents = db._api.idl._session.rpc.stream.socket
    # As if another thread were connecting at this moment.
    with db._connecting:
        child = os.fork()
    if child == 0:
        signal.alarm(20)
        try:
            assert parents.fileno() == -1
            assert db.has_bridge('br-int')
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    switch.add_bridge('br-new')
    assert compute.eventually(lambda: db.has_bridge('br-new'))


def test_one_that_never_connected_forks_as_well(connect):
    db = connect()
    child = os.fork()
    if child == 0:
        os._exit(db._connected is not None or db._connecting.locked())
    assert os.waitpid(child, 0)[1] == 0


@pytest.fixture
def schema():
    if lab.why_not():
        pytest.skip(lab.why_not())
    return json.loads(lab.SCHEMA.read_text())


def sockets():
    return sum(os.path.exists(f'/proc/self/fd/{fd}')
               and os.readlink(f'/proc/self/fd/{fd}').startswith('socket:')
               for fd in os.listdir('/proc/self/fd'))


def test_no_connection_is_left_to_a_server_that_sends_no_data(
        connect, server, schema, caplog):
    def answer(request):
        return (test_schema.reply(schema)(request)
                if request['method'] == 'get_schema' else b' ')

    # The text of its exception cannot be made: it has none.
    caplog.set_level(logging.CRITICAL + 1, 'ovsdbapp')
    db = connect(2, server(answer))
    gc.disable()
    try:
        left = []
        for _ in range(2):
            with pytest.raises(ovs_errors.OvsdbUnreachable,
                               match='it sent no data'):
                db.has_bridge('br-int')
            left.append(sockets())
    finally:
        gc.enable()
    # The server's ends, of the schema and of the copy, are in this process.
    assert left[1] - left[0] == 2


def test_a_schema_that_lacks_a_column(connect, server, schema):
    del schema['tables']['Interface']['columns']['mtu_request']
    one = server(test_schema.reply(schema))
    with pytest.raises(ovs_errors.OvsdbSchemaLacks, match=(
            f'at {one} has no column mtu_request in its table Interface')):
        connect(5, one).has_bridge('br-int')


@pytest.mark.parametrize('spoil', [
    lambda schema: schema.clear(),
    lambda schema: schema['tables']['Interface']['columns']['name'].update(
        type='psychic')], ids=['none', 'of an unknown type'])
def test_what_is_no_schema(connect, server, schema, spoil):
    spoil(schema)
    one = server(test_schema.reply(schema))
    with pytest.raises(ovs_errors.OvsdbUnreachable, match=f'server at {one}'):
        connect(5, one).has_bridge('br-int')
