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

"""VFs in Placement, as the driver has them published."""

import pytest

from nova_sriov_ext.placement import names
from nova_sriov_ext.report import document
from nova_sriov_ext.virt.libvirt import driver as ours
from tests.unit.placement import host as hosts
from tests.unit.placement import services
from tests.unit.virt import stock_driver
from tests.unit.virt.conftest import PF

VFS = hosts.VFS


@pytest.fixture
def host(conf):
    traffic = services.Traffic()
    conf.config(host='host')
    conf.config(claim_in_placement=True, group='sriov')
    with services.placement(traffic) as client, services.cell(traffic):
        yield hosts.Host(client)


def test_vfs_are_in_placement_where_the_driver_says_so(nova, host):
    driver = nova.driver(host.virtapi)
    reported = stock_driver.reported(driver)
    assert reported.placement
    (physnet, mode), = reported.published_modes
    classes = {'VCPU', VFS, names.mode_class(mode, physnet)}
    host.hold(free=1)
    for allocations in None, {host.uuid: {}}:
        tree = host.tree()
        driver.update_provider_tree(tree, 'node', allocations)
        assert set(tree.data('node').inventory) == classes
        assert VFS in tree.data('node').traits
    assert allocations['seen']
    host.update()
    assert host.numbers() == (1, 0, 0)
    server = host.server(vfs=1)
    assert host.numbers() == (1, 0, 1)
    for allocations, left in ({host.uuid: {}}, 1), (None, 0):
        driver.update_provider_tree(tree, 'node', allocations)
        assert host.allocated(server).get(VFS, 0) == left


def test_vfs_stay_in_placement_until_devices_are_known(nova, host):
    driver = nova.driver(host.virtapi)
    host.pci_tracker = None
    tree = host.tree()
    tree.update_inventory('node', {VFS: hosts.STOCK['VCPU']})
    driver.update_provider_tree(tree, 'node')
    assert set(tree.data('node').inventory) == {'VCPU', VFS}


def test_traits_are_of_what_was_reported(monkeypatch, nova, host):
    driver = nova.driver(host.virtapi)
    monkeypatch.setattr(ours.collect, 'rows', lambda *args: (
        document.Row(PF.address, 'physnet2', 1, 'switchdev'),))
    driver.get_available_resource('node')
    host.hold(free=1)
    tree = host.tree()
    driver.update_provider_tree(tree, 'node')
    assert 'CUSTOM_SRIOV_SWITCHDEV' in tree.data('node').traits
