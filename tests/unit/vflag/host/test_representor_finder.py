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

"""What was found of a host that changes is not believed."""

import pytest

from os_vif_vflag.host import errors
from os_vif_vflag.host.host import Host
from os_vif_vflag.host.representors import RepresentorFinder
from tests.sim.card import Card
from tests.sim.card import Pf
from tests.unit.vflag.host import sources

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'


def pfs(**more):
    return (Pf(PF0, 'enp3s0f0np0', **more), Pf(PF1, 'enp3s0f1np1', **more))


@sources.each_source
def test_what_was_found_before_is_not_believed(sriov_host, source):
    """A shared FDB becoming active takes the representors away and brings
    them back with other ifindexes; then udev renames them crosswise."""
    sim = sriov_host(Card(pfs()))
    finder = RepresentorFinder(sources.host(sim, source))
    vfs = sim.pf(PF0).vf_addresses

    def right():
        return [finder.find(vf) for vf in vfs] == [
            sim.representor(vf).name for vf in vfs]

    assert right()
    sim.reload_representors(PF0)
    assert right()
    first, second = (sim.representor(vf).name for vf in vfs[:2])
    for name, new in ((first, 'a'), (second, first), ('a', second)):
        sim.rename(name, new)
    assert right()


@sources.each_source
def test_uplinks_that_change_their_names(sriov_host, source):
    """udev gives each the name that the other one had."""
    sim = sriov_host(Card(pfs()))
    finder = RepresentorFinder(sources.host(sim, source))
    one, two = 'enp3s0f0np0', 'enp3s0f1np1'
    assert [finder.uplink(pf) for pf in (PF0, PF1)] == [one, two]
    for name, new in ((one, 'a'), (two, one), ('a', two)):
        sim.rename(name, new)
    assert [finder.uplink(pf) for pf in (PF0, PF1)] == [two, one]


def test_a_second_look_up_dumps_nothing(sriov_host):
    """Neither for the same VF nor for another one."""
    sim = sriov_host(Card(pfs()))
    host = sources.host(sim, {})
    finder = RepresentorFinder(host)
    for pf in (PF0, PF1):
        for vf in sim.pf(pf).vf_addresses:
            assert finder.find(vf) == sim.representor(vf).name
    assert host.netlink.requests == ['ports', 'ports']      # one for each PF


def test_a_representor_that_is_gone_is_not_found(sriov_host):
    sim = sriov_host(Card(pfs(external_vfs=4)))
    vf = sim.pf(PF0).vf_address(2)
    sim.remove_representor(vf)
    finder = RepresentorFinder(Host(str(sim.root)))
    for _ in range(2):
        with pytest.raises(errors.RepresentorNotFound) as caught:
            finder.find(vf)
        assert f'VF {vf} (VF 2 of PF {PF0}) has no' in str(caught.value)
    sim.restore_representor(vf)
    assert finder.find(vf) == sim.representor(vf).name


def test_an_uplink_that_is_gone_is_not_found(sriov_host):
    """One look each time, and none of the past."""
    sim = sriov_host(Card(pfs()))
    sim.remove((PF0, 'uplink', None))
    host = sources.host(sim, {})
    finder = RepresentorFinder(host)
    for _ in range(2):
        del host.netlink.requests[:]
        assert finder.uplink(PF0) is None
        assert host.netlink.requests == ['ports', 'links']
    sim.restore((PF0, 'uplink', None))
    assert finder.uplink(PF0) == 'enp3s0f0np0'


@pytest.mark.parametrize('source', [None, {'devlink': False}])
def test_a_name_that_another_cards_vf_got(sriov_host, source):
    """Only the ifindex distinguishes them: bare numbers, and no parent."""
    cards = [Card(pfs()[:1], naming='number', representors_under_pf=False),
             Card((Pf('0000:81:00.0', 'enp129s0np0'),), naming='number',
                  representors_under_pf=False, switch_id='aa')]
    sim = sriov_host(*cards)
    vfs = [card.pfs[0].vf_address(1) for card in cards]
    finder = RepresentorFinder(sources.host(sim, source))
    one, two = map(finder.find, vfs)
    for name, new in ((one, 'a'), (two, one), ('a', two)):
        sim.rename(name, new)
    assert [finder.find(vf) for vf in vfs] == [two, one]


@sources.each_source
def test_renamed_while_it_is_looked_for(sriov_host, source, monkeypatch):
    """The dump says one thing, and when it is used that name is another
    netdev's: udev renames eth0, eth1 … right after they appear."""
    sim = sriov_host(Card(pfs()))
    host = sources.host(sim, source)
    first, second = sim.pf(PF0).vf_addresses[:2]
    names = [sim.representor(vf).name for vf in (first, second)]
    dump, moved = Host.representors, []

    def then_renamed(self, pf):
        representors = dump(self, pf)
        if not moved:
            moved.append(True)
            for name, new in ((names[0], 'a'), (names[1], names[0]),
                              ('a', names[1])):
                sim.rename(name, new)
        return representors

    monkeypatch.setattr(Host, 'representors', then_renamed)
    assert RepresentorFinder(host).find(first) == names[1]
    assert moved
