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

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
import errno
import os
import time
from typing import Any

from ovs import jsonrpc
from ovs import poller
from ovs import stream
from ovs.db import idl
from ovsdbapp.backend.ovs_idl import idlutils

from os_vif_vflag.ovs import ovs_errors
from os_vif_vflag.ovs import streams

DATABASE = 'Open_vSwitch'
# python-ovs on a port beyond 65535, a path beyond 108 characters, and on what
# else is not a connection
_NO_CONNECTION = (ValueError, OverflowError, RecursionError)
# Whatever the server sends.
_Json = Any


class Unavailable(Exception):
    """Its text: what each remote answered or failed with."""


def fetch(remotes: Iterable[str], timeout: float) -> _Json:
    """Request it from all remotes at once.

    ovsdbapp's own look-up (3.0, fetch_schema_json) tries one after the other,
    and waits for ever for a server that accepts the connection and then sends
    nothing.

    :param timeout: seconds
    :raises Unavailable: none of them gave it
    """
    deadline = time.monotonic() + timeout
    requests = [_Request(remote) for remote in remotes]
    try:
        while True:
            for request in requests:
                if (answer := request.advance()) is not None:
                    return answer
            left = deadline - time.monotonic()
            open_ones = [one for one in requests if one.failure is None]
            if not open_ones or left <= 0:
                raise Unavailable(_failures(requests))
            _wait(open_ones, left)
    finally:
        for request in requests:
            request.close()


def helper(schema: _Json, columns: Mapping[str, Iterable[str]],
           connection: str) -> idl.SchemaHelper:
    """:param schema: what fetch returned
    :param columns: name of a table → names of columns
    :param connection: for the error
    :returns: of these columns only
    :raises ovs_errors.OvsdbSchemaLacks: names what the schema does not have,
        where python-ovs has a bare AssertionError
    :raises Unavailable: it is not a schema
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


class _Request:
    """The request for the schema, on its way to one remote.

    :ivar failure: why there is no answer, None as long as there may be
    """

    def __init__(self, remote: str):
        self.remote = remote
        self.failure: str | None = None
        self._rpc: jsonrpc.Connection | None = None
        try:
            error, self._opened = stream.Stream.open(remote)
        except _NO_CONNECTION as e:
            raise Unavailable(f'{remote}: {e}') from None
        if error:
            self._fail(error)

    def advance(self) -> _Json | None:
        """:returns: the schema; None while there is no answer"""
        rpc = self._connection() if self.failure is None else None
        if rpc is None:
            return None
        try:
            rpc.run()
            error, reply = rpc.recv()
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

    def wait(self, waiter: poller.Poller) -> None:
        if self._rpc is None:
            self._opened.run_wait(waiter)
            self._opened.connect_wait(waiter)
        else:
            self._rpc.wait(waiter)
            self._rpc.recv_wait(waiter)

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    def _connection(self) -> jsonrpc.Connection | None:
        if self._rpc is None:
            self._opened.run()
            error = self._opened.connect()
            if error == errno.EAGAIN:
                return None
            if error:
                self._fail(error)
                return None
            self._rpc = jsonrpc.Connection(self._opened)
            self._rpc.send(jsonrpc.Message.create_request(
                'get_schema', [DATABASE]))
        return self._rpc

    def _fail(self, error: int) -> None:
        self.failure = streams.words(error, self._opened)


def _failures(requests: Sequence[_Request]) -> str:
    """With the remotes' names where there are several."""
    silence = os.strerror(errno.ETIMEDOUT)
    if len(requests) == 1:
        return requests[0].failure or silence
    return '; '.join(f'{one.remote}: {one.failure or silence}'
                     for one in requests)


def _wait(requests: Iterable[_Request], seconds: float) -> None:
    waiter = poller.Poller()
    for request in requests:
        request.wait(waiter)
    waiter.timer_wait(seconds * 1000)
    waiter.block()
