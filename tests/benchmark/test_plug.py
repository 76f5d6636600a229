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

"""What a plug costs: stock, ours, and one bare transaction; see tox -e bench.

Twice: with a switch that opens netdevs, and with one that opens none, where
the time is that of the plugins and of OVSDB.
"""

import pytest

from tests.lab import compute as lab
from tests.lab import measure
from tests.lab import ovs
from tests.lab.osvif import Port
from tests.sim.card import Card
from tests.sim.card import Pf

ROUNDS = 15
VFS = (8, 64, 127, 250)
HEADER = (f'{"":22}{"plug ms":>9}{"unplug ms":>11}{"transactions":>14}'
          f'{"files":>10}')
SWITCHES = {ovs.VSWITCHD: 'netdevs', ovs.DUMMY: 'no netdevs'}


@pytest.mark.parametrize('busy', [False, True], ids=['none', 'all'])
@pytest.mark.parametrize('vfs', VFS)
@pytest.mark.parametrize('switch', SWITCHES)
def test_plug_and_unplug(switch, vfs, busy, capsys):
    if ovs.why_not():
        pytest.skip(ovs.why_not())
    pf = Pf('0000:03:00.0', 'enp3s0f0np0', vfs=vfs, total_vfs=vfs,
            vfs_bound_to='vfio-pci')
    with lab.Compute(Card(pfs=(pf,)), vswitchd=switch) as host:
        *others, last = host.host.pf(pf.address).vf_addresses
        found = measure.measure(
            host, last, [Port(vf) for vf in others if busy], ROUNDS)
    lines = report(found, f'{vfs} VFs, {"all" if busy else "none"} plugged, '
                   f'Open vSwitch opens {SWITCHES[switch]}')
    with capsys.disabled():
        print('\n' + '\n'.join(lines))
    ours, stock = (total(found, what)
                   for what in (measure.WARM, measure.STOCK))
    assert ours < stock


def total(found, what):
    return sum(found[what, action].milliseconds
               for action in ('plug', 'unplug'))


def report(found, title):
    lines = [title, HEADER]
    for what in (measure.STOCK, measure.WARM, measure.COLD, measure.FLOOR):
        plug, unplug = (found[what, action] for action in ('plug', 'unplug'))
        lines.append(
            f'{what:22}{plug.milliseconds:9.1f}{unplug.milliseconds:11.1f}'
            + f'{plug.transactions:g} + {unplug.transactions:g}'.rjust(14)
            + f'{plug.files:g} + {unplug.files:g}'.rjust(10))
    for what in (measure.STOCK, measure.FLOOR):
        ratios = [found[measure.WARM, action].milliseconds
                  / found[what, action].milliseconds
                  for action in ('plug', 'unplug')]
        lines.append(f'{"vflag / " + what:22}{ratios[0]:9.2f}'
                     f'{ratios[1]:11.2f}')
    return lines
