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

"""What facts cost: requests to the kernel, counted where they are made.

The numbers are limits that a change may lower, not raise.
"""

import collections
import os

import pytest

from os_vif_vflag.host.representors import RepresentorFinder
from tests.sim.card import Card
from tests.sim.card import Pf
from tests.unit.vflag.host import damage
from tests.unit.vflag.host import sources

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'
# open, read, close; open, fstat, getdents until there is no more, close
CALLS = {'read': 3, 'names': 5, 'target': 1, 'exists': 1}
PER_VF, PER_PF, PER_DEVICE, PER_HOST, PER_FOLDER = 3, 30, 3, 10, 11


def build(sriov_host, vfs, source=None, **more):
    # ARI: the VFs of the two PFs take turns, from the next bus on.
    place = {'vfs': vfs, 'total_vfs': vfs, 'vf_offset': 256, 'vf_stride': 2}
    sim = sriov_host(Card((Pf(PF0, 'up0', **place),
                           Pf(PF1, 'up1', **place)), **more))
    host = sources.host(sim, source)
    host.sysfs.files = damage.Watched(str(sim.root))
    return sim, host


def calls(host, function, *args):
    """:returns: number of system calls at the seam, while a function runs"""
    del host.sysfs.files.requests[:]
    function(*args)
    return sum(CALLS[name] for name, _ in host.sysfs.files.requests)


@pytest.mark.parametrize('vfs', [8, 127, 250])
def test_a_snapshot_costs_so_much_a_device(sriov_host, vfs):
    sim, host = build(sriov_host, vfs, {})
    others = len(os.listdir(sim.sys / 'bus' / 'pci' / 'devices')) - 2 * vfs - 2
    assert calls(host, host.snapshot) <= (
        2 * vfs * PER_VF + 2 * PER_PF + others * PER_DEVICE + PER_HOST)
    # One dump each, and one request for each PF's mode.
    assert collections.Counter(host.netlink.requests) == {
        'links': 1, 'ports': 1, 'eswitch_mode': 2}


def test_each_vf_more_costs_a_snapshot_the_same(sriov_host):
    """Also where sysfs alone answers: each VF costs the same."""
    counts = {vfs: calls(host, host.snapshot) for vfs in (8, 64, 120)
              for _, host in [build(sriov_host, vfs)]}
    assert counts[120] - counts[64] == counts[64] - counts[8]
    # Two PFs, two netdevs a VF of five attributes and a link
    assert counts[64] - counts[8] <= 2 * 56 * (PER_VF + 2 * 17)


def test_without_devlink_no_mode_is_requested(sriov_host):
    """It would be a socket for each PF, and the same refusal each time."""
    _, host = build(sriov_host, 8, {'devlink': False})
    host.snapshot()
    assert host.netlink.requests.count('eswitch_mode') == 0


# With devlink a VF costs nothing in sysfs, else the name of its port, be it
# the one that is looked for or not.
FIRST = {'devlink': ({}, 0), 'sysfs': (None, 3)}


@pytest.mark.parametrize('source, per_vf', FIRST.values(), ids=FIRST.keys())
def test_one_vf(sriov_host, source, per_vf):
    """The first of a PF, again, and the next: whatever else the host has,
    and no dump of all netdevs."""
    counts = {}
    for vfs, others in ((8, 0), (250, 0), (8, 2000)):
        sim, host = build(sriov_host, vfs, source)
        for number in range(others):
            folder = sim.sys / 'class' / 'net' / f'tap{number}'
            folder.mkdir()
            (folder / 'ifindex').write_text(f'{10_000 + number}\n')
        finder, pf = RepresentorFinder(host), sim.pf(PF1)
        counts[vfs, others] = [
            calls(host, finder.find, vf) for vf in (
                pf.vf_address(vfs - 1), pf.vf_address(vfs - 1),
                pf.vf_address(0))]
        counts[vfs, others][0] -= per_vf * vfs
        assert host.netlink is None or host.netlink.requests == ['ports']
    first, *others = counts.values()
    assert others == [first, first]
    assert first[0] <= 15 + PER_FOLDER and first[1:] == [15, 15]
