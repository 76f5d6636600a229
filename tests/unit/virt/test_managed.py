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

"""The tag ``managed`` of device_spec, as Nova records it with the device."""

from nova.compute import task_states
import pytest

from tests.unit.virt import domain
from tests.unit.virt import vifs

DEVICES = {'hostdev': vifs.hw_veb(), 'VM-FEX': vifs.vm_fex(),
           'switchdev': vifs.switchdev(),
           'whole PF': vifs.EVERY['whole PF'],
           'InfiniBand': vifs.EVERY['InfiniBand']}
OTHERS = {'macvtap': vifs.hw_veb(vnic_type='macvtap'),
          'vdpa': vifs.switchdev(vnic_type='vdpa')}
OTHER_SLOT = '0000:03:00.3'


def managed(driver, vif, task_state=None, **devices):
    conf = vifs.config(driver, vif,
                       server=vifs.instance(task_state, **devices))
    domain.schema().assertValid(domain.around(conf))
    assert domain.read_back(conf) is not None
    return conf.format_dom().get('managed')


each_device = pytest.mark.parametrize(
    'vif', DEVICES.values(), ids=DEVICES.keys())


@each_device
@pytest.mark.parametrize('tags, expected', [
    ({}, 'yes'), ({'managed': 'true'}, 'yes'), ({'managed': 'false'}, 'no')],
    ids=['no tag', 'true', 'false'])
def test_the_tag_says_whether_libvirt_binds_the_vf(
        driver, vif, tags, expected):
    assert managed(driver, vif, **{
        OTHER_SLOT: {'managed': 'true'}, vifs.SLOT: tags}) == expected


@each_device
def test_at_the_destination_of_a_live_migration(driver, database, vif):
    """The instance still lists the source's devices, maybe one with the
    same address."""
    database.extend(vifs.recorded(**{vifs.SLOT: {'managed': 'false'}}))
    for slot in (OTHER_SLOT, vifs.SLOT):
        assert managed(driver, vif, task_states.MIGRATING,
                       **{slot: {'managed': 'true'}}) == 'no'


@each_device
def test_back_at_the_source_of_a_live_migration(driver, database, vif):
    server = vifs.instance(task_states.MIGRATING,
                           **{vifs.SLOT: {'managed': 'false'}})
    database.extend(server.pci_devices)
    conf = vifs.config(driver, vif, server=server)
    assert conf.format_dom().get('managed') == 'no'


@each_device
def test_a_device_that_is_nowhere(driver, vif):
    assert managed(driver, vif) == 'yes'


@pytest.mark.parametrize('vif', OTHERS.values(), ids=OTHERS.keys())
def test_devices_that_stay_with_the_host(driver, vif):
    assert managed(driver, vif, **{
        vifs.SLOT: {'managed': 'false'}}) is None
