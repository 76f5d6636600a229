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

"""GUIDs and partitions of InfiniBand VFs: set by plug, unset by unplug."""

import errno
import os

import pytest

from nova_sriov_ext import exception
from nova_sriov_ext.virt.libvirt import vf_setup
from os_vif_vflag.host import vf_settings
from os_vif_vflag.privileged import calls
from tests.sim import card
from tests.unit.virt import vifs

GUID = 'fa:16:3e:00:00:0a:ec:e7'     # of vifs.MAC
DELETED = 'f' * 16
PF = '0000:03:00.0'


def pf(pkeys=(0xffff, 0x0009, 0x8005), **more):
    return card.Pf(PF, 'ib0', mode='legacy', infiniband=True, pkeys=pkeys,
                   **{'vf_offset': 2} | more)


def iov(here, *parts):
    return (here.host.sys / 'class/infiniband/ibp3s0f0/iov').joinpath(
        *parts)


def mapped(here, slave=1, folder='0000:03:00.1'):
    """:returns: list of GUID, and what the first two indexes stand for"""
    port = iov(here, folder, 'ports/1')
    return [path.read_text().strip() for path in (
        iov(here, 'ports/1/admin_guids', str(slave)),
        port / 'pkey_idx/0', port / 'pkey_idx/1')]


def test_guids_by_netlink(machine):
    here = machine(pf=pf())
    new = here.vf
    here.driver.plug(vifs.INSTANCE, vifs.infiniband())
    assert here.vf == new | {'ib_node_guid': GUID, 'ib_port_guid': GUID}
    assert len(here.vfs.requests) == 1
    here.driver.plug(vifs.INSTANCE, vifs.infiniband())
    assert len(here.vfs.requests) == 1
    here.driver.unplug(vifs.INSTANCE, vifs.infiniband())
    assert here.vf == new == new | {
        'ib_node_guid': vf_settings.NO_GUID,
        'ib_port_guid': vf_settings.NO_GUID}


def test_guids_can_be_put_back(machine):
    here = machine(pf=pf())
    new = here.vf
    put_back = vf_setup.InfiniBand().apply(
        here.driver._machine, vifs.INSTANCE, vifs.infiniband())
    assert here.vf != new
    put_back()
    assert here.vf == new


def test_a_port_that_firmware_keeps_down(machine):
    here = machine(pf=pf())
    here.vfs.set('ib0', 0, {'link_state': 2})
    here.driver.plug(vifs.INSTANCE, vifs.infiniband())
    assert here.vf['link_state'] == 0


@pytest.mark.parametrize('vlan, indexes', [
    ('5', ['2', '0']), ('9', ['1', '0']), ('0', ['0', 'none']),
    (None, ['0', 'none'])], ids=['full', 'limited', 'VLAN 0', 'flat'])
def test_the_mlx4_driver_maps_partitions_of_a_vf(machine, vlan, indexes):
    here = machine('mlx4_core', pf())
    vif = vifs.infiniband(vlan=vlan)
    here.driver.plug(vifs.INSTANCE, vif)
    assert mapped(here) == [GUID.replace(':', ''), *indexes]
    here.driver.unplug(vifs.INSTANCE, vif)
    assert mapped(here) == [DELETED, 'none', 'none']
    assert not here.vfs.requests


def test_mlx4_without_the_default_partition(machine):
    here = machine('mlx4_core', pf(pkeys=(0x8005,)))
    here.driver.plug(vifs.INSTANCE, vifs.infiniband(vlan='5'))
    assert mapped(here)[1:] == ['0', 'none']


def test_mlx4_partition_that_is_listed_twice(machine):
    """The first counts, and 2 is before 10."""
    pkeys = (0xffff, 0x0006, 0x8005, *range(0x10, 0x17), 0x0005)
    here = machine('mlx4_core', pf(pkeys=pkeys))
    here.driver.plug(vifs.INSTANCE, vifs.infiniband(vlan='5'))
    assert mapped(here)[1:] == ['2', '0']


def test_mlx4_folders_are_numbered_in_tens(machine):
    """VF 90 is 0000:03:0b.4, and its folder 0000:03:11.3."""
    here = machine('mlx4_core', pf(vfs=100, total_vfs=120, vf_offset=2))
    slot = here.host.pf(PF).vf_address(90)
    assert slot == '0000:03:0b.4'
    here.driver.plug(vifs.INSTANCE, vifs.infiniband(slot=slot, vlan='5'))
    assert mapped(here, 91, '0000:03:11.3') == [
        GUID.replace(':', ''), '2', '0']


def untouched(here):
    return {path: path.read_text().strip()
            for path in iov(here).rglob('*') if path.is_file()}


def _refused(here, vif):
    before = untouched(here)
    with pytest.raises(exception.VifOperationFailed) as caught:
        here.driver.plug(vifs.INSTANCE, vif)
    assert untouched(here) == before
    assert vifs.PORT in str(caught.value) and vifs.SLOT in str(caught.value)
    return str(caught.value)


def test_mlx4_outside_the_partition(machine):
    said = _refused(machine('mlx4_core', pf()), vifs.infiniband(vlan='7'))
    assert ('Partition 0x0007 is not in the table of port 1 of ibp3s0f0, so '
            f'that VF {vifs.SLOT} cannot have it') in said
    assert 'partitions.conf' in said


def test_mlx4_refuses(machine, monkeypatch):
    """The last of three writes fails: the first two are put back."""
    here, written = machine('mlx4_core', pf()), []

    def write(device, parts, text):
        if parts[-2:] == ('pkey_idx', '1') and text == '0':
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        written.append(parts)
        real(device, parts, text)
    real = calls.write_iov
    monkeypatch.setattr(calls, 'write_iov', write)
    said = _refused(here, vifs.infiniband(vlan='5'))
    assert ('0000:03:00.1/ports/1/pkey_idx/1 of ibp3s0f0 could not be set to '
            f'0 for VF {vifs.SLOT}: Read-only file system') in said
    assert len(written) == 4


def test_mlx4_refuses_to_put_back_as_well(machine, monkeypatch):
    """The first refusal is the one to be told."""
    here, left = machine('mlx4_core', pf()), [2]

    def write(device, parts, text):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        real(device, parts, text)
    real = calls.write_iov
    monkeypatch.setattr(calls, 'write_iov', write)
    with pytest.raises(exception.VifOperationFailed,
                       match='pkey_idx/1 of ibp3s0f0'):
        here.driver.plug(vifs.INSTANCE, vifs.infiniband(vlan='5'))


def test_mlx4_without_privileges(machine, monkeypatch):
    def write(*_):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))
    monkeypatch.setattr(calls, 'write_iov', write)
    said = _refused(machine('mlx4_core', pf()), vifs.infiniband(vlan='5'))
    assert 'Network device ibp3s0f0 could not be set' in said


@pytest.mark.parametrize('driver', ['mlx4_core', 'mlx5_core'])
def test_a_vf_that_is_gone(machine, driver):
    here = machine(driver, pf())
    here.driver.plug(vifs.INSTANCE, vifs.infiniband())
    here.host.set_numvfs(PF, 0)
    here.driver.unplug(vifs.INSTANCE, vifs.infiniband())
    with pytest.raises(exception.VifOperationFailed, match='There is no VF'):
        here.driver.plug(vifs.INSTANCE, vifs.infiniband())


def test_a_driver_that_sets_no_guids(machine):
    here = machine('i40e', pf())
    with pytest.raises(exception.VifOperationFailed,
                       match=f'ib_node_guid .*{GUID}'):
        here.driver.plug(vifs.INSTANCE, vifs.infiniband())
    here.driver.unplug(vifs.INSTANCE, vifs.infiniband())


def test_bandwidth_is_a_warning(machine, caplog):
    here = machine(pf=pf())
    server = vifs.limited(**{'quota:vif_outbound_average': '125000'})
    server.flavor.name = 'limited-infiniband'
    here.driver.plug(server, vifs.infiniband())
    assert 'limited-infiniband' in caplog.text
    assert here.vf['rate'] == vf_settings.CLEARED['rate']


@pytest.mark.parametrize('parts', [
    ('..', 'x'), ('ports', '1/../../x'), ('',)])
def test_privileged_writing_stays_below_iov(machine, parts):
    machine('mlx4_core', pf())
    with pytest.raises(ValueError, match='leads out'):
        calls.write_iov('ibp3s0f0', parts, '0')


@pytest.mark.parametrize('kernel_driver', ['mlx5_core', 'mlx4_core'])
def test_unplug_leaves_the_vf_of_another_port(machine, kernel_driver):
    """See test_settings."""
    here = machine(kernel_driver, pf())
    here.driver.plug(vifs.INSTANCE, vifs.infiniband(vlan='5'))
    plugged = here.vf, untouched(here)
    here.driver.unplug(vifs.INSTANCE, vifs.infiniband(
        vlan='5', address='fa:16:3e:00:00:01'))
    assert (here.vf, untouched(here)) == plugged


def test_mlx4_shows_no_leading_zero(machine):
    """What is read back must be what was written, or each start of
    nova-compute writes it again."""
    here = machine('mlx4_core', pf())
    here.driver.plug(
        vifs.INSTANCE, vifs.infiniband(address='02:16:3e:0a:ec:e7'))
    assert mapped(here)[0] == f'{0x02163e00000aece7:x}'
