"""Times and counts of plugs in one long-lived process, plugins in turn."""

import collections
import dataclasses
import os
import statistics
import sys
import time

import os_vif
from ovs import jsonrpc
from vif_plug_ovs.ovsdb import ovsdb_lib

from os_vif_vflag import representor
from os_vif_vflag.host import Host
from tests.lab import osvif

FLOOR, COLD, WARM, STOCK = 'floor', 'vflag, first look-up', 'vflag', 'ovs'
_OPENS = ('open', 'os.listdir', 'os.scandir')


@dataclasses.dataclass(frozen=True)
class Figures:
    """Medians of one action.

    :ivar transactions: of OVSDB
    :ivar files: of /sys: files opened, folders listed, links read
    """

    milliseconds: float
    transactions: float
    files: float


class _Counter:
    """What this process asks of ovsdb-server and of /sys."""

    def __init__(self):
        self.transactions = self.files = 0
        send, readlink = jsonrpc.Session.send, os.readlink

        def counted_send(session, message):
            self.transactions += message.method == 'transact'
            return send(session, message)

        def counted_readlink(path, **options):
            self._file(path)
            return readlink(path, **options)

        jsonrpc.Session.send = counted_send
        os.readlink = counted_readlink
        sys.addaudithook(
            lambda event, args: event in _OPENS and self._file(args[0]))

    def _file(self, path):
        self.files += str(path).startswith('/sys')


def measure(options, vf, device, occupied, rounds):
    """Plug and unplug a VF: the plugins in turn, and a bare transaction.

    :param device: the VF's representor
    :param occupied: ports that are plugged all the while
    :returns: dict (what, 'plug' or 'unplug') -> Figures
    """
    counter = _Counter()
    _keep_the_bridge()
    osvif.act(options, *(('plug', port) for port in occupied))
    found = collections.defaultdict(list)
    for number in range(rounds + 1):
        for what in (WARM, STOCK, COLD, FLOOR):
            for action in ('plug', 'unplug'):
                row = _once(counter, *_call(what, action, vf, device))
                if number:      # the first connects and imports
                    found[what, action].append(row)
    return {key: Figures(*map(statistics.median, zip(*rows, strict=True)))
            for key, rows in found.items()}


def _keep_the_bridge():
    """Stock makes the bridge one of the kernel's datapath, which is not
    there. It does the same here, but with the datapath that is."""
    ensure = ovsdb_lib.BaseOVS.ensure_ovs_bridge
    ovsdb_lib.BaseOVS.ensure_ovs_bridge = (
        lambda self, bridge, datapath_type: ensure(self, bridge, 'netdev'))


def _once(counter, function, *args):
    before = counter.transactions, counter.files
    start = time.perf_counter()
    function(*args)
    took = time.perf_counter() - start
    return (took * 1000, counter.transactions - before[0],
            counter.files - before[1])


def _call(what, action, vf, device):
    if what == FLOOR:
        api = _plugin(STOCK).ovsdb.ovsdb
        command = (api.add_port('br-int', device) if action == 'plug'
                   else api.del_port(device, 'br-int'))
        return command.execute, True
    if what == COLD:
        _plugin(WARM)._representors = representor.Finder(Host())
    plugin = STOCK if what == STOCK else WARM
    return osvif.perform, action, osvif.Port(
        vf, id='7d5c0a66-0f6b-4a0e-9f0d-0e7a3f1f7c01', plugin=plugin)


def _plugin(name):
    return os_vif._EXT_MANAGER[name].obj
