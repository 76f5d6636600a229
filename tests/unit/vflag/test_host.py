"""The host's PFs, VFs and netdevs, read from a simulated /sys."""

import pathlib

import pytest

from os_vif_vflag import exception
from os_vif_vflag.facts import Snapshot
from os_vif_vflag.host import Host
from tests.sim import naming
from tests.sim.card import Card
from tests.sim.card import Pf

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'


def card(*pfs, **more):
    return Card(pfs=pfs or (Pf(PF0, 'enp3s0f0np0'),
                            Pf(PF1, 'enp3s0f1np1', mode='legacy')), **more)


def read(sim):
    return Host(str(sim.root))


def modes(sim):
    return {pf.address: pf.mode for pf in read(sim).snapshot().pfs}


each_naming = pytest.mark.parametrize('habit', naming.NAMINGS)
each_kernel = pytest.mark.parametrize('under_pf', [True, False],
                                      ids=['Linux 5.8', 'before'])


def test_snapshot(sriov_host):
    sim = sriov_host(card())
    first, second = read(sim).snapshot().pfs
    assert (first.address, first.uplink, first.mode, first.total_vfs) == (
        PF0, 'enp3s0f0np0', 'switchdev', 8)
    assert (second.address, second.uplink, second.mode) == (
        PF1, 'enp3s0f1np1', 'legacy')
    for pf in (first, second):
        assert [vf.address for vf in pf.vfs] == (
            sim.pf(pf.address).vf_addresses)
        assert [vf.number for vf in pf.vfs] == list(range(4))


@each_naming
@each_kernel
def test_modes_with_every_driver(sriov_host, habit, under_pf):
    """A switch id says nothing: some drivers have one in legacy mode."""
    sim = sriov_host(card(
        Pf(PF0, 'enp3s0f0np0'), Pf('0000:04:00.0', 'enp4s0np0'), naming=habit,
        representors_under_pf=under_pf))
    assert modes(sim) == {PF0: 'switchdev', '0000:04:00.0': 'switchdev'}
    for pf in (PF0, '0000:04:00.0'):
        sim.set_mode(pf, 'legacy')
    assert modes(sim) == {PF0: 'legacy', '0000:04:00.0': 'legacy'}
    assert [pf.uplink for pf in read(sim).snapshot().pfs] == [
        'enp3s0f0np0', 'enp4s0np0']


def test_more_vfs_than_a_byte_of_names(sriov_host):
    """virtfn10 is after virtfn2, and 127 is no limit."""
    sim = sriov_host(card(Pf(PF0, 'enp3s0f0np0', vfs=200, total_vfs=250)))
    pf, = read(sim).snapshot().pfs
    assert [vf.number for vf in pf.vfs] == list(range(200))


def test_the_uplink_is_no_representor(sriov_host):
    """Nova's own look-up takes any of the PF's netdevs."""
    sim = sriov_host(card(Pf(PF0, 'zz0np0', external_vfs=2, subfunctions=2,
                             representor='aa_{vf}')))
    assert read(sim).snapshot().pfs[0].uplink == 'zz0np0'


def test_no_card(sriov_host):
    assert read(sriov_host()).snapshot() == Snapshot()


def test_no_sysfs(tmp_path):
    assert Host(str(tmp_path)).snapshot().pfs == ()


def test_a_card_without_vfs(sriov_host):
    pf, = read(sriov_host(card(Pf(PF0, 'enp3s0f0np0', vfs=0)))).snapshot().pfs
    assert (pf.vfs, pf.total_vfs) == ((), 8)


@pytest.mark.parametrize('number', range(4))
def test_vf(sriov_host, number):
    sim = sriov_host(card())
    for pf in (PF0, PF1):
        address = sim.pf(pf).vf_address(number)
        assert read(sim).vf(address) == (pf, number)


def test_no_such_vf(sriov_host):
    host = read(sriov_host(card()))
    with pytest.raises(exception.VfNotFound, match='0000:0a:00.1') as caught:
        host.vf('0000:0a:00.1')
    assert 'device_spec' in str(caught.value)
    with pytest.raises(exception.NotAVf, match=PF0):
        host.vf(PF0)


@pytest.mark.parametrize('spoil', [
    lambda pf, vf: (pf / 'virtfn0').unlink(),
    lambda pf, vf: (vf / 'physfn').unlink(),
], ids=['PF forgot it', 'VF forgot the PF'])
def test_a_vf_that_is_just_going(sriov_host, spoil):
    sim = sriov_host(card())
    devices = pathlib.Path(sim.sys) / 'bus' / 'pci' / 'devices'
    vf = sim.pf(PF0).vf_address(0)
    spoil(devices / PF0, devices / vf)
    with pytest.raises(exception.NotAVf, match=vf):
        read(sim).vf(vf)


@pytest.mark.parametrize('content', ['', 'many', '-1'])
def test_a_driver_that_misreports_its_total(sriov_host, content):
    sim = sriov_host(card())
    device = pathlib.Path(sim.sys) / 'bus' / 'pci' / 'devices' / PF0
    (device / 'sriov_totalvfs').write_text(content)
    assert read(sim).snapshot().pfs[0].total_vfs == 0
