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

"""Open vSwitch's schema, of whichever remote gives it first."""

import errno
import os
import time

from ovs import jsonrpc
from ovs import poller
from ovs import stream
from ovsdbapp.backend.ovs_idl import idlutils

from os_vif_vflag.ovs import ovs_errors
from os_vif_vflag.ovs import streams

DATABASE = 'Open_vSwitch'
# python-ovs on a port beyond 65535, a path beyond 108 characters, and what
# else is no connection
_NO_CONNECTION = (ValueError, OverflowError, RecursionError)


class Unavailable(Exception):
    """:ivar str: what each remote said or failed with"""


def fetch(remotes, timeout):
    """Ask all of them at once.

    ovsdbapp's own look-up (3.0, fetch_schema_json) asks one after the other,
    and waits for ever for a server that accepts the connection and then says
    nothing.

    :param remotes: tuple of str
    :param timeout: seconds
    :returns: dict, the schema as JSON
    :raises Unavailable: none of them gave it
    """
    deadline = time.monotonic() + timeout
    questions = [_Question(remote) for remote in remotes]
    try:
        while True:
            for question in questions:
                if (answer := question.advance()) is not None:
                    return answer
            left = deadline - time.monotonic()
            open_ones = [one for one in questions if one.failure is None]
            if not open_ones or left <= 0:
                raise Unavailable(_failures(questions))
            _wait(open_ones, left)
    finally:
        for question in questions:
            question.close()


def helper(schema, columns, connection):
    """:param schema: what fetch returned
    :param columns: dict name of a table → names of columns
    :param connection: str, for the error
    :returns: ovs.db.idl.SchemaHelper of these
    :raises ovs_errors.OvsdbSchemaLacks: names what the schema has not, where
        python-ovs has a bare AssertionError
    :raises Unavailable: it is no schema
    """
    try:
        tables = {name: table['columns']
                  for name, table in schema['tables'].items()}
        version = schema['version']
    except (AttributeError, KeyError, TypeError):
        raise Unavailable('what it sent as its schema is not one') from None
    made = idlutils.create_schema_helper(schema)
    for table, names in columns.items():
        for column in names:
            if column not in tables.get(table, ()):
                raise ovs_errors.OvsdbSchemaLacks(
                    connection=connection, table=table, column=column,
                    version=version)
        made.register_columns(table, list(names))
    return made


class _Question:
    """The request for the schema, on its way to one remote.

    :ivar failure: str, why there is no answer, None as long as there may be
    """

    def __init__(self, remote):
        self.remote = remote
        self.failure = None
        self._opened = self._rpc = None
        try:
            error, self._opened = stream.Stream.open(remote)
        except _NO_CONNECTION as e:
            raise Unavailable(f'{remote}: {e}') from None
        if error:
            self._fail(error)

    def advance(self):
        """:returns: dict, the schema; None without (yet)"""
        if self.failure is not None or not self._is_connected():
            return None
        try:
            self._rpc.run()
            error, reply = self._rpc.recv()
        except _NO_CONNECTION as e:
            self.failure = str(e)
            return None
        if error and error != errno.EAGAIN:
            self._fail(error)
        elif reply is not None and reply.type == jsonrpc.Message.T_ERROR:
            self.failure = f'it has no database {DATABASE}'
        elif reply is not None and reply.type == jsonrpc.Message.T_REPLY:
            return reply.result
        return None

    def wait(self, waiter):
        if self._rpc is None:
            self._opened.run_wait(waiter)
            self._opened.connect_wait(waiter)
        else:
            self._rpc.wait(waiter)
            self._rpc.recv_wait(waiter)

    def close(self):
        if self._opened is not None:
            self._opened.close()

    def _is_connected(self):
        if self._rpc is None:
            self._opened.run()
            error = self._opened.connect()
            if error == errno.EAGAIN:
                return False
            if error:
                self._fail(error)
                return False
            self._rpc = jsonrpc.Connection(self._opened)
            self._rpc.send(jsonrpc.Message.create_request(
                'get_schema', [DATABASE]))
        return True

    def _fail(self, error):
        self.failure = streams.words(error, self._opened)


def _failures(questions):
    """:returns: str, with the remotes' names where there are several"""
    silence = os.strerror(errno.ETIMEDOUT)
    if len(questions) == 1:
        return questions[0].failure or silence
    return '; '.join(f'{one.remote}: {one.failure or silence}'
                     for one in questions)


def _wait(questions, seconds):
    waiter = poller.Poller()
    for question in questions:
        question.wait(waiter)
    waiter.timer_wait(seconds * 1000)
    waiter.block()
