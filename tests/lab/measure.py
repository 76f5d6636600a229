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

"""Times and counts of plugs: plugins in turn, each in a process of its own.

All share one Open vSwitch. Each keeps a copy of its database, and would read
of the others' changes while one of them is measured: those are stopped then.
"""

import contextlib
import dataclasses
import multiprocessing
import os
import signal
import statistics
import sys
import threading
import time

import os_vif
from ovs import jsonrpc
from vif_plug_ovs.ovsdb import ovsdb_lib

from os_vif_vflag.host import representors
from os_vif_vflag.host.host import Host
from tests.lab import osvif
from tests.lab.bare import Bare

FLOOR, COLD, WARM, STOCK = 'floor', 'vflag, first look-up', 'vflag', 'ovs'
ACTIONS = 'plug', 'unplug'
_OPENS = ('open', 'os.listdir', 'os.scandir')
_ID = '7d5c0a66-0f6b-4a0e-9f0d-0e7a3f1f7c01'
# For what was sent while a process was stopped to be read.
_SETTLE = 0.01


@dataclasses.dataclass(frozen=True)
class Figures:
    """Medians of one action.

    :ivar transactions: of OVSDB
    :ivar files: of /sys: files opened, folders listed, links read
    """

    milliseconds: float
    transactions: float
    files: float


def measure(host, vf, occupied, rounds, everyone=(STOCK, WARM, COLD, FLOOR)):
    """Plug and unplug a VF, each in turn.

    :param host: tests.lab.compute.Compute
    :param occupied: ports that are plugged all the while
    :returns: dict (who, 'plug' or 'unplug') -> Figures
    """
    host.act(*(('plug', port) for port in occupied)).result()
    rows = {(who, action): [] for who in everyone for action in ACTIONS}
    with contextlib.ExitStack() as stack:
        contenders = [stack.enter_context(_contender(host, who, vf))
                      for who in everyone]
        for number in range(rounds + 1):
            for who, turn in zip(everyone, contenders, strict=True):
                for action, row in zip(ACTIONS, turn(), strict=True):
                    if number:      # the first connects and imports
                        rows[who, action].append(row)
    return {key: Figures(*map(statistics.median, zip(*found, strict=True)))
            for key, found in rows.items()}


@contextlib.contextmanager
def _contender(host, who, vf):
    """A function that has it plug and unplug once, and returns the rows."""
    ours, theirs = multiprocessing.Pipe()
    found = []
    thread = threading.Thread(target=lambda: found.append(host.call(
        _contend, who, vf, host.representor(vf), theirs)))
    thread.start()
    pid = ours.recv()
    os.kill(pid, signal.SIGSTOP)

    def turn():
        os.kill(pid, signal.SIGCONT)
        ours.send(True)
        rows = ours.recv()
        os.kill(pid, signal.SIGSTOP)
        return rows

    try:
        yield turn
    finally:
        os.kill(pid, signal.SIGCONT)
        ours.send(False)
        thread.join()
        found[0].result()


def _contend(options, who, vf, device, pipe):
    counter = _Counter()
    perform = _performer(options, who, vf, device, counter)
    pipe.send(os.getpid())
    while pipe.recv():
        time.sleep(_SETTLE)
        pipe.send([_once(counter, perform, action) for action in ACTIONS])


def _performer(options, who, vf, device, counter):
    """:returns: function of one of ACTIONS"""
    if who == FLOOR:
        bare = Bare(options['os_vif_ovs']['ovsdb_connection'],
                    counter.transaction)
        acts = {'plug': lambda: bare.plug(device, {'iface-id': _ID}),
                'unplug': bare.unplug}
        return lambda action: acts[action]()
    osvif.act(options)
    if who == STOCK:
        _keep_the_bridge()
    port = osvif.Port(vf, id=_ID, plugin='ovs' if who == STOCK else 'vflag')

    def perform(action):
        if who == COLD:
            plugin = os_vif._EXT_MANAGER['vflag'].obj
            plugin._representors = representors.RepresentorFinder(Host())
        osvif.perform(action, port)
    return perform


def _keep_the_bridge():
    """Stock makes the bridge one of the kernel's datapath, which is not
    there. It does the same here, but with the datapath that is."""
    ensure = ovsdb_lib.BaseOVS.ensure_ovs_bridge
    ovsdb_lib.BaseOVS.ensure_ovs_bridge = (
        lambda self, bridge, datapath_type: ensure(self, bridge, 'netdev'))


def _once(counter, perform, action):
    before = counter.transactions, counter.files
    start = time.perf_counter()
    perform(action)
    took = time.perf_counter() - start
    return (took * 1000, counter.transactions - before[0],
            counter.files - before[1])


class _Counter:
    """What this process requests of ovsdb-server and of /sys."""

    def __init__(self):
        self.transactions = self.files = 0
        send, readlink = jsonrpc.Session.send, os.readlink

        def counted_send(session, message):
            if message.method == 'transact':
                self.transaction()
            return send(session, message)

        def counted_readlink(path, **options):
            self._file(path)
            return readlink(path, **options)

        jsonrpc.Session.send = counted_send
        os.readlink = counted_readlink
        sys.addaudithook(
            lambda event, args: event in _OPENS and self._file(args[0]))

    def transaction(self):
        self.transactions += 1

    def _file(self, path):
        self.files += str(path).startswith('/sys')
