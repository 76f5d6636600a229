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

"""A server that answers once and never again: nothing hangs or stays."""

import gc
import json
import os
import socket
import threading

import pytest

from os_vif_vflag.ovs import client
from os_vif_vflag.ovs import ovs_errors
from os_vif_vflag.ovs import schema
from tests.lab import ovs as lab


@pytest.fixture
def ovs():
    if lab.why_not():
        pytest.skip(lab.why_not())
    with lab.Ovs(vswitchd=lab.STAND_IN) as running:
        yield running


@pytest.fixture
def silent(ovs, tmp_path):
    """It gives its schema to whoever connects, and nothing else."""
    reply = json.dumps({'id': 0, 'error': None, 'result':
                        schema.fetch((ovs.connection,), 10)}).encode()
    path = str(tmp_path / 'db.sock')
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()

        def serve():
            clients = []
            while True:
                try:
                    clients.append(server.accept()[0])
                    request = json.loads(clients[-1].recv(4096))
                    if request['method'] == 'get_schema':
                        clients[-1].sendall(
                            reply.replace(b'"id": 0', b'"id": %d'
                                          % request['id'], 1))
                except (OSError, ValueError):
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield f'unix:{path}'
        server.shutdown(socket.SHUT_RDWR)


def connections():
    """:returns: number of this process' connected Unix sockets"""
    return sum(os.readlink(f'/proc/self/fd/{fd}').startswith('socket:')
               for fd in os.listdir('/proc/self/fd')
               if os.path.exists(f'/proc/self/fd/{fd}'))


def test_no_connection_is_left(silent):
    db = client.OvsDb(silent, 1, tls=None)
    left = []
    gc.disable()
    try:
        for _ in range(3):
            with pytest.raises(ovs_errors.OvsdbUnreachable, match='no data'):
                db.has_bridge('br-int')
            left.append(connections())
    finally:
        gc.enable()
    # The server's side of each connection stays, in this process, too.
    assert [after - before for before, after
            in zip(left, left[1:], strict=False)] == [2, 2]


def test_a_list_does_not_wait_for_an_unanswered_request(ovs):
    db = client.OvsDb(ovs.connection, 1, tls=None)
    assert db.interfaces() == {}
    outcome = []

    def connect():
        try:
            db.interfaces()
        except ovs_errors.OvsdbUnreachable as e:
            outcome.append(str(e))

    with db._api.ovsdb_connection.lock:
        connecting = threading.Thread(target=connect, daemon=True)
        connecting.start()
        connecting.join(5)
        assert 'an earlier request is unanswered' in ''.join(outcome)
