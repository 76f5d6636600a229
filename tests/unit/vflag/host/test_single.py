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

"""What a host says of a single PF or VF."""

import pytest

from os_vif_vflag.host import errors
from os_vif_vflag.host.host import Host
from os_vif_vflag.kernel import netlink
from tests.sim.card import Card
from tests.sim.card import Pf
from tests.unit.vflag.host import damage
from tests.unit.vflag.host import sources

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'


@pytest.fixture
def sim(sriov_host):
    return sriov_host(Card(pfs=(
        Pf(PF0, 'enp3s0f0np0'), Pf(PF1, 'enp3s0f1np1', mode='legacy'))))


@sources.each_source
def test_the_uplink_of_a_pf(sim, source):
    host = sources.host(sim, source)
    assert (host.uplink(PF0), host.uplink(PF1)) == (
        'enp3s0f0np0', 'enp3s0f1np1')
    assert host.uplink('0000:04:00.0') is None


@sources.each_source
def test_the_netdev_of_a_vf(sim, source):
    host = sources.host(sim, source)
    vf = sim.pf(PF1).vf_addresses[0]
    assert host.netdev(vf) == 'enp3s0f1v0'
    sim.remove(*(link.key for link in sim.links()
                 if link.name == 'enp3s0f1v0'))
    assert host.netdev(vf) is None


def test_settings_of_vfs_are_the_drivers_and_none_without_netlink(sim):
    assert sorted(sources.host(sim, {}).vfs('enp3s0f1np1')) == list(range(4))
    assert sources.host(sim, None).vfs('enp3s0f1np1') == {}


def test_netlink_is_that_of_this_machine_only(tmp_path):
    assert isinstance(Host().netlink, netlink.Netlink)
    assert Host(str(tmp_path)).netlink is None
    own = netlink.Netlink()
    assert Host(str(tmp_path), own).netlink is Host('/', own).netlink is own


def test_an_uplink_is_found_in_one_dump(sim):
    host = sources.host(sim, {})
    host.sysfs.files = damage.Watched(str(sim.root))
    assert host.uplink(PF0) == 'enp3s0f0np0'
    assert (host.netlink.requests, host.sysfs.files.requests) == (
        ['links'], [])


def test_of_devlink_only_the_ports_of_the_pf_are_wanted(sim):
    """Others may be a thousand."""
    host, wanted = sources.host(sim, {}), []
    ports = host.netlink.ports
    host.netlink.ports = lambda pf=None: wanted.append(pf) or ports(pf)
    host.representors(PF0)
    assert wanted == [PF0]
    host.snapshot()
    assert wanted == [PF0, None]


def place(sim, pf, name):
    return sim.sys / 'bus/pci/devices' / pf / name


def watched(sim):
    host = sources.host(sim, None)
    host.sysfs.files = damage.Watched(str(sim.root))
    return host


def test_the_number_of_a_vf_is_computed_and_confirmed(sim):
    """Whatever the number of VFs is, no folder is listed."""
    host = watched(sim)
    for number, address in enumerate(sim.pf(PF0).vf_addresses):
        assert host.vf(address) == (PF0, number)
        assert ('target', f'bus/pci/devices/{PF0}/virtfn{number}') in (
            host.sysfs.files.requests)
    assert 'names' not in {name for name, _ in host.sysfs.files.requests}


@pytest.mark.parametrize('name, text', [
    ('sriov_offset', None), ('sriov_offset', '1'), ('sriov_stride', None),
    ('sriov_stride', '0'), ('sriov_stride', '3')])
def test_the_number_of_a_vf_is_looked_up_where_it_is_not_as_computed(
        sim, name, text):
    place(sim, PF0, name).unlink()
    if text:
        place(sim, PF0, name).write_text(f'{text}\n')
    for number, address in enumerate(sim.pf(PF0).vf_addresses):
        assert watched(sim).vf(address) == (PF0, number)


def test_the_first_netdev_of_a_vf_is_taken(sim):
    vf = sim.pf(PF1).vf_addresses[0]
    (place(sim, vf, 'net') / 'a0').mkdir()
    assert sources.host(sim, None).netdev(vf) == 'a0'


@pytest.mark.parametrize('pf, number, error', [
    # total_vfs is 8, of which 4 are there
    (PF0, 4, errors.VfNotFound), (PF0, 7, errors.VfNotFound),
    (PF1, 7, errors.VfNotFound), (PF1, 8, errors.NotAVf)])
def test_what_is_at_the_place_of_a_vf_is_one_that_is_going(
        sriov_host, pf, number, error):
    """Its links are taken away before it."""
    sim = sriov_host(Card(pfs=(
        Pf(PF0, 'up0', vf_offset=16, vf_stride=2),
        Pf(PF1, 'up1', vf_offset=32, vf_stride=2))))
    address = sim.pf(pf).vf_address(number)
    place(sim, address, '').mkdir()
    with pytest.raises(error, match=address):
        sources.host(sim, None).vf(address)


@pytest.mark.parametrize('name', ['offset', 'stride', 'totalvfs'])
@pytest.mark.parametrize('text', ['0', 'garbage', None])
def test_a_pf_that_does_not_say_where_its_vfs_are_has_none(sim, name, text):
    for pf in (PF0, PF1):
        place(sim, pf, f'sriov_{name}').unlink()
        if text:
            place(sim, pf, f'sriov_{name}').write_text(text)
    with pytest.raises(errors.NotAVf, match=PF1):
        sources.host(sim, None).vf(PF1)


def test_a_device_whose_name_is_no_address_is_no_vf(sim):
    place(sim, 'virtual', '').mkdir()
    place(sim, 'virtual', 'physfn').symlink_to(f'../{PF0}')
    with pytest.raises(errors.NotAVf, match='virtual'):
        sources.host(sim, None).vf('virtual')
