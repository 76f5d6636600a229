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
import itertools

from hypothesis import given
from hypothesis import strategies as st
import pytest

from nova_sriov_ext.traffic import sample
from nova_sriov_ext.traffic import verdict
from os_vif_vflag.kernel import counters
from os_vif_vflag.ovs import flows

REP = 'eth9'
KEYS = itertools.count()


def flow(packets, offloaded=True, layer='tc', in_port=REP, output='bond0'):
    return flows.Flow(str(next(KEYS)), in_port, frozenset({output}), packets,
                      layer, offloaded)


def of(*some, seen=None, total=None):
    netdevs = {} if total is None else {REP: counters.Counters(total, seen)}
    return verdict.of(REP, sample.Sample(
        {one.key: one for one in some}, netdevs))


@pytest.mark.parametrize('some, seen, total, expected', [
    ([flow(9), flow(1, in_port='bond0', output=REP)], None, None, 'hardware'),
    # The first packet of each flow, and no more.
    ([flow(9), flow(1)], 2, 12, 'hardware'),
    ([flow(9), flow(1)], 3, 13, 'partly'),
    ([flow(1000)], 10, 1010, 'hardware'),
    ([flow(1000)], 11, 1011, 'partly'),
    ([flow(9), flow(1, offloaded=False)], None, None, 'partly'),
    ([flow(9, offloaded=False)], None, None, 'software'),
    # Open vSwitch before 2.12.
    ([flow(9, offloaded=False, layer='')], None, None, 'unknown'),
    ([flow(9, offloaded=False, layer=''), flow(1, False, 'ovs')], None, None,
     'software'),
    ([flow(0)], None, None, 'idle'),
    ([], 0, 0, 'idle'),
    ([], 5, 5, 'software'),
    # The driver has read the one later than the other.
    ([], 6, 5, 'software'),
    ([], 0, 5, 'unknown'),
    ([], None, 5, 'unknown'),
    ([flow(9, in_port='eth8', output='eth80')], 0, 0, 'idle'),
])
def test_verdict(some, seen, total, expected):
    assert of(*some, seen=seen, total=total).verdict == expected


def test_flows_that_cannot_be_read():
    assert verdict.of(REP, sample.Sample()) is None


def test_what_is_counted():
    found = of(flow(90), flow(0), flow(9, False, 'ovs'),
               flow(1, False, in_port='x', output=REP),
               flow(7, in_port='x', output='y'), seen=12, total=100)
    assert found == verdict.Traffic(
        packets=100, offloaded=90, flows=3, offloaded_flows=1, seen=12,
        total=100, layers=frozenset({'ovs', 'tc'}))
    assert found.share == 0.9


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans())),
       st.none() | st.integers(0, 40))
def test_hardware_is_never_said_of_software(some, seen):
    found = of(*(flow(*one) for one in some), seen=seen, total=50)
    if found.verdict is verdict.Verdict.HARDWARE:
        assert all(offloaded for packets, offloaded in some if packets)
        assert any(packets for packets, _ in some)
        assert (seen or 0) <= max(len(some), 0.01 * found.packets)
