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

"""The schema, from servers that answer, stay silent or send nonsense."""

import contextlib
import json
import socket
import threading
import time

import pytest

from os_vif_vflag.ovs import ovs_errors
from os_vif_vflag.ovs import schema
from tests.lab import ovs

SCHEMA = {'name': 'Open_vSwitch', 'version': '8.4.0', 'tables': {}}


@pytest.fixture
def server(tmp_path):
    """A function: what it answers, a function of the request or None for
    silence → its connection."""
    with contextlib.ExitStack() as stack:
        def start(answer):
            name = str(tmp_path / f'{len(list(tmp_path.iterdir()))}.sock')
            listening = stack.enter_context(socket.socket(socket.AF_UNIX))
            listening.bind(name)
            listening.listen()
            stack.callback(listening.shutdown, socket.SHUT_RDWR)
            threading.Thread(target=serve, args=(listening, answer),
                             daemon=True).start()
            return f'unix:{name}'
        yield start


def serve(listening, answer):
    with contextlib.ExitStack() as clients:
        while True:
            try:
                client = clients.enter_context(listening.accept()[0])
            except OSError:
                return
            threading.Thread(target=talk, args=(client, answer),
                             daemon=True).start()


def talk(client, answer):
    with contextlib.suppress(OSError, ValueError):
        said = answer(json.loads(client.recv(65536))) if answer else None
        if said is not None:
            client.sendall(said)
        elif answer:
            client.close()


def reply(result, error=None):
    def answer(request):
        assert request['method'] == 'get_schema'
        assert request['params'] == ['Open_vSwitch']
        return json.dumps({'id': request['id'], 'error': error,
                           'result': result}).encode()
    return answer


def why(remotes, timeout=1):
    start = time.monotonic()
    with pytest.raises(schema.Unavailable) as caught:
        schema.fetch(remotes, timeout)
    assert time.monotonic() - start < timeout + 4
    return str(caught.value)


def test_of_one(server):
    assert schema.fetch((server(reply(SCHEMA)),), 10) == SCHEMA


def test_of_whoever_has_it(server):
    """Whatever the others do."""
    others = ['unix:/nonexistent', server(None), server(lambda request: None),
              server(reply(None, 'unknown database'))]
    good = server(reply(SCHEMA))
    for remotes in ((good, *others), (*others, good)):
        start = time.monotonic()
        assert schema.fetch(remotes, 30) == SCHEMA
        assert time.monotonic() - start < 15


def test_it_takes_a_moment(server):
    def late(request):
        time.sleep(0.3)
        return reply(SCHEMA)(request)
    assert schema.fetch((server(late),), 10) == SCHEMA


def test_in_pieces(server):
    """The real one is longer than what is read at once."""
    long = SCHEMA | {'cksum': 'x' * 20000}
    assert schema.fetch((server(reply(long)),), 10) == long


@pytest.mark.parametrize('answer, words', [
    (None, 'Connection timed out'),
    (lambda request: None, 'connection closed'),
    (reply(None, 'unknown database'), 'it has no database Open_vSwitch'),
    (lambda request: b'}', 'Protocol error'),
    (lambda request: b'\xff\xfe', 'incomplete multibyte'),
    (lambda request: b'{"id":' + b'9' * 5000 + b'}', 'Exceeds the limit'),
], ids=['silent', 'closes', 'another database', 'no JSON', 'no UTF-8',
        'a number beyond all bounds'])
def test_why_not(server, answer, words):
    one = server(answer)
    said = why((one,))
    assert words in said and one not in said
    assert f'{one}: {said}; unix:/nonexistent: No such file' in why(
        (one, 'unix:/nonexistent'))


def test_nobody_is_waited_for_where_none_is_left():
    start = time.monotonic()
    assert why(('unix:/nonexistent',), 60) == 'No such file or directory'
    assert time.monotonic() - start < 20


def test_no_socket_is_left(server):
    """Even as long as somebody has the exception, and all that it refers
    to."""
    closed = threading.Event()

    def until_closed(listening):
        client = listening.accept()[0]
        while client.recv(65536):
            pass
        closed.set()

    with socket.create_server(('127.0.0.1', 0)) as listening:
        threading.Thread(target=until_closed, args=(listening,),
                         daemon=True).start()
        port = listening.getsockname()[1]
        with pytest.raises(schema.Unavailable) as caught:
            schema.fetch((f'tcp:127.0.0.1:{port}', server(None)), 0.5)
        assert closed.wait(5) and caught.value


def test_waiting_takes_no_time_of_the_processor(server):
    remotes = server(None), server(None)
    before = time.process_time()
    why(remotes, 1.5)
    assert time.process_time() - before < 0.5


def test_nobody_listens_behind_a_port():
    with socket.create_server(('127.0.0.1', 0)) as one:
        port = one.getsockname()[1]
    assert why((f'tcp:127.0.0.1:{port}',)) == 'Connection refused'


COLUMNS = {'Bridge': ('name', 'ports'), 'Port': ('name',)}


@pytest.fixture
def whole():
    if ovs.why_not():
        pytest.skip(ovs.why_not())
    return json.loads(ovs.SCHEMA.read_text())


def test_only_what_is_wanted_is_copied(whole):
    tables = schema.helper(whole, COLUMNS, 'unix:/db').get_idl_schema().tables
    assert {name: tuple(sorted(table.columns))
            for name, table in tables.items()} == COLUMNS


@pytest.mark.parametrize('table', ['Bridge', 'Port'])
def test_what_the_schema_lacks_is_named(whole, table):
    del whole['tables'][table]['columns']['name']
    for gone in (False, True):
        if gone:
            del whole['tables'][table]
        with pytest.raises(ovs_errors.OvsdbSchemaLacks) as caught:
            schema.helper(whole, COLUMNS, 'unix:/db')
        for words in (f'no column name in its table {table}', 'unix:/db',
                      f'version {whole["version"]}'):
            assert words in str(caught.value)


@pytest.mark.parametrize('bad', [
    None, 7, [], {}, {'tables': []}, {'tables': {'Bridge': 7}},
    {'tables': {'Bridge': {}}, 'version': '1'}, {'tables': {}}], ids=repr)
def test_what_is_no_schema(bad):
    with pytest.raises(schema.Unavailable) as caught:
        schema.helper(bad, COLUMNS, 'unix:/db')
    assert str(caught.value) == 'what it sent as its schema is not one'
