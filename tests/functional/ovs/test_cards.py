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

"""Whatever the card and the kernel, the VF's own representor is plugged.

The proof is a packet: from the guest that has the VF, through Open vSwitch,
to a guest that has a VF of a plain card.
"""

import pytest

from tests.lab.compute import pings
from tests.lab.osvif import Port
from tests.sim.card import Bond
from tests.sim.card import Card
from tests.sim.card import LagState
from tests.sim.card import Pf

PLAIN = Card(switch_id='0a0b0c0d', pfs=(
    Pf('0000:a1:00.0', 'ens9f0', vfs=1),))
UPLINKS = ('enp3s0f0np0', 'enp3s0f1np1')
PFS = (Pf('0000:03:00.0', UPLINKS[0], vfs=2),
       Pf('0000:03:00.1', UPLINKS[1], vfs=2))
VF = '0000:03:01.3'      # VF 1 of the second PF

CARDS = {
    'mlx5': Card(pfs=PFS),
    'Linux before 5.8': Card(pfs=PFS, representors_under_pf=False),
    'vf@pf': Card(pfs=PFS, naming='vf@pf', representors_under_pf=False),
    'first PF in legacy mode': Card(pfs=(
        Pf('0000:03:00.0', UPLINKS[0], mode='legacy', vfs=2), PFS[1])),
    'VF-LAG': Card(pfs=PFS, lag=LagState(), bond=Bond(
        'bond0', '802.3ad', UPLINKS)),
    'DPU': Card(pfs=(PFS[0], Pf(
        '0000:03:00.1', UPLINKS[1], vfs=2, external_vfs=2,
        subfunctions=2))),
}


@pytest.mark.parametrize('kind', CARDS)
def test_packets_pass_whatever_the_card_is_called(compute, kind):
    host = compute(PLAIN, CARDS[kind])
    assert_packets_pass(host, VF)


def test_ports_of_a_card_in_two_slots(compute):
    """Function 0 twice; stock code takes the other PF's representor."""
    host = compute(PLAIN, Card(pfs=(
        PFS[0], Pf('0000:81:00.0', 'enp129s0np1', vfs=2))))
    assert_packets_pass(host, '0000:81:00.2')


def assert_packets_pass(host, vf):
    peer_vf = '0000:a1:00.1'
    guest = host.guest(vf, '192.0.2.1/24')
    host.guest(peer_vf, '192.0.2.2/24')
    for address in (vf, peer_vf):
        host.plug(Port(address)).result()
    assert host.ovs.ports('br-int') == sorted(
        host.representor(address) for address in (vf, peer_vf))
    assert pings(guest, '192.0.2.2')
