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

"""Processes that something happens to, for tests of what they say then."""

import os
import pathlib
import signal
import time

import os_vif
from ovs.db import idl

from tests.lab import osvif
from tests.lab import storm


def lose_the_answer(options, action, port):
    """ovsdb-server takes the change, and the connection is lost before
    anyone has read that it did."""
    lose_the_next_answer()
    osvif.act(options, (action, port))


def lose_the_next_answer():
    """The connection is anew once ovsdb-server has had its time."""
    commit, sent = idl.Transaction.commit, []

    def losing(self):
        status = commit(self)
        if status == self.INCOMPLETE and not sent:
            sent.append(True)
            time.sleep(0.5)
            self.idl.force_reconnect()
        return status

    idl.Transaction.commit = losing


def plug_all_silenced(options, ports, threads, progress, pidfile):
    """As storm.plug_all; the server that one has reached hangs."""
    osvif.act(options, ('plug', ports[0]), ('unplug', ports[0]))
    os.kill(int(pathlib.Path(pidfile).read_text()), signal.SIGSTOP)
    return storm.plug_all(options, ports, threads, progress)


def fork(options, parents, childs):
    """Plug a port, fork, plug one in the child and another in the parent.

    :param parents: two ports
    :param childs: the child's
    :returns: exit status of the child
    """
    osvif.act(options, ('plug', parents[0]))
    plugin = os_vif._EXT_MANAGER['vflag'].obj
    # As if another thread were connecting or plugging at this moment.
    parents_socket = plugin._ovsdb._api.idl._session.rpc.stream.socket
    with plugin._ovsdb._connecting:
        child = os.fork()
    if child == 0:
        try:
            # ovsdb-server would wait for whoever still holds it.
            assert parents_socket.fileno() == -1
            osvif.perform('plug', childs)
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    osvif.perform('plug', parents[1])
    return status
