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

"""The tree follows what is done to the hardware."""

import errno
import os
import re

import pytest

from tests.sim.card import Bond
from tests.sim.card import Card
from tests.sim.card import LagState
from tests.sim.card import Pf

PF = '0000:03:00.0'
UPLINKS = ('enp3s0f0np0', 'enp3s0f1np1')
PFS = (Pf(PF, UPLINKS[0]), Pf('0000:03:00.1', UPLINKS[1]))
VF0 = '0000:03:00.2'


@pytest.fixture
def host(sriov_host):
    return sriov_host(Card(pfs=PFS))


def read(host, path):
    return (host.sys / path).read_text().strip()


def listed(host, path):
    return sorted(os.listdir(host.sys / path))


def representors(host):
    return [name for name in listed(host, f'bus/pci/devices/{PF}/net')
            if name not in UPLINKS]


def tree(host):
    """Everything below the root: path -> text or target."""
    found = {}
    for path in host.sys.rglob('*'):
        name = str(path.relative_to(host.sys))
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_file():
            found[name] = path.read_text()
        else:
            found[name] = None
    return found


def test_links_have_the_form_of_sysfs(host):
    """As `ls -l` shows them on a real machine."""
    root = 'devices/pci0000:00/0000:00:00.3'
    assert {path: os.readlink(host.sys / path) for path in (
        f'bus/pci/devices/{PF}', f'class/net/{UPLINKS[0]}',
        f'{root}/{PF}/net/{UPLINKS[0]}/device',
        f'{root}/{PF}/net/{UPLINKS[0]}/subsystem',
        f'{root}/{PF}/driver', f'{root}/{PF}/virtfn0',
        f'{root}/{VF0}/physfn', f'bus/pci/drivers/mlx5_core/{PF}')} == {
        f'bus/pci/devices/{PF}': f'../../../{root}/{PF}',
        f'class/net/{UPLINKS[0]}': f'../../{root}/{PF}/net/{UPLINKS[0]}',
        f'{root}/{PF}/net/{UPLINKS[0]}/device': f'../../../{PF}',
        f'{root}/{PF}/net/{UPLINKS[0]}/subsystem':
            '../../../../../../class/net',
        f'{root}/{PF}/driver': '../../../../bus/pci/drivers/mlx5_core',
        f'{root}/{PF}/virtfn0': f'../{VF0}',
        f'{root}/{VF0}/physfn': f'../{PF}',
        f'bus/pci/drivers/mlx5_core/{PF}': f'../../../../{root}/{PF}'}


def test_no_link_dangles(host):
    for path in host.sys.rglob('*'):
        assert path.exists(), f'{path} -> {os.readlink(path)}'


def test_legacy_and_back(host):
    before = tree(host)
    indexes = {link.key: link.ifindex for link in host.links()}
    host.set_mode(PF, 'legacy')
    assert representors(host) == []
    assert 'enp3s0f1_0' in listed(host, 'class/net')
    host.set_mode(PF, 'switchdev')
    after = tree(host)
    assert before.keys() == after.keys()
    differs = {os.path.basename(path) for path in before
               if before[path] != after[path]}
    assert differs == {'ifindex', 'iflink'}
    for link in host.links():
        new = link.key[:2] == (PF, 'representor')
        assert (link.ifindex != indexes[link.key]) == new
    assert len({link.ifindex for link in host.links()}) == len(indexes)


@pytest.mark.parametrize(('number', 'error'), [
    (5, errno.EBUSY), (9, errno.ERANGE), (-1, errno.ERANGE)])
def test_kernel_refuses_numbers_of_vfs(host, number, error):
    before = tree(host)
    with pytest.raises(OSError) as caught:
        host.set_numvfs(PF, number)
    assert caught.value.errno == error
    assert tree(host) == before


def test_number_of_vfs_goes_through_0(host):
    host.set_numvfs(PF, 4)      # as it is: nothing happens
    host.set_numvfs(PF, 0)
    assert representors(host) == []
    assert VF0 not in listed(host, 'bus/pci/devices')
    assert VF0 not in listed(host, 'bus/pci/drivers/mlx5_core')
    host.set_numvfs(PF, 6)
    assert read(host, f'bus/pci/devices/{PF}/sriov_numvfs') == '6'
    assert len(representors(host)) == 6
    assert '0000:03:00.7' in listed(host, 'bus/pci/devices')


def test_a_vf_has_a_netdev_only_with_its_network_driver(host):
    host.bind(VF0, 'vfio-pci')
    path = f'bus/pci/devices/{VF0}'
    assert os.readlink(host.sys / path / 'driver').endswith('/vfio-pci')
    assert 'net' not in listed(host, path)
    assert listed(host, 'bus/pci/drivers/vfio-pci') == [VF0]
    host.bind(VF0, None)
    assert 'driver' not in listed(host, path)
    host.bind(VF0, 'mlx5_core')
    assert listed(host, f'{path}/net') == ['enp3s0f0v0']
    with pytest.raises(ValueError, match=f'no VF {PF}'):
        host.bind(PF, 'vfio-pci')


def test_rename_keeps_the_ifindex(host):
    index = host.link(UPLINKS[0]).ifindex
    host.rename(UPLINKS[0], 'wan')
    assert host.link('wan').ifindex == index
    assert UPLINKS[0] not in listed(host, 'class/net')
    assert read(host, 'class/net/wan/phys_port_name') == 'p0'
    assert host.pci_devices()[0].netdev == 'wan'
    for name in (UPLINKS[1], 'x' * 16, ''):
        with pytest.raises(ValueError, match='netdev name'):
            host.rename('wan', name)


def test_representor_goes_and_comes(host):
    before = host.representor(VF0)
    host.remove_representor(VF0)
    assert host.representor(VF0) is None
    assert before.name not in listed(host, 'class/net')
    host.restore_representor(VF0)
    after = host.representor(VF0)
    assert (after.name, after.key) == (before.name, before.key)
    assert after.ifindex > before.ifindex
    assert read(host, f'class/net/{after.name}/ifindex') == str(
        after.ifindex)


def test_real_ifindex_is_never_given_again(host):
    host.adopt({UPLINKS[0]: 500})
    assert read(host, f'class/net/{UPLINKS[0]}/ifindex') == '500'
    host.reload_representors(PF)
    assert host.representor(VF0).ifindex > 500


def test_old_kernels_have_virtual_representors(sriov_host):
    host = sriov_host(Card(pfs=PFS, representors_under_pf=False))
    assert representors(host) == []
    assert 'enp3s0f0_0' in listed(host, 'devices/virtual/net')
    assert 'device' not in listed(host, 'class/net/enp3s0f0_0')


@pytest.mark.parametrize(('mode', 'down', 'active', 'states'), [
    ('active-backup 1', None, UPLINKS[1], ('backup', 'active')),
    ('active-backup 1', 1, UPLINKS[0], ('active', 'backup')),
    ('802.3ad 4', 1, '', ('active', 'active')),
])
def test_a_bond_looks_as_the_kernel_shows_it(
        sriov_host, mode, down, active, states):
    host = sriov_host(Card(pfs=PFS, bond=Bond(
        'bond0', mode.split()[0], UPLINKS, active=UPLINKS[1])))
    if down is not None:
        host.set_link(PFS[down].address, 'down')
    assert read(host, 'class/net/bonding_masters') == 'bond0'
    bonding = 'class/net/bond0/bonding'
    assert read(host, f'{bonding}/mode') == mode
    assert read(host, f'{bonding}/slaves') == ' '.join(UPLINKS)
    assert read(host, f'{bonding}/active_slave') == active
    assert tuple(read(host, f'class/net/{name}/bonding_slave/state')
                 for name in UPLINKS) == states
    master = (host.sys / f'class/net/{UPLINKS[0]}/master').resolve()
    assert master == host.sys / 'devices/virtual/net/bond0'
    host.set_bond(PF, None)
    assert 'bond0' not in listed(host, 'class/net')
    assert 'bonding_slave' not in listed(host, f'class/net/{UPLINKS[0]}')


@pytest.mark.parametrize(('lag', 'down', 'expected'), [
    (LagState(), None, {'state': 'active', 'type': 'switchdev',
                        'port_sel_mode': 'hash', 'mapping': '1\n2'}),
    (LagState(), 0, {'mapping': '2'}),
    (LagState(port_sel_mode='queue_affinity'), None, {'mapping': '1:1\n2:2'}),
    (LagState(port_sel_mode='queue_affinity'), 1, {'mapping': '1:1\n2:1'}),
    (LagState(shared_fdb=False, fdb_selection_mode='affinity'), None,
     {'flags': 'shared_fdb:off\nfdb_selection_mode:affinity'}),
    (LagState(state='disabled'), None,
     {'state': 'disabled', 'members': '0000:03:00.0\n0000:03:00.1'}),
])
def test_debugfs_shows_the_lag_as_mlx5_does(sriov_host, lag, down, expected):
    """Formats: mlx5/core/lag/debugfs.c"""
    host = sriov_host(Card(pfs=PFS, lag=lag))
    if down is not None:
        host.set_link(PFS[down].address, 'down')
    folder = f'kernel/debug/mlx5/{PF}/lag'
    assert {name: read(host, f'{folder}/{name}')
            for name in expected} == expected


def test_disabled_lag_refuses_what_it_has_not(sriov_host):
    host = sriov_host(Card(pfs=PFS, lag=LagState(state='disabled')))
    folder = f'kernel/debug/mlx5/{PF}/lag'
    for name in ('type', 'port_sel_mode', 'flags', 'mapping'):
        assert name in listed(host, folder)
        with pytest.raises(OSError) as caught:
            read(host, f'{folder}/{name}')
        assert not isinstance(caught.value, FileNotFoundError)
    host.set_lag(PF, LagState())
    assert read(host, f'{folder}/type') == 'switchdev'


def test_an_infiniband_pf_has_a_netdev_of_that_kind(sriov_host):
    host = sriov_host(Card(pfs=(
        Pf(PF, 'ib0', mode='legacy', infiniband=True),)))
    assert read(host, 'class/net/ib0/type') == '32'
    assert re.fullmatch('([0-9a-f]{2}:){19}[0-9a-f]{2}',
                        read(host, 'class/net/ib0/address'))


def test_a_macvtap_stands_on_a_vf(host):
    vf = '0000:03:00.2'
    netdev = next(link.name for link in host.links()
                  if link.pci == vf)
    folder = f'class/net/{netdev}'
    assert 'upper_macvtap7' not in listed(host, folder)
    host.set_macvtap(vf, 'macvtap7')
    assert 'upper_macvtap7' in listed(host, folder)
    host.set_macvtap(vf, None)
    assert 'upper_macvtap7' not in listed(host, folder)
