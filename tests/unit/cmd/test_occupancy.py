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

"""Who uses a VF, as libvirt itself and Open vSwitch tell."""

import pytest

from nova_sriov_ext.cmd import occupancy
from os_vif_vflag.host import model

UUID = '2fb6f0e5-6a14-4d28-9cc9-7d6f3d3c6b11'
ADDRESS = '0000:03:0a.7'
SOURCE = ('<source><address type="pci" domain="0x0000" bus="0x03" '
          'slot="0x0a" function="0x7"/></source>')
DEVICES = {
    'interface': '<interface type="hostdev" managed="yes">'
                 f'<mac address="fa:16:3e:00:00:01"/>{SOURCE}</interface>',
    'hostdev': '<hostdev mode="subsystem" type="pci" managed="yes">'
               f'{SOURCE}</hostdev>',
}


@pytest.fixture
def libvirt_with(tmp_path):
    """A function: devices → URI of libvirt's test driver with a domain."""
    pytest.importorskip('libvirt')

    def write(devices):
        path = tmp_path / 'node.xml'
        path.write_text(
            f'<node><domain type="test"><name>web1</name><uuid>{UUID}</uuid>'
            '<memory>8192</memory><os><type>hvm</type></os>'
            f'<devices>{devices}</devices></domain></node>')
        return f'test://{path}'

    return write


MACVTAP = ('<interface type="direct"><mac address="fa:16:3e:00:00:01"/>'
           '<source dev="enp3s0f0v7" mode="passthrough"/></interface>')


def test_libvirt_names_the_guest_that_has_a_macvtap(libvirt_with):
    """Its domain has the netdev of the VF, not the address."""
    pytest.importorskip('libvirt')
    guests, problem = occupancy.guests(libvirt_with(MACVTAP))
    assert problem is None
    vfs = [model.VF(ADDRESS, 7, 'igbvf', 'enp3s0f0v7'),
           model.VF('0000:03:0b.0', 8, 'igbvf', 'enp3s0f0v8'),
           model.VF('0000:03:0b.1', 9)]
    found = occupancy.uses(vfs, {}, guests).values()
    assert [use.instance for use in found] == [UUID, None, None]
    assert [use.by_netdev for use in found] == [True, False, False]


@pytest.mark.parametrize('device', DEVICES.values(), ids=DEVICES.keys())
def test_libvirt_names_the_guest_that_has_a_vf(libvirt_with, device):
    assert occupancy.guests(libvirt_with(device)) == ({ADDRESS: UUID}, None)


def test_guests_without_vfs(libvirt_with):
    assert occupancy.guests(libvirt_with('')) == ({}, None)


def test_libvirt_that_does_not_answer(tmp_path):
    pytest.importorskip('libvirt')
    found, problem = occupancy.guests(f'test://{tmp_path}/none.xml')
    assert found is None
    assert 'does not answer' in problem
    assert 'concluded from its driver' in problem


VF = model.VF(ADDRESS, 7, driver='vfio-pci', representor='eth7')
PORTS = {'eth7': {'iface-id': 'port', 'vm-uuid': UUID,
                  'attached-mac': 'fa:16:3e:00:00:01'}}
NEUTRON = 'port', 'fa:16:3e:00:00:01'


@pytest.mark.parametrize('ports, guests, expected', [
    ({}, {}, occupancy.Use()),
    (None, {ADDRESS: UUID}, occupancy.Use(True, None, UUID)),
    (PORTS, {}, occupancy.Use(True, 'eth7', UUID, *NEUTRON)),
    (PORTS, {ADDRESS: 'another'},
     occupancy.Use(True, 'eth7', 'another', *NEUTRON)),
    ({'eth7': {}}, {}, occupancy.Use(False, 'eth7', None)),
    # libvirt is silent: the driver tells
    ({}, None, occupancy.Use(True)),
])
def test_a_vf_is_in_use_where_a_guest_a_port_or_its_driver_says_so(
        ports, guests, expected):
    assert occupancy.uses([VF], ports, guests) == {ADDRESS: expected}


def test_an_unbound_vf_is_free_whoever_is_silent():
    assert occupancy.uses([model.VF(ADDRESS, 7)], None, None) == {
        ADDRESS: occupancy.Use()}
