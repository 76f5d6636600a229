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

"""Stock Nova on the same simulated card: both must leave the VF alike.

Stock runs in a process that sees the simulated /sys, with an ``ip`` in its
PATH that asks the simulated kernel.
"""

import pytest

from tests.sim import card
from tests.sim import inside
from tests.sim import memory
from tests.sim import sysfs
from tests.unit.virt import conftest
from tests.unit.virt import steps
from tests.unit.virt import vifs

pytestmark = pytest.mark.skipif(
    bool(inside.why_not()), reason=str(inside.why_not()))

UPLINK = conftest.PF.netdev


@pytest.fixture(scope='module')
def stocks():
    with memory.folder() as root:
        host = sysfs.Sysfs(root, card.Card(pfs=(conftest.PF,)))
        return inside.call(
            steps.of_stock, root, UPLINK, sys=host.sys).result()


@pytest.fixture
def ours(machine):
    here = machine()
    return steps.of(here.driver, here.vfs, UPLINK)


def test_the_vf(ours, stocks):
    assert {key: vf for key, (vf, *_) in ours.items()} == {
        key: vf for key, (vf, *_) in stocks.items()}
    assert ours['macvtap', 0][0]['mac'] == vifs.MAC
    assert ours['trusted', 0][0]['trust'] == 1


def test_its_netdev(ours, stocks):
    """Alike but for the two points of vf_setup.Netdev: after an unplug
    stock's is up still, and with VLAN 0 stock's is never up."""
    differences = {key: (stocks[key][1:], ours[key][1:])
                   for key in ours if stocks[key][1:] != ours[key][1:]}
    up, down = (vifs.MAC, True), (vifs.MAC, False)
    assert differences == {
        ('macvtap', 2): (up, down), ('macvtap', 3): (up, down),
        **{('macvtap flat', step): (down, up) for step, method
           in enumerate(steps.STEPS) if method == 'plug'}}
