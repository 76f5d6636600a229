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

"""Many at once, and Open vSwitch's daemons come and go meanwhile.

Three minutes on two cores. VFLAG_PLUGS=64 VFLAG_PAIRS=200 VFLAG_VFS=50 is the
same in one, for whoever works on it.
"""

import concurrent.futures
import contextlib
import os
import pathlib
import re
import threading
import time

import pytest

from tests.lab import osvif
from tests.lab import ovs
from tests.lab import state
from tests.lab import storm
from tests.lab.osvif import Port
from tests.sim import memory
from tests.sim.card import Card
from tests.sim.card import Pf

VFS = int(os.environ.get('VFLAG_VFS', '250'))
PAIRS = int(os.environ.get('VFLAG_PAIRS', '1000'))
PLUGS = int(os.environ.get('VFLAG_PLUGS', '200'))
THREADS = 32
PROCESSES = 4
# Seconds: what one step of a plug may wait for Open vSwitch, and what all
# of them may take together.
TIMEOUT = 2
LIMIT = 4 * TIMEOUT
# Seconds: a machine that is busy elsewhere makes nothing fail.
PATIENCE = 300


def card(vfs):
    pf, _ = divmod(vfs, 2)
    return Card(pfs=tuple(
        Pf(f'0000:03:00.{port}', f'enp3s0f{port}np{port}', vfs=pf,
           total_vfs=pf, vfs_bound_to='vfio-pci') for port in (0, 1)))


def vfs_of(host):
    return [vf for pf in host.host.cards[0].pfs for vf in pf.vf_addresses]


def restart_server(host):
    host.ovs.restart(ovs.SERVER)


def server_is_away_for_longer_than_anyone_waits(host):
    host.ovs.kill(ovs.SERVER)
    time.sleep(1.5 * TIMEOUT)
    host.ovs.start(ovs.SERVER)


def stop_and_start_vswitchd(host):
    host.ovs.kill(ovs.VSWITCHD)
    time.sleep(0.3)
    host.ovs.start(ovs.VSWITCHD)


def vswitchd_is_away_for_longer_than_anyone_waits(host):
    host.ovs.kill(ovs.VSWITCHD)
    time.sleep(1.5 * TIMEOUT)
    host.ovs.start(ovs.VSWITCHD)


@pytest.mark.parametrize('fault', [
    restart_server, server_is_away_for_longer_than_anyone_waits,
    stop_and_start_vswitchd, vswitchd_is_away_for_longer_than_anyone_waits])
def test_fault_in_the_middle_of_many_plugs(compute, fault):
    host = compute(card(PLUGS))
    host.options['os_vif_vflag']['ovsdb_timeout'] = TIMEOUT
    before = state.database(host.ovs.dump())
    ports = [Port(vf) for vf in vfs_of(host)]
    times = []

    def timed():
        times.append(time.monotonic())
        fault(host)
        times.append(time.monotonic())

    done = plug_all_while(host, ports, timed)
    failed = [one for one in done if one.error]
    print(f'{len(failed)} of {len(done)} failed, the longest took '
          f'{max(one.seconds for one in done):.1f} s')
    assert len(done) == PLUGS
    assert failed or 'longer' not in fault.__name__
    for one in failed:
        assert one.port.id in one.error
        assert culprit_of(one) in culprits(fault, one.ended, *times), one
    assert max(one.seconds for one in done) < LIMIT
    wanted = {port.id: host.representor(port.vf) for port in ports}
    assert {one.port.id for one in done if not one.error} <= (
        state.plugged(host).keys())
    host.options['os_vif_vflag']['ovsdb_timeout'] = 10
    repair(host, 'plug', [one.port for one in failed])
    assert state.plugged(host) == wanted
    repair(host, 'unplug', ports)
    assert state.database(host.ovs.dump()) == before


def culprit_of(one):
    return {'ovsdb-server at': ovs.SERVER,
            'ovs-vswitchd did not': ovs.VSWITCHD}[
                re.search('ovsdb-server at|ovs-vswitchd did not',
                          one.error)[0]]


def culprits(fault, ended, down, up):
    """Who may be named. A server that is back is there for ovs-vswitchd only
    when that has noticed, up to 8 seconds later."""
    if 'server' not in fault.__name__:
        return {ovs.VSWITCHD}
    return {ovs.SERVER} if down < ended < up else {ovs.SERVER, ovs.VSWITCHD}


def repair(host, action, ports):
    host.run(osvif.act, *[(action, port) for port in ports],
             timeout=PATIENCE).result()


def plug_all_while(host, ports, fault):
    """The fault comes when a third of the ports are plugged."""
    with memory.folder() as folder, (
            concurrent.futures.ThreadPoolExecutor(1)) as pool:
        progress = pathlib.Path(folder, 'progress')
        progress.touch()
        process = pool.submit(host.run, storm.plug_all, ports, 8, progress,
                              timeout=PATIENCE)
        while (progress.stat().st_size < len(ports) // 3
               and not process.done()):
            time.sleep(0.001)
        assert not process.done(), process.result()
        fault()
        return process.result().result()


@contextlib.contextmanager
def watched(host):
    """While it lasts, no iface-id may be in the database twice."""
    over, twice, looks = threading.Event(), [], []

    def look():
        while not over.wait(0.05):
            ids = [row['external_ids'].get('iface-id')
                   for row in host.ovs.dump()['Interface'].values()]
            ids = [one for one in ids if one]
            looks.append(len(ids))
            twice.extend(one for one in set(ids) if ids.count(one) > 1)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
    assert max(looks) > 0
    assert not twice


@pytest.mark.parametrize('processes', [1, PROCESSES])
def test_many_at_once(compute, processes):
    """Threads of one process, and of several."""
    host = compute(card(VFS))
    vfs = vfs_of(host)
    before = state.database(host.ovs.dump())
    last = [Port(vf) for vf in vfs]
    with watched(host), concurrent.futures.ThreadPoolExecutor() as pool:
        outcomes = [pool.submit(
            host.run, storm.pairs, vfs[number::processes],
            THREADS // processes, PAIRS // VFS - 1, last[number::processes],
            timeout=PATIENCE)
            for number in range(processes)]
    for outcome in outcomes:
        outcome.result().result()
    assert state.plugged(host) == {
        port.id: host.representor(port.vf) for port in last}
    repair(host, 'unplug', last)
    assert state.database(host.ovs.dump()) == before
    assert {host.netdev(host.representor(vf))[0] for vf in vfs} == {'down'}
