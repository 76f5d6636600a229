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

"""The host's PFs, VFs and netdevs, read from a simulated /sys."""

from concurrent import futures
import dataclasses
import pathlib

import pytest

from os_vif_vflag.host import errors
from os_vif_vflag.host.host import Host
from os_vif_vflag.host.model import PF
from os_vif_vflag.host.model import VF
from os_vif_vflag.host.model import HostSnapshot
from os_vif_vflag.host.netdevs import uplinks
from os_vif_vflag.kernel import port_name
from os_vif_vflag.kernel import uapi
from os_vif_vflag.kernel.netlink import Link
from tests.sim import naming
from tests.sim.card import Card
from tests.sim.card import Pf
from tests.unit.vflag.host import sources

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


def test_a_snapshot_shows_pfs_and_their_vfs(sriov_host):
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


PLACE = {'vendor': '8086', 'product': '1592', 'vf_product': '1889',
         'driver': 'ice', 'vf_driver': 'iavf', 'naming': 'ice'}


@sources.each_source
def test_every_fact(sriov_host, source):
    """What devlink does not report is inferred, and only that differs."""
    sim = sriov_host(card(
        Pf(PF0, 'ens1f0', mode='legacy', vfs=2, total_vfs=64, numa_node=1,
           link='down', vf_drivers=((1, 'vfio-pci'),)), **PLACE))
    assert sources.host(sim, source).snapshot() == HostSnapshot((PF(
        address=PF0, uplink='ens1f0', vendor='8086', product='1592',
        vf_product='1889', numa_node=1, mode='legacy',
        mode_inferred=source is None or source.get('devlink') is False,
        total_vfs=64, num_vfs=2, driver='ice', up=False,
        link_type='ethernet', switch_id='e41d2d0300a1b2c4', bond=None,
        vfs=(VF('0000:03:00.1', 0, 'iavf', 'ens1f0v0', None),
             VF('0000:03:00.2', 1, 'vfio-pci', None, None))),))


def attribute(sim, address, name):
    return sim.sys / 'bus' / 'pci' / 'devices' / address / name


def without_netdevs(sim):
    """All PFs' drivers reload: their uplinks are gone for a moment."""
    sim.remove(*(link.key for link in sim.links() if link.kind == 'uplink'))


def test_old_kernels_do_not_report_the_product_of_vfs(sriov_host):
    sim = sriov_host(card())
    attribute(sim, PF0, 'sriov_vf_device').unlink()
    snapshot = read(sim).snapshot()
    assert [pf.vf_product for pf in snapshot.pfs] == ['101e', '101e']
    assert snapshot.unread == ()


def test_no_numa(sriov_host):
    """-1 is what a machine of one node says, and no error."""
    sim = sriov_host(card(Pf(PF0, 'enp3s0f0np0', numa_node=-1)))
    snapshot = read(sim).snapshot()
    assert (snapshot.pfs[0].numa_node, snapshot.unread) == (None, ())


@sources.each_source
def test_an_infiniband_port_is_a_pf_in_legacy_mode(sriov_host, source):
    """Class 0x0207 is a network controller, too; it has no eswitch mode but
    legacy, and its partitions are netdevs of the same device."""
    sim = sriov_host(card(Pf(PF0, 'ib0', mode='legacy', infiniband=True)))
    for device in sim.pci_devices():
        attribute(sim, device.address, 'class').write_text('0x020700\n')
    pf, = sources.host(sim, source).snapshot().pfs
    assert (pf.uplink, pf.link_type, pf.mode, len(pf.vfs)) == (
        'ib0', 'infiniband', 'legacy', 4)
    without_netdevs(sim)
    pf, = sources.host(sim, source).snapshot().pfs
    assert (pf.uplink, len(pf.vfs)) == (None, 4)


def test_partitions_are_no_uplinks():
    def link(name, ifindex, port=None):
        return Link(name, ifindex, port_name.parse(port), parent=PF0)
    for first, *others in (
            (link('ib0', 2), link('ib0.8001', 7)),
            (link('up', 9, 'p0'), link('up1', 2, 'p1'), link('x', 1))):
        for links in ((first, *others), (*others, first)):
            assert uplinks(links) == {PF0: first}


@pytest.mark.parametrize('code', ['0x030200', '0x010802', '0x120000'])
def test_graphics_and_disks_have_vfs_too(sriov_host, code):
    sim = sriov_host(card())
    for link in (attribute(sim, PF1, 'net')).iterdir():
        (sim.sys / 'class' / 'net' / link.name).unlink()
    attribute(sim, PF1, 'class').write_text(f'{code}\n')
    snapshot = read(sim).snapshot()
    assert [pf.address for pf in snapshot.pfs] == [PF0]
    assert snapshot.unread == ()


@sources.each_source
def test_a_driver_that_reloads(sriov_host, source):
    """The PF and its VFs are there all the same, without netdevs."""
    sim = sriov_host(card(
        Pf(PF0, 'up0', vfs=2, vfs_bound_to=None, mode='legacy'),
        Pf(PF1, 'up1')))
    before = sources.host(sim, source).snapshot()
    sim.remove((PF0, 'uplink', None))
    attribute(sim, PF0, 'driver').unlink()
    after = sources.host(sim, source).snapshot()
    assert after.pfs[1] == before.pfs[1]
    assert after.pfs[0] == dataclasses.replace(
        before.pfs[0], uplink=None, driver=None, up=False, link_type=None,
        switch_id=None)
    assert after.unread == ()


@pytest.mark.parametrize('reported', [uapi.PCI_VF, uapi.PHYSICAL])
def test_devlink_that_reports_half(sriov_host, reported):
    """Before Linux 5.2 it knows no VFs' ports; a port whose netdev is on its
    way is not among those reported. The PF's own netdevs show the rest."""
    sim = sriov_host(card())
    host = sources.host(sim, {})
    ports = host.netlink.ports
    host.netlink.ports = lambda pf=None: tuple(
        port for port in ports(pf) if port.port_name.flavour == reported)
    found = host.representors(PF0)
    assert found.uplinks[PF0].name == 'enp3s0f0np0'
    assert [found.only(PF0, number).name for number in range(4)] == [
        f'enp3s0f0_{number}' for number in range(4)]
    assert host.uplink(PF0) == 'enp3s0f0np0'
    assert host.uplink('0000:07:00.0') is None


def test_several_cards(sriov_host):
    """By address; a VF beyond its PF's bus is not taken for the next card's
    PF."""
    sim = sriov_host(
        card(Pf('0000:81:00.0', 'a', vfs=300, total_vfs=300)),
        card(Pf('0000:03:00.0', 'b'), Pf('0000:04:00.0', 'c'),
             switch_id='aabbccddeeff0011'),
        card(Pf('0001:03:00.0', 'd'), switch_id='ccddeeff00112233'))
    snapshot = read(sim).snapshot()
    assert [(pf.address, pf.uplink, len(pf.vfs)) for pf in snapshot.pfs] == [
        ('0000:03:00.0', 'b', 4), ('0000:04:00.0', 'c', 4),
        ('0000:81:00.0', 'a', 300), ('0001:03:00.0', 'd', 4)]
    assert {vf.address: vf.representor for pf in snapshot.pfs
            for vf in pf.vfs} == sources.representors(sim)


def test_two_threads(sriov_host):
    """nova-compute's update and another one at the same time: each has its
    own notes, complete and once."""
    sim = sriov_host(card())
    attribute(sim, PF0, 'vendor').write_text('?\n')
    attribute(sim, PF1, 'sriov_numvfs').unlink()
    host = read(sim)
    alone = host.snapshot()
    assert len(alone.unread) == 2
    with futures.ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: host.snapshot(), range(40))) == (
            [alone] * 40)
    assert host.sysfs.unread == ()


def test_no_card(sriov_host):
    assert read(sriov_host()).snapshot() == HostSnapshot()


def test_no_sysfs(tmp_path):
    assert Host(str(tmp_path)).snapshot().pfs == ()


def test_a_card_without_vfs(sriov_host):
    pf, = read(sriov_host(card(Pf(PF0, 'enp3s0f0np0', vfs=0)))).snapshot().pfs
    assert (pf.vfs, pf.total_vfs) == ((), 8)


@pytest.mark.parametrize('number', range(4))
def test_a_vf_is_found_by_its_address(sriov_host, number):
    sim = sriov_host(card())
    for pf in (PF0, PF1):
        address = sim.pf(pf).vf_address(number)
        assert read(sim).vf(address) == (pf, number)


def test_no_such_vf(sriov_host):
    host = read(sriov_host(card()))
    with pytest.raises(errors.VfNotFound, match='0000:0a:00.1') as caught:
        host.vf('0000:0a:00.1')
    assert 'device_spec' in str(caught.value)
    with pytest.raises(errors.NotAVf, match=PF0):
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
    with pytest.raises(errors.VfNotFound, match=vf):
        read(sim).vf(vf)


@pytest.mark.parametrize('state, carrier, up', [
    ('unknown', '1', True), ('unknown', '0', False), ('up', '0', True),
    ('dormant', '1', False), ('lowerlayerdown', '1', False)])
def test_a_driver_that_sets_no_operational_state(
        sriov_host, state, carrier, up):
    """Then the carrier decides (the kernel's operstates.rst)."""
    sim = sriov_host(card())
    netdev = pathlib.Path(sim.sys) / 'class' / 'net' / 'enp3s0f0np0'
    (netdev / 'operstate').write_text(state)
    (netdev / 'carrier').write_text(carrier)
    assert read(sim).snapshot().pfs[0].up is up


@pytest.mark.parametrize('content', ['', 'many', '-1'])
def test_a_driver_that_misreports_its_total(sriov_host, content):
    sim = sriov_host(card())
    device = pathlib.Path(sim.sys) / 'bus' / 'pci' / 'devices' / PF0
    (device / 'sriov_totalvfs').write_text(content)
    assert read(sim).snapshot().pfs[0].total_vfs == 0
