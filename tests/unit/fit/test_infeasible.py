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

"""What counting alone tells: the search is spared, its answer is not."""

import pytest

from nova_sriov_ext.fit import infeasible
from nova_sriov_ext.fit.pools import HostPools
from nova_sriov_ext.fit.wanted import Want
from tests.unit.scheduler.pools import pool

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'


def whole(count, address):
    return pool(count, dev_type='type-PF', address=address)


@pytest.mark.parametrize('pools, wants, hopeless', [
    ([pool(3)], [(2, (0,)), (1, (0,))], False),
    ([pool(3)], [(2, (0,)), (2, (0,))], True),
    ([pool(3)], [(4, (0,)), (1, (0,))], True),
    # The one PF that is asked for takes its VFs away.
    ([whole(1, PF0), pool(2, address=PF0)], [(1, (0,)), (1, (1,))], True),
    # One of two PFs is given: the VFs of the other stay.
    ([whole(1, PF0), whole(1, PF1), pool(2, address=PF0),
      pool(3, address=PF1)], [(1, (0, 1)), (3, (2, 3))], False),
    ([whole(1, PF0), whole(1, PF1), pool(2, address=PF0),
      pool(3, address=PF1)], [(1, (0, 1)), (4, (2, 3))], True),
    ([whole(1, PF0), whole(1, PF1), pool(2, address=PF0),
      pool(3, address=PF1)], [(2, (0, 1)), (1, (2, 3))], True),
    # Devices that share an address, in two pools: both count as one PF's.
    ([whole(1, PF0), whole(1, PF0), whole(1, PF1), pool(1, address=PF0),
      pool(1, address=PF1)], [(2, (0, 1, 2)), (1, (3, 4))], False),
])
def test_is_hopeless(pools, wants, hopeless):
    assert infeasible.is_hopeless(
        HostPools.of(pools), [Want(*want) for want in wants]) is hopeless
