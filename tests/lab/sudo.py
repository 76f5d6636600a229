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

"""A way for a user without privileges to have one command run as root.

    with Sudo(netns, command) as sudo:
        helper_command = sudo.command

Stands where sudo or rootwrap is on a host: whoever may write to its pipe has
this command run with the arguments that he gives, and nothing else.
"""

import contextlib
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import threading

from tests.sim import inside

_ASK = '''#!/bin/sh
echo "$@" > {folder}/request
read answer < {folder}/answer
exit "$answer"
'''
_END = 'end'


class Sudo:

    def __init__(self, netns, *more):
        """
        :param netns: name of the network namespace that it is run in
        :param more: arguments of privsep-helper
        """
        self._argv = inside.command(
            [sys.executable, '-c', 'from oslo_privsep import daemon; '
             'daemon.helper_main()', *more], netns=netns)

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.folder = pathlib.Path(
                stack.enter_context(tempfile.TemporaryDirectory()))
            self.folder.chmod(0o755)
            for name in ('request', 'answer'):
                os.mkfifo(self.folder / name)
                (self.folder / name).chmod(0o666)
            self._script = self.folder / 'ask'
            self._script.write_text(_ASK.format(folder=self.folder))
            self._script.chmod(0o755)
            server = threading.Thread(target=self._serve)
            server.start()
            stack.callback(server.join)
            stack.callback(self._say, 'request', _END)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc):
        self._stack.close()

    @property
    def command(self):
        return str(self._script)

    def daemons(self):
        """:returns: list of the ids of processes that it started and that
            run still"""
        return [int(path.parent.name)
                for path in pathlib.Path('/proc').glob('[0-9]*/cmdline')
                if self._started(path)]

    def _started(self, path):
        with contextlib.suppress(OSError):
            return any(f'\0{sock}\0'.encode() in path.read_bytes()
                       for sock in self._sockets)
        return False

    def _serve(self):
        self._sockets = []
        while (request := (self.folder / 'request').read_text().strip()
               ) != _END:
            arguments = shlex.split(request)
            self._sockets.append(arguments[-1])
            done = subprocess.run([*self._argv, *arguments],
                                  stderr=subprocess.DEVNULL)
            self._say('answer', done.returncode)

    def _say(self, name, text):
        (self.folder / name).write_text(f'{text}\n')


def capabilities(pid):
    """:returns: set of the numbers of a process's permitted capabilities"""
    status = pathlib.Path(f'/proc/{pid}/status').read_text()
    line, = (line for line in status.splitlines()
             if line.startswith('CapPrm:'))
    mask = int(line.split()[1], 16)
    return {number for number in range(64) if mask >> number & 1}
