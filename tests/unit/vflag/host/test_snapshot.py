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

"""What a snapshot is made of, and what it notes of the rest."""

import pytest

from os_vif_vflag.host import model
from tests.sim.card import Bond
from tests.sim.card import Card
from tests.sim.card import LagState
from tests.sim.card import Pf
from tests.unit.vflag.host import damage
from tests.unit.vflag.host import sources

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'


def pfs():
    return Pf(PF0, 'up0'), Pf(PF1, 'up1')


def device(sim, *parts):
    return sim.sys.joinpath('bus/pci/devices', *parts)


def said(snapshot):
    return {str(note) for note in snapshot.unread}


def test_netdevs_come_from_one_dump(sriov_host):
    sim = sriov_host(Card(pfs()))
    host = sources.host(sim, {})
    host.sysfs.files = damage.Watched(str(sim.root))
    host.snapshot()
    assert host.netlink.requests.count('links') == 1
    assert {path for _, path in host.sysfs.files.requests
            if path.startswith('class/')} == {'class/net/bonding_masters'}


def test_without_devlink_no_mode_is_requested(sriov_host):
    """It would be a socket for each PF, and the same refusal each time."""
    host = sources.host(sriov_host(Card(pfs())), {'devlink': False})
    assert all(pf.mode_inferred for pf in host.snapshot().pfs)
    assert 'eswitch_mode' not in host.netlink.requests


def test_devlink_distinguishes_what_nothing_else_does(sriov_host):
    sim = sriov_host(Card(
        pfs(), naming='number', representors_under_pf=False))
    found = {vf.address: vf.representor
             for pf in sources.host(sim, {}).snapshot().pfs for vf in pf.vfs}
    assert found == sources.representors(sim)


def test_bonds_have_their_lag_and_pfs_their_bond(sriov_host):
    sim = sriov_host(
        Card(pfs(), lag=LagState(), bond=Bond(
            'bond0', '802.3ad', ('up0', 'up1'))),
        Card((Pf('0000:81:00.0', 'up2'),), switch_id='aa'))
    snapshot = sources.host(sim, {}).snapshot()
    bond, = snapshot.bonds
    assert bond.lag == model.Lag(model.ACTIVE)
    assert [pf.bond for pf in snapshot.pfs] == ['bond0', 'bond0', None]


def test_a_device_that_is_listed_and_not_there_is_noted(sriov_host):
    sim = sriov_host(Card(pfs()))
    device(sim, '0000:99:00.0').symlink_to('nowhere')
    snapshot = sources.host(sim, None).snapshot()
    assert [pf.address for pf in snapshot.pfs] == [PF0, PF1]
    assert said(snapshot) == {
        f'{device(sim, "0000:99:00.0")}: points to a device that is not '
        'there'}


def test_a_vf_that_is_linked_and_not_listed_is_noted(sriov_host):
    sim = sriov_host(Card(pfs()))
    vf = sim.pf(PF0).vf_address(3)
    device(sim, vf).unlink()
    first, _ = sources.host(sim, None).snapshot().pfs
    assert [one.number for one in first.vfs] == [0, 1, 2]
    assert said(sources.host(sim, None).snapshot()) == {
        f'{device(sim, PF0, "virtfn3")}: points to a device that is not '
        'there',
        f'{device(sim, PF0, "sriov_numvfs")}: says 4, but there are 3 VFs'}


def test_a_vf_that_vanishes_while_it_is_read_is_noted(sriov_host):
    sim = sriov_host(Card(pfs()))
    host = sources.host(sim, None)
    host.sysfs.files = damage.Watched(str(sim.root))
    host.sysfs.files.vanished.add(f'bus/pci/devices/{PF0}/virtfn1')
    snapshot = host.snapshot()
    assert [one.number for one in snapshot.pfs[0].vfs] == [0, 2, 3]
    assert said(snapshot) == {
        f'{device(sim, PF0, "virtfn1")}: No such file or directory',
        f'{device(sim, PF0, "sriov_numvfs")}: says 4, but there are 3 VFs'}


def test_a_pf_whose_total_cannot_be_read_is_one(sriov_host):
    sim = sriov_host(Card(pfs()))
    device(sim, PF0, 'sriov_totalvfs').unlink()
    snapshot = sources.host(sim, None).snapshot()
    first, second = snapshot.pfs
    assert (first.address, first.total_vfs, len(first.vfs)) == (PF0, 0, 4)
    assert second.total_vfs == 8
    assert said(snapshot) == {
        f'{device(sim, PF0, "sriov_totalvfs")}: No such file or directory'}


@pytest.mark.parametrize('name, field, value', [
    ('vendor', 'vendor', None), ('device', 'product', None),
    ('class', 'uplink', 'up0'),
    ('sriov_numvfs', 'num_vfs', 4)])
def test_what_every_pf_has_is_missed(sriov_host, name, field, value):
    """The VFs that are there are counted where their number is not said."""
    sim = sriov_host(Card(pfs()))
    device(sim, PF0, name).unlink()
    snapshot = sources.host(sim, None).snapshot()
    assert getattr(snapshot.pfs[0], field) == value
    assert said(snapshot) == {
        f'{device(sim, PF0, name)}: No such file or directory'}


@pytest.mark.parametrize('name, field', [
    ('numa_node', 'numa_node'), ('driver', 'driver')])
def test_what_not_every_pf_has_is_not_missed(sriov_host, name, field):
    sim = sriov_host(Card(pfs()))
    device(sim, PF0, name).unlink()
    snapshot = sources.host(sim, None).snapshot()
    assert getattr(snapshot.pfs[0], field) is None
    assert snapshot.unread == ()


def test_the_oldest_netdev_of_a_vf_is_its_own(sriov_host):
    """Others are made on top of it, such as a VLAN of a driver."""
    sim = sriov_host(Card((Pf(PF0, 'up0', mode='legacy'),)))
    vf = sim.pf(PF0).vf_address(0)
    folder = device(sim, vf, 'net', 'a0')
    folder.mkdir()
    for name, text in (('ifindex', '999'), ('type', '1'),
                       ('operstate', 'up')):
        (folder / name).write_text(text)
    (folder / 'device').symlink_to(device(sim, vf).resolve())
    (sim.sys / 'class/net/a0').symlink_to(folder.resolve())
    first, = sources.host(sim, None).snapshot().pfs
    assert first.vfs[0].netdev == 'up0v0'


def test_an_id_has_four_digits(sriov_host):
    """With 0x before it or without."""
    sim = sriov_host(Card(pfs()))
    device(sim, PF0, 'vendor').write_text('0x2b\n')
    device(sim, PF0, 'sriov_vf_device').write_text('1b\n')
    first, _ = sources.host(sim, None).snapshot().pfs
    assert (first.vendor, first.vf_product) == ('002b', '001b')


@pytest.mark.parametrize('vfs, product', [(0, None), (1, '101e')])
def test_before_linux_4_15_vfs_say_what_they_are(sriov_host, vfs, product):
    sim = sriov_host(Card((Pf(PF0, 'up0', vfs=vfs),)))
    device(sim, PF0, 'sriov_vf_device').unlink()
    snapshot = sources.host(sim, None).snapshot()
    assert snapshot.pfs[0].vf_product == product
    assert snapshot.unread == ()
