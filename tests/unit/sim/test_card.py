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

"""Descriptions of cards: defaults, and what is refused."""

import dataclasses

import pytest

from tests.sim.card import Bond
from tests.sim.card import Card
from tests.sim.card import LagState
from tests.sim.card import Pf

PF0 = Pf('0000:03:00.0', 'enp3s0f0np0')
PF1 = Pf('0000:03:00.1', 'enp3s0f1np1')


def test_vfs_follow_the_pfs_of_their_slot():
    card = Card(pfs=(PF0, PF1))
    assert card.pfs[0].vf_addresses == [
        '0000:03:00.2', '0000:03:00.3', '0000:03:00.4', '0000:03:00.5']
    # the first PF may have 8 VFs: those addresses are taken
    assert card.pfs[1].vf_addresses[0] == '0000:03:01.2'


def test_ports_in_different_slots():
    card = Card(pfs=(PF0, Pf('0000:81:00.0', 'enp129s0np1')))
    assert [pf.port for pf in card.pfs] == [0, 1]
    assert card.pfs[1].vf_addresses[0] == '0000:81:00.1'


def test_pci_devices():
    card = Card(pfs=(dataclasses.replace(PF0, vfs=1, numa_node=1),))
    pf, vf = card.pci_devices()
    assert (pf.address, pf.dev_type, pf.product, pf.netdev, pf.parent) == (
        '0000:03:00.0', 'PF', '101d', 'enp3s0f0np0', None)
    assert (vf.address, vf.dev_type, vf.product, vf.netdev, vf.parent) == (
        '0000:03:00.1', 'VF', '101e', 'enp3s0f0v0', '0000:03:00.0')
    assert {pf.vendor, vf.vendor} == {'15b3'}
    assert {pf.numa_node, vf.numa_node} == {1}


@pytest.mark.parametrize(('changes', 'driver', 'netdev'), [
    ({}, 'mlx5_core', 'enp3s0f0v0'),
    ({'sriov_drivers_autoprobe': False}, None, None),
    ({'vfs_bound_to': None}, None, None),
    ({'vfs_bound_to': 'vfio-pci'}, 'vfio-pci', None),
    ({'vf_drivers': ((0, 'vfio-pci'),)}, 'vfio-pci', None),
    ({'vf_drivers': ((1, 'vfio-pci'),)}, 'mlx5_core', 'enp3s0f0v0'),
])
def test_vf_driver(changes, driver, netdev):
    card = Card(pfs=(dataclasses.replace(PF0, **changes),))
    vf = card.pci_devices()[1]
    assert (vf.driver, vf.netdev) == (driver, netdev)


@pytest.mark.parametrize(('make', 'message'), [
    (lambda: Pf('0000:00:00.0', 'a'), 'bus 00 is the root bus'),
    (lambda: Pf('03:00.0', 'a'), 'is not a PCI address'),
    (lambda: Pf('0000:03:00.0', 'a', mode='switch'), "mode 'switch'"),
    (lambda: Pf('0000:03:00.0', 'a', link='on'), "link 'on'"),
    (lambda: Pf('0000:03:00.0', 'a', vfs=9), '9 VFs are not between 0'),
    (lambda: Pf('0000:03:00.0', 'ib0', infiniband=True),
     'InfiniBand PF does not have a switchdev'),
    (lambda: Card(pfs=()), 'it has no PF'),
    (lambda: Card(pfs=(PF0,), naming='x'), "naming 'x' is not one of"),
    (lambda: Card(pfs=(PF0,), bond=Bond('bond0', '802.3ad', ('eth9',))),
     'eth9: no PF of this card'),
    # what one project waited for; the kernel calls it balance-xor
    (lambda: Bond('bond0', 'balanced-xor', ()), "mode 'balanced-xor'"),
    (lambda: Bond('bond0', '802.3ad', ('a',), active='b'),
     'active b is not a member'),
    (lambda: LagState(state='inactive'), "state 'inactive'"),
    (lambda: LagState(type='sriov'), "type 'sriov'"),
])
def test_a_card_that_cannot_be_is_refused_with_the_reason(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(('pfs', 'message'), [
    ((PF0, dataclasses.replace(PF1, netdev=PF0.netdev)),
     'netdev name used twice: .*enp3s0f0np0'),
    ((PF0, dataclasses.replace(PF1, vf_offset=1)),
     'PCI address used twice: 0000:03:00.2'),
    ((Pf('0000:03:00.0', 'a-name-of-16-chr'),), 'is not a netdev name'),
    ((dataclasses.replace(PF0, representor='{base}-vf-rep{vf}'),),
     "'enp3s0f0-vf-rep0' is not a netdev name"),
])
def test_no_machine_could_have(sriov_host, pfs, message):
    with pytest.raises(ValueError, match=message):
        sriov_host(Card(pfs=pfs))


def test_two_cards_share_no_address(sriov_host):
    with pytest.raises(ValueError, match='0000:03:00.0'):
        sriov_host(Card(pfs=(PF0,)), Card(pfs=(
            dataclasses.replace(PF0, netdev='other'),)))
