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

"""Code and commands that see a simulated host: its /sys, its namespace.

Mounts are private to the process; nothing else on the machine sees them,
and they end with it. Needs root.
"""

from collections.abc import Callable
from collections.abc import Iterable
import ctypes
import dataclasses
import multiprocessing
from multiprocessing import connection
import os
import pathlib
import traceback

from pyroute2 import netns as netns_lib

NETNS_FOLDER = pathlib.Path('/run/netns')
_MOUNT = 'mount --bind "$0" /sys && exec "$@"'

# include/uapi/linux/sched.h and mount.h
_CLONE_NEWNS = 0x00020000
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000

# Children are forked from a clean process that has these imported, as far
# as they are there: nova alone takes longer than a whole test.
_context = multiprocessing.get_context('forkserver')
_context.set_forkserver_preload([
    'pytest', 'nova.pci.utils', 'tests.sim.inside', 'tests.lab.osvif',
    'os_vif_vflag.vflag', 'vif_plug_ovs.ovs',
    'vif_plug_linux_bridge.linux_bridge'])


def why_not() -> str | None:
    """Why this process cannot do any of this; None if it can."""
    return None if os.geteuid() == 0 else 'mounting over /sys needs root'


def command(argv: Iterable[object], sys: str | pathlib.Path | None = None,
            netns: str | None = None) -> list[str]:
    """The command line that runs argv on a simulated host.

    :param sys: the folder to see as /sys (tests.sim.sysfs)
    :param netns: the name of a network namespace
    """
    words = [str(part) for part in argv]
    if sys:
        words = ['unshare', '--mount', 'sh', '-c', _MOUNT, str(sys), *words]
    if netns:
        words = ['nsenter', f'--net={NETNS_FOLDER / netns}', *words]
    return words


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a call returned, or raised: plain data, any class may cross.

    :param error: names of the exception's class and of its bases
    """

    value: object = None
    error: tuple[str, ...] = ()
    text: str = ''
    traceback: str = ''

    def result(self) -> object:
        """The value; an exception of the child fails the test here."""
        if self.error:
            raise AssertionError(f'in the child: {self.traceback}')
        return self.value


def call(function: Callable[..., object], *args: object,
         sys: str | pathlib.Path | None = None, netns: str | None = None,
         timeout: float = 60) -> Outcome:
    """Call a function of a module in a new process on a simulated host."""
    ours, theirs = _context.Pipe(duplex=False)
    process = _context.Process(
        target=_child, args=(theirs, function, args, sys, netns))
    process.start()
    theirs.close()
    try:
        if ours.poll(timeout):
            outcome: Outcome = ours.recv()
            return outcome
        return Outcome(error=('TimeoutError',), text=(
            text := f'{function.__name__} did not end in {timeout} s'),
            traceback=text)
    finally:
        process.kill()
        process.join()


def _child(pipe: connection.Connection, function: Callable[..., object],
           args: Iterable[object], sys: str | pathlib.Path | None,
           netns: str | None) -> None:
    try:
        if netns:
            netns_lib.setns(netns)
        if sys:
            _see_as_sys(sys)
        outcome = Outcome(function(*args))
    except BaseException as error:
        classes = tuple(
            f'{c.__module__}.{c.__name__}' for c in type(error).__mro__)
        outcome = Outcome(error=classes, text=str(error),
                          traceback=traceback.format_exc())
    pipe.send(outcome)


def _see_as_sys(folder: str | pathlib.Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)

    def check(result: int) -> None:
        if result:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))

    check(libc.unshare(_CLONE_NEWNS))
    check(libc.mount(None, b'/', None, _MS_REC | _MS_PRIVATE, None))
    check(libc.mount(os.fsencode(folder), b'/sys', None, _MS_BIND, None))
