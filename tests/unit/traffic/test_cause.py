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
import dataclasses

import pytest

from nova_sriov_ext.traffic import cause
from nova_sriov_ext.traffic.verdict import Traffic
from os_vif_vflag.host import model

REP, UPLINK = 'eth9', 'enp3s0f0np0'
VF = model.VF('0000:03:00.2', 0, representor=REP)
PF = model.PF('0000:03:00.0', uplink=UPLINK, mode='switchdev', vfs=(VF,))
HARDWARE = Traffic(packets=9, offloaded=9, flows=2, offloaded_flows=2)
IDLE = Traffic()
SOFTWARE = Traffic(packets=9, flows=2, layers=frozenset({'ovs', 'tc'}))
GOOD = cause.Settings(True, {REP: True, UPLINK: True})


def of(traffic, settings=GOOD, vf=VF, port=REP):
    return cause.of(PF, vf, port, settings, traffic) or ''


@pytest.mark.parametrize('traffic, settings, words', [
    (HARDWARE, GOOD, ''), (IDLE, GOOD, ''), (None, GOOD, ''),
    # Traffic that is in hardware shows that all is set.
    (HARDWARE, cause.Settings(False, {UPLINK: False}), ''),
    (SOFTWARE, cause.Settings(False, {UPLINK: False}), 'hw-offload is off in'),
    (IDLE, cause.Settings(False), 'hw-offload is off in'),
    (SOFTWARE, cause.Settings(True, {UPLINK: False, REP: False}),
     f'ethtool -K {UPLINK} '),
    (SOFTWARE, cause.Settings(True, {UPLINK: True, REP: False}),
     f'ethtool -K {REP} '),
    (SOFTWARE, cause.Settings(None, {UPLINK: None}),
     '2 of 2 flows in software, in the datapath of Open vSwitch: look for '
     '"failed to'),
    (dataclasses.replace(SOFTWARE, layers=frozenset({'tc'})), GOOD,
     f'tc -s filter show dev {REP} ingress'),
    (dataclasses.replace(SOFTWARE, layers=frozenset({'partial'})), GOOD,
     'in hardware in part only'),
    (dataclasses.replace(SOFTWARE, layers=frozenset({''})), GOOD,
     'does not say where they are'),
    (dataclasses.replace(HARDWARE, seen=5), GOOD,
     'the processor has seen 5 packets, though all 2 flows'),
    (Traffic(seen=5, total=5), GOOD, 'has seen all packets'),
    (Traffic(seen=0, total=5), GOOD, 'look again while there is traffic'),
])
def test_the_first_cause(traffic, settings, words):
    found = of(traffic, settings)
    assert words in found and bool(words) == bool(found)


def test_a_database_that_does_not_answer_names_no_port():
    assert of(None, cause.Settings(None), port=None) == ''


def test_in_legacy_mode():
    assert cause.of_legacy(5, by_netdev=False) is None
    assert 'does not count' in cause.of_legacy(None, by_netdev=False)
    assert 'passes the processor' in cause.of_legacy(5, by_netdev=True)


def test_before_there_is_traffic():
    assert 'not a port of Open vSwitch' in of(HARDWARE, port=None)
    assert 'does not have a representor' in of(
        None, vf=model.VF(VF.address, 0), port=None)
