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

"""The same trees, the same run: os-vif's and Nova's own look-ups beside ours.

The table documents where they are right, and where they return another VF's
netdev. Stock code is unmodified and sees the tree as /sys (tests.sim.inside).

Both take what a folder lists last, or first. tmpfs lists the newest first,
so that here the outcome is always the same; sysfs lists by a hash of the name.
"""

from nova.pci import utils as nova_pci
import pytest
from vif_plug_ovs import linux_net

from os_vif_vflag import exception
from os_vif_vflag.host.representors import RepresentorFinder
from tests.sim import inside
from tests.sim.card import Bond
from tests.sim.card import Card
from tests.sim.card import LagState
from tests.sim.card import Pf
from tests.unit.vflag.host import sources

pytestmark = pytest.mark.skipif(
    bool(inside.why_not()), reason=str(inside.why_not()))

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'
SLOT = '0000:81:00.0'
UP0, UP1 = 'enp3s0f0np0', 'enp3s0f1np1'
RIGHT, WRONG, RAISES = {'right'}, {'wrong'}, {'raises'}


def pfs(mode='switchdev', **more):
    return (Pf(PF0, UP0, **more), Pf(PF1, UP1, mode=mode, **more))


def nothing(sim):
    """The host as it was set up."""


def remove(*numbers):
    def without(sim):
        for number in numbers:
            sim.remove_representor(sim.pf(PF0).vf_address(number))
    return without


def rename_uplinks(sim):
    """They come first in the folder of netdevs; Nova takes the last."""
    for number, link in enumerate(sim.links()):
        if link.kind == 'uplink':
            sim.rename(link.name, f'wan{number}')


def renumber(sim):
    """A shared FDB becomes active, and udev calls them crosswise."""
    sim.reload_representors(PF0)
    names = [sim.representor(vf).name for vf in sim.pf(PF0).vf_addresses[:2]]
    for name, new in ((names[0], 'x'), (names[1], names[0]), ('x', names[1])):
        sim.rename(name, new)


TWO_SLOTS = (Pf(PF0, UP0), Pf(SLOT, 'enp129s0np1'))
DPU = pfs(external_vfs=6, subfunctions=3)

# card, what happens to it; os-vif's, ours for its VFs; Nova's for its PFs
TABLE = {
    'mlx5': (Card(pfs()), nothing, RIGHT, RIGHT, RIGHT),
    'mlx5, renamed uplinks': (
        Card(pfs()), rename_uplinks, RIGHT, RIGHT, WRONG),
    'mlx5, another PF in legacy mode': (
        Card(pfs('legacy')), nothing, RIGHT | RAISES, RIGHT | RAISES, RIGHT),
    'mlx5, VF-LAG': (
        Card(pfs(), lag=LagState(), bond=Bond('bond0', '802.3ad',
                                              (UP0, UP1))),
        renumber, RIGHT, RIGHT, RIGHT),
    'mlx5, 127 VFs each': (
        Card(pfs(vfs=127, total_vfs=127)), nothing, RIGHT, RIGHT, RIGHT),
    'mlx5, 250 VFs, over the end of the bus': (
        Card((Pf(PF0, UP0, vfs=250, total_vfs=260),)), nothing,
        RIGHT, RIGHT, RIGHT),
    'mlx5, two cards': (
        (Card(pfs()), Card((Pf(SLOT, 'enp129s0np0'),), switch_id='aabb')),
        nothing, RIGHT, RIGHT, RIGHT),
    'mlx5, ports in two slots': (
        Card(TWO_SLOTS), nothing, RIGHT | WRONG, RIGHT, RIGHT),
    'mlx5, ports in two slots, the second in legacy mode': (
        Card((TWO_SLOTS[0], Pf(SLOT, 'enp129s0np1', mode='legacy'))),
        nothing, RIGHT | WRONG, RIGHT | RAISES, RIGHT),
    'mlx5, ports against the order of slots': (
        Card((Pf(PF0, UP0, port=1), Pf(SLOT, 'enp129s0np0', port=0))),
        nothing, RIGHT | WRONG, RIGHT, RIGHT),
    'mlx5, DPU': (Card(DPU), nothing, WRONG, RIGHT, RIGHT),
    'mlx5, DPU, a representor is gone': (
        Card(DPU), remove(2), WRONG, RIGHT | RAISES, RIGHT),
    'mlx5, a representor is gone': (
        Card(pfs()), remove(2), RIGHT | RAISES, RIGHT | RAISES, RIGHT),
    'mlx5, Linux 5.7': (
        Card(pfs(), representors_under_pf=False), rename_uplinks,
        RIGHT, RIGHT, RIGHT),
    'mlx5, Linux 5.1': (
        Card(pfs(), naming='mlx5-5.1', representors_under_pf=False),
        nothing, RIGHT, RIGHT, RIGHT),
    'vfM@pfN': (Card(pfs(), naming='vf@pf'), nothing, RIGHT, RIGHT, RIGHT),
    'bare numbers, one PF': (
        Card(pfs()[:1], naming='number', representors_under_pf=False),
        nothing, RIGHT, RIGHT, RIGHT),
    'bare numbers, two PFs': (
        Card(pfs(), naming='number'), nothing, RIGHT | WRONG, RIGHT, RIGHT),
    'bare numbers, two PFs, Linux 5.0': (
        Card(pfs(), naming='number', representors_under_pf=False),
        nothing, RIGHT | WRONG, RAISES, RIGHT),
    'Intel ice': (Card(pfs(), naming='ice', driver='ice', vf_driver='iavf'),
                  nothing, RIGHT, RIGHT, RIGHT),
    'Broadcom': (Card(pfs(), naming='bnxt', driver='bnxt_en',
                      vf_driver='bnxt_en', representors_under_pf=False),
                 nothing, RIGHT, RIGHT, RIGHT),
    'Netronome': (Card(pfs()[:1], naming='nfp', driver='nfp',
                       vf_driver='nfp_netvf'), nothing, RIGHT, RIGHT, RIGHT),
    'Netronome, split port': (
        Card(pfs()[:1], naming='nfp-split', driver='nfp',
             vf_driver='nfp_netvf'), nothing, RIGHT, RIGHT, RIGHT),
}


def stock_answers(vfs, pfs):
    """Runs in the child. :returns: dict address → netdev, None when the
    stock code raised"""
    return ({vf: _or_none(_os_vif, vf) for vf in vfs}
            | {pf: _or_none(nova_pci.get_ifname_by_pci_address, pf)
               for pf in pfs})


def _os_vif(vf):
    """As vif_plug_ovs.ovs.OvsPlugin._plug_vf finds it."""
    uplink = linux_net.get_ifname_by_pci_address(
        vf, pf_interface=True, switchdev=True)
    return linux_net.get_representor_port(
        uplink, linux_net.get_vf_num_by_pci_address(vf))


def _or_none(function, *args):
    try:
        return function(*args)
    except Exception:
        return None


def verdicts(answers, truth):
    return {'raises' if answers[address] is None
            else 'right' if answers[address] == truth[address] else 'wrong'
            for address in truth}


@pytest.mark.parametrize('cards, happens, os_vif, ours, nova',
                         TABLE.values(), ids=TABLE.keys())
def test_side_by_side(sriov_host, cards, happens, os_vif, ours, nova):
    sim = sriov_host(*(cards if isinstance(cards, tuple) else (cards,)))
    happens(sim)
    of_vfs = some(sources.representors(sim))
    of_pfs = {link.pci: link.name for link in sim.links()
              if link.kind == 'uplink'}
    stock = inside.call(stock_answers, list(of_vfs), list(of_pfs),
                        sys=sim.sys).result()
    assert verdicts(stock, of_vfs) == os_vif
    assert verdicts(stock, of_pfs) == nova
    host = sources.host(sim, None)
    assert verdicts(_finder(host, of_vfs), of_vfs) == ours
    assert {pf.address: pf.uplink for pf in host.snapshot().pfs} == of_pfs


def some(vfs):
    """os-vif takes milliseconds for each VF of a large card."""
    step = len(vfs) // 30 + 1
    return {vf: vfs[vf] for vf in sorted(vfs)[::-step]}


def _finder(host, vfs):
    finder, found = RepresentorFinder(host), {}
    for vf in vfs:
        try:
            found[vf] = finder.find(vf)
        except exception.HostError:
            found[vf] = None
    return found

