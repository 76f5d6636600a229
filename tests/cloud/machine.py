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

"""The machine that the cloud runs in: namespaces of this host."""

import ctypes
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

from tests.cloud import state as state_mod

# Not with user namespaces: Open vSwitch and mounts need the real root.
NAMESPACES = ('--mount', '--net', '--pid', '--uts', '--ipc')
CLONE_NEWNET = 0x40000000


class MachineError(Exception):
    """The machine cannot be made."""


@dataclasses.dataclass(frozen=True)
class Machine:
    """The process that holds the namespaces.

    :param started: its start time in clock ticks since boot, by which it
        differs from a later process of the same id
    """

    pid: int
    started: str

    @property
    def alive(self):
        return _start_time(self.pid) == self.started

    def enter(self, *argv):
        """The command line that runs argv in the machine.

        It starts in /: a folder cannot be carried over into another mount
        namespace (setns(2)).
        """
        return ['nsenter', '--target', str(self.pid), *NAMESPACES, '--',
                *argv]

    def run(self, *argv, **kwargs):
        kwargs = {'check': True, 'text': True, 'capture_output': True,
                  **kwargs}
        return subprocess.run(self.enter(*argv), **kwargs)

    def join_network(self):
        """This process sees the machine's network from now on."""
        libc = ctypes.CDLL(None, use_errno=True)
        fd = os.open(f'/proc/{self.pid}/ns/net', os.O_RDONLY)
        try:
            if libc.setns(fd, CLONE_NEWNET):
                code = ctypes.get_errno()
                raise OSError(code, os.strerror(code), 'setns')
        finally:
            os.close(fd)

    def end(self):
        """End the machine; the kernel ends everything that runs in it."""
        if not self.alive:
            return
        os.kill(self.pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while self.alive:
            if time.monotonic() > deadline:
                raise MachineError(f'process {self.pid} does not end')
            time.sleep(0.02)


def start(state):
    """Make the machine.

    :returns: the Machine and its lifeline: a pipe whose end is the
        machine's end, unless `keep` was said
    """
    holder = subprocess.Popen(
        ['unshare', *NAMESPACES, '--fork', sys.executable, '-m',
         'tests.cloud.inside.init', str(state.run)],
        cwd=state_mod.CHECKOUT, start_new_session=True, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=state.log('machine').open('w'))
    pid = holder.stdout.readline().strip()
    if not pid:
        raise MachineError(
            'cannot make namespaces (are you root?): '
            + state.log('machine').read_text().strip())
    machine = Machine(int(pid), _start_time(int(pid)))
    state.machine.write_text(json.dumps(dataclasses.asdict(machine)))
    return machine, holder


def keep(lifeline):
    """Let the machine outlive us."""
    lifeline.stdin.write('keep\n')
    lifeline.stdin.close()


def find(state):
    """The machine of an earlier run if it is still there, else None."""
    try:
        machine = Machine(**json.loads(state.machine.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return machine if machine.alive else None


def _start_time(pid):
    """Field 22 of /proc/PID/stat, None for no process or a zombie."""
    try:
        stat = pathlib.Path('/proc', str(pid), 'stat').read_text()
    except OSError:
        return None
    # Field 2, the name, may hold spaces and brackets.
    fields = stat.rpartition(')')[2].split()
    return None if fields[0] == 'Z' else fields[19]
