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

"""Plug, unplug, look-up and snapshot beside stock code, on a real kernel.

Times are those of an emulated machine: only the ratios mean anything.
"""

import statistics
import time

from nova.pci import utils as nova_pci
from vif_plug_ovs import linux_net

from os_vif_vflag.host.host import Host
from os_vif_vflag.host.representors import RepresentorFinder
from tests.hwlab.checks import kernel
from tests.hwlab.checks.conftest import RESULTS
from tests.lab import measure
from tests.lab.osvif import Port

ROUNDS = 7


def _say(text):
    print(text)
    with (RESULTS / 'ratios').open('a') as file:
        file.write(f'{text}\n')


def _median(function):
    """Milliseconds."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def test_plug(host, card, monkeypatch):
    """Plug and unplug together take less time than stock os-vif's"""
    # The bridge is one of the kernel's datapath, which stock wants.
    monkeypatch.setattr(measure, '_keep_the_bridge', lambda: None)
    *others, last = kernel.vfs(card[0])
    occupied = [Port(vf) for vf in others]
    try:
        found = measure.measure(host, last, occupied, ROUNDS)
    finally:
        for port in occupied:
            host.unplug(port).result()
    for action in measure.ACTIONS:
        ours, stock, floor = (
            found[who, action].milliseconds
            for who in (measure.WARM, measure.STOCK, measure.FLOOR))
        _say(f'{action}: {ours:.0f} ms; {stock / ours:.1f} times as fast as '
             f'stock os-vif, {ours / floor:.1f} times what one bare '
             'transaction takes')
    ours, stock = (
        sum(found[who, action].milliseconds for action in measure.ACTIONS)
        for who in (measure.WARM, measure.STOCK))
    assert ours < stock


def test_look_up(card):
    """A representor is found sooner than by stock os-vif"""
    vf = kernel.vfs(card[1])[2]

    def stock():
        uplink = linux_net.get_ifname_by_pci_address(
            vf, pf_interface=True, switchdev=True)
        return linux_net.get_representor_port(
            uplink, linux_net.get_vf_num_by_pci_address(vf))

    finder = RepresentorFinder(Host())
    assert finder.find(vf) == stock()
    times = [_median(stock), _median(lambda: RepresentorFinder(
        Host()).find(vf)), _median(lambda: finder.find(vf))]
    _say('look-up: {1:.1f} ms at first, {2:.1f} ms later; stock os-vif '
         '{0:.1f} ms, {3:.1f} and {4:.1f} times as much'.format(
             *times, times[0] / times[1], times[0] / times[2]))
    assert times[2] < times[0]


def test_snapshot(igb, card):
    """A snapshot of all VFs, beside what stock Nova reads of each"""
    vfs = [vf for pf in (igb, *card) for vf in kernel.vfs(pf)]
    assert [vf.address for pf in Host().snapshot().pfs for vf in pf.vfs] == (
        vfs)
    ours = _median(lambda: Host().snapshot()) / len(vfs)

    def stock():
        for vf in vfs:
            nova_pci.get_mac_by_pci_address(vf, pf_interface=True)
            nova_pci.get_vf_num_by_pci_address(vf)

    theirs = _median(stock) / len(vfs)
    _say(f'snapshot: {ours:.1f} ms for each of {len(vfs)} VFs; what Nova '
         f'reads of one takes {theirs:.1f} ms, {theirs / ours:.1f} times as '
         'much')
