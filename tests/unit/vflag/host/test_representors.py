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

"""VF to representor on every simulated card; never a guess.

The simulation knows which netdev belongs to which VF, and shows the plugin
only what a kernel shows.
"""

import pytest

from os_vif_vflag.host import errors
from os_vif_vflag.host.host import Host
from os_vif_vflag.host.representors import RepresentorFinder
from os_vif_vflag.host.representors import RepresentorIndex
from os_vif_vflag.kernel import port_name
from os_vif_vflag.kernel.netlink import Link
from tests.sim import naming
from tests.sim.card import Bond
from tests.sim.card import Card
from tests.sim.card import LagState
from tests.sim.card import Pf
from tests.unit.vflag.host import sources

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'


def pfs(**more):
    return (Pf(PF0, 'enp3s0f0np0', **more), Pf(PF1, 'enp3s0f1np1', **more))


def find(sim, vf):
    return RepresentorFinder(Host(str(sim.root))).find(vf)


def all_right(sim, source=None):
    """Both ways: one by one, and all in a snapshot."""
    host = sources.host(sim, source)
    truth = sources.representors(sim)
    finder = RepresentorFinder(host)
    assert {vf: finder.find(vf) for vf in truth} == truth
    assert {vf.address: vf.representor for pf in host.snapshot().pfs
            for vf in pf.vfs} == truth
    return True


CARDS = {
    **{habit: Card(pfs(), naming=habit) for habit in naming.NAMINGS},
    'DPU: external VFs of the same numbers': Card(
        pfs(external_vfs=6, subfunctions=3)),
    'ports in two slots, both function 0': Card(
        (Pf('0000:03:00.0', 'enp3s0np0'), Pf('0000:04:00.0', 'enp4s0np1'))),
    'ports against the order of slots': Card(
        (Pf('0000:03:00.0', 'enp3s0np1', port=1),
         Pf('0000:04:00.0', 'enp4s0np0', port=0))),
    'VF-LAG': Card(
        pfs(), lag=LagState(),
        bond=Bond('bond0', '802.3ad', ('enp3s0f0np0', 'enp3s0f1np1'))),
    'beyond the bus': Card(
        (Pf(PF0, 'enp3s0f0np0', vfs=12, total_vfs=12, vf_offset=250),)),
    'ARI with a stride': Card((
        Pf(PF0, 'enp3s0f0np0', vfs=12, total_vfs=12, vf_offset=240,
           vf_stride=2),
        Pf(PF1, 'enp3s0f1np1', vfs=12, total_vfs=12, vf_offset=240,
           vf_stride=2))),
    'before Linux 5.8': Card(pfs(), representors_under_pf=False),
    'before Linux 5.8, a DPU': Card(
        pfs(external_vfs=6), representors_under_pf=False),
    'before Linux 5.8, vfM@pfN': Card(
        pfs(), naming='vf@pf', representors_under_pf=False),
    'before Linux 5.8, bare numbers, one PF': Card(
        pfs()[:1], naming='number', representors_under_pf=False),
}


@pytest.mark.parametrize('card', CARDS.values(), ids=CARDS.keys())
def test_every_vf_has_its_representor(sriov_host, card):
    """Each source alone is enough, and all agree."""
    sim = sriov_host(card)
    for source in sources.SOURCES.values():
        assert all_right(sim, source)


def test_two_cards_with_equal_port_names(sriov_host):
    other = Card((Pf('0000:81:00.0', 'enp129s0np0'),),
                 switch_id='aabbccddeeff0011')
    for under_pf in (True, False):
        cards = [Card(card.pfs, switch_id=card.switch_id,
                      representors_under_pf=under_pf)
                 for card in (Card(pfs()), other)]
        assert all_right(sriov_host(*cards))


def test_names_do_not_matter(sriov_host):
    sim = sriov_host(Card(pfs()))
    first, second = (sim.pf(PF0).vf_address(n) for n in (0, 1))
    names = [sim.representor(vf).name for vf in (first, second)]
    for name, new in zip(names, ('pf0vf1', 'pf0vf0'), strict=True):
        sim.rename(name, new)
    assert all_right(sim)


@pytest.mark.parametrize('under_pf', [True, False])
def test_a_pf_in_legacy_mode_has_none(sriov_host, under_pf):
    sim = sriov_host(Card(pfs(mode='legacy'), representors_under_pf=under_pf))
    with pytest.raises(errors.NotSwitchdev, match=PF0) as caught:
        find(sim, sim.pf(PF0).vf_address(0))
    assert f'devlink dev eswitch set pci/{PF0} mode switchdev' in str(
        caught.value)


@pytest.mark.parametrize('under_pf', [True, False])
def test_legacy_beside_switchdev(sriov_host, under_pf):
    """The other PF's representors are not this one's."""
    sim = sriov_host(Card(
        (Pf(PF0, 'enp3s0f0np0', mode='legacy'), Pf(PF1, 'enp3s0f1np1')),
        representors_under_pf=under_pf))
    with pytest.raises(errors.NotSwitchdev):
        find(sim, sim.pf(PF0).vf_address(0))
    assert find(sim, sim.pf(PF1).vf_address(0)) == 'enp3s0f1_0'


def test_one_of_two_is_never_a_guess(sriov_host):
    """Bare VF numbers on two PFs with one switch id, before Linux 5.8:
    nothing distinguishes them."""
    sim = sriov_host(Card(
        pfs(), naming='number', representors_under_pf=False))
    with pytest.raises(errors.RepresentorAmbiguous) as caught:
        find(sim, sim.pf(PF0).vf_address(1))
    assert 'any of enp3s0f0_1, enp3s0f1_1' in str(caught.value)


def test_devlink_distinguishes_what_nothing_else_does(sriov_host):
    """As above; and no dump of all netdevs is needed."""
    sim = sriov_host(Card(
        pfs(), naming='number', representors_under_pf=False))
    host = sources.host(sim, {})
    for pf in (PF0, PF1):
        for vf in sim.pf(pf).vf_addresses:
            assert RepresentorFinder(host).find(vf) == (
                sim.representor(vf).name)
    assert set(host.netlink.requests) == {'ports'}


def test_devlink_knows_representors_of_a_pf_without_uplink(sriov_host):
    """Where the uplink may be, all netdevs are looked at: in one dump."""
    sim = sriov_host(Card(
        pfs(), naming='number', representors_under_pf=False))
    sim.remove((PF0, 'uplink', None))
    host = sources.host(sim, {})
    vf = sim.pf(PF0).vf_address(1)
    assert RepresentorFinder(host).find(vf) == 'enp3s0f0_1'
    assert host.netlink.requests == ['ports', 'links']


def test_never_another_pfs(sriov_host):
    """As above, and the VF's own representor is gone: only one netdev fits,
    and it is not known whose it is."""
    sim = sriov_host(Card(
        pfs(), naming='number', representors_under_pf=False))
    vf = sim.pf(PF0).vf_address(1)
    sim.remove_representor(vf)
    with pytest.raises(errors.RepresentorAmbiguous, match='enp3s0f1_1'):
        find(sim, vf)
    first = Host(str(sim.root)).snapshot().pfs[0]
    assert [one.representor for one in first.vfs] == [None] * 4


def partitioned(**more):
    """Broadcom's partitions (NPAR): several PFs call themselves p0, and pfN
    is the function. Its representors have no parent, whatever the kernel."""
    return Card((Pf(PF0, 'enp3s0f0np0', port=0),
                 Pf(PF1, 'enp3s0f1np1', port=1),
                 Pf('0000:03:00.2', 'enp3s0f2np0', port=0, **more)),
                naming='bnxt', driver='bnxt_en', vf_driver='bnxt_en',
                representors_under_pf=False)


@sources.each_source
def test_two_functions_of_one_port(sriov_host, source):
    sim = sriov_host(partitioned())
    assert all_right(sim, source)
    pfs = sources.host(sim, source).snapshot().pfs
    assert [pf.mode for pf in pfs] == ['switchdev'] * 3
    assert all(vf.representor for pf in pfs for vf in pf.vfs)


def test_a_partition_in_legacy_mode(sriov_host):
    sim = sriov_host(partitioned(mode='legacy'))
    with pytest.raises(errors.NotSwitchdev):
        find(sim, sim.pf('0000:03:00.2').vf_address(0))
    assert find(sim, sim.pf(PF0).vf_address(0)) == 'enp3s0f0_0'
    assert [pf.mode for pf in Host(str(sim.root)).snapshot().pfs] == [
        'switchdev', 'switchdev', 'legacy']


def test_two_pfs_of_one_port_and_driver_unknown(sriov_host):
    """What nothing distinguishes is not guessed."""
    sim = sriov_host(Card(
        (Pf(PF0, 'enp3s0f0np0', port=0),
         Pf('0000:03:00.2', 'enp3s0f2np0', port=0)),
        representors_under_pf=False))
    for pf in ('0000:03:00.2', PF0):
        with pytest.raises(errors.RepresentorAmbiguous):
            find(sim, sim.pf(pf).vf_address(0))


def test_a_bond_shows_its_members_switch_id():
    """A link dump looks at the lower netdevs (rtnl_phys_switch_id_fill), sysfs
    does not: a bond or a VLAN is no uplink for that."""
    links = (
        Link('bond0', 9, switch_id='aa'),
        Link('vlan5', 8, switch_id='aa'),
        Link('up', 2, port_name.parse('p0'), 'aa', PF0),
        Link('rep', 3, port_name.parse('5'), 'aa'))
    representors = RepresentorIndex(links, None)
    assert representors.only(PF0, 5).name == 'rep'
    assert representors.uplinks == {PF0: links[2]}


@pytest.mark.parametrize('address, error', [
    ('0000:0a:00.1', errors.VfNotFound), (PF0, errors.NotAVf)])
def test_no_vf(sriov_host, address, error):
    with pytest.raises(error):
        find(sriov_host(Card(pfs())), address)
