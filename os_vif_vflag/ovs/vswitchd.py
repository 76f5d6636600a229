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
"""Commands for ovs-vswitchd, as ``ovs-appctl`` sends them.

JSON-RPC on its control socket (ovs-appctl(8)). python-ovs' own client waits
without a limit, and its parser takes seconds for the flows of a busy host.
"""

import json
import os
import pathlib
import socket
import time

from os_vif_vflag.ovs import ovs_errors

# Where Open vSwitch has its sockets unless it was built otherwise.
_FOLDER = '/var/run/openvswitch'
_NAME = 'ovs-vswitchd'
_CHUNK = 1 << 20
_UNIX = 'unix:'


class Vswitchd:
    """ovs-vswitchd of this host.

    :param folder: with its pidfile and control socket
    :param timeout: seconds for a command, from the first to the last byte
    """

    def __init__(self, folder: str, timeout: float) -> None:
        self._folder = pathlib.Path(folder)
        self._timeout = timeout

    def run(self, command: str, *arguments: str) -> str:
        """:returns: what it prints
        :raises ovs_errors.VswitchdSilent: it does not run, does not answer,
            or does not know the command
        """
        request = {'id': 0, 'method': command, 'params': arguments}
        control = self._control()
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
                one.settimeout(self._timeout)
                one.connect(str(control))
                one.sendall(json.dumps(request).encode())
                reply = _reply(one, time.monotonic() + self._timeout)
        except (OSError, ValueError) as e:
            raise ovs_errors.VswitchdSilent(
                control=control, error=e) from None
        if reply.get('error') is not None:
            raise ovs_errors.VswitchdSilent(
                control=control, error=str(reply['error']).strip())
        return str(reply.get('result') or '')

    def _control(self) -> pathlib.Path:
        """As ovs-appctl finds it; where it was started with a name of its
        own for the socket, that is usually this one."""
        try:
            pid = (self._folder / f'{_NAME}.pid').read_text('ascii').strip()
        except (OSError, ValueError):
            pid = ''
        usual = self._folder / f'{_NAME}.{pid}.ctl'
        other = self._folder / f'{_NAME}.ctl'
        return other if other.exists() and not usual.exists() else usual


def folder(connection: str) -> str:
    """:param connection: of the database, as ``ovsdb_connection`` has it
    :returns: where the control socket is: beside the database's, where that
        is a file, too
    """
    first = connection.partition(',')[0]
    if first.startswith(_UNIX):
        return os.path.dirname(first.removeprefix(_UNIX))
    return os.environ.get('OVS_RUNDIR', _FOLDER)


def _reply(one: socket.socket, deadline: float) -> dict[str, object]:
    """:raises OSError: silence
    :raises ValueError: what came is not a reply
    """
    text = bytearray()
    while chunk := one.recv(_CHUNK):
        text += chunk
        if chunk.endswith(b'}'):
            try:
                reply = json.loads(text)
            except ValueError:
                # Flows have braces, too.
                reply = None
            if isinstance(reply, dict):
                return reply
        if time.monotonic() > deadline:
            raise TimeoutError('its answer takes too long')
    raise ValueError('it closed the connection')
