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

"""The driver, over what of Nova's driver needs no libvirt."""

from nova import objects
from nova.virt.libvirt import config
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext import exception
from nova_sriov_ext import nova_compat
from nova_sriov_ext.report import document
from os_vif_vflag.host import errors
from tests.unit.virt import stock_driver
from tests.unit.virt import vifs
from tests.unit.virt.conftest import PF

ROW = document.Row(PF.address, 'physnet2', 1, 'legacy', netdev=PF.netdev)
NO_REPRESENTOR = errors.NotSwitchdev(vf=vifs.SLOT, pf=PF.address)


@pytest.fixture
def driver(nova, tracker):
    return nova.driver(tracker.virtapi)


def test_it_is_made_and_started_as_novas(nova, tracker):
    driver = nova.driver(tracker.virtapi, read_only=True)
    assert (driver.virtapi, driver.read_only) == (tracker.virtapi, True)
    driver.init_host('host')
    assert nova.started == ['host']


def test_its_vif_driver_knows_libvirt_and_whose_a_vf_is(
        driver, nova, tracker, server, plugins):
    vdpa = vifs.config(driver.vif_driver, vifs.switchdev(vnic_type='vdpa'))
    assert vdpa.source_dev == nova.host.get_vdpa_device_path(vifs.SLOT)
    tracker.pci_tracker.pci_devs = [objects.PciDevice(
        address=vifs.SLOT, instance_uuid=uuids.other)]
    with pytest.raises(exception.VifOperationFailed, match=uuids.other):
        driver.plug_vifs(server, server.get_network_info())
    assert not plugins['vflag'].plugged


def test_capacity_is_reported_beside_novas_stats(conf, nova, driver):
    assert stock_driver.reported(driver) == document.Report((ROW,))
    nova.stats = {'stats': {'num_instances': '1'}}
    stats = driver.get_available_resource('node')['stats']
    assert set(stats) == {'num_instances', document.STATS_KEY}
    conf.config(report_capacity=False, group='sriov')
    assert 'stats' in driver.get_available_resource('node')
    assert stock_driver.reported(driver) == document.NOTHING


def test_what_cannot_be_counted_is_as_before(nova, driver, caplog):
    nova.devices = [None]
    assert stock_driver.reported(driver) == document.NOTHING
    nova.devices = [stock_driver.DEVICE]
    assert stock_driver.reported(driver).rows == (ROW,)
    nova.devices = [None]
    assert stock_driver.reported(driver).rows == (ROW,)
    assert 'cannot be counted' in caplog.text
    nova.devices = []
    assert stock_driver.reported(driver).rows == ()


def test_the_claim_in_force_is_reported(conf, nova, tracker):
    conf.config(claim_policy='assign', group='sriov')
    from nova.pci import manager
    before = manager.PciDevTracker
    try:
        driver = nova.driver(tracker.virtapi)
        assert stock_driver.reported(driver).claim == 'assign'
    finally:
        manager.PciDevTracker = before


def vepa():
    """:returns: LibvirtConfigGuestInterface, as Nova read it"""
    conf = config.LibvirtConfigGuestInterface()
    conf.mac_addr, conf.net_type = vifs.MAC, 'direct'
    conf.source_dev, conf.source_mode = vifs.NETDEV, 'vepa'
    conf.vporttype = '802.1Qbg'
    for name in ('managerid', 'typeid', 'typeidversion'):
        conf.add_vport_param(name, '1')
    return conf


def failing(driver, server):
    with pytest.raises(exception.VifOperationFailed):
        driver.plug_vifs(server, server.get_network_info())
    return True


def test_a_vif_waits_only_while_nova_compute_starts(
        driver, nova, server, plugins):
    plugins['vflag'].error = NO_REPRESENTOR
    vif = server.get_network_info()
    assert failing(driver, server)
    driver.init_host('host')
    driver.plug_vifs(server, vif)
    with pytest.raises(exception.VifOperationFailed):
        driver._create_guest_with_network('c', 'xml', server, vif, 'bdi')
    driver.get_available_resource('node')
    assert failing(driver, server)
    plugins['vflag'].error = None
    driver.get_available_resource('node')
    assert set(plugins['vflag'].plugged) == {vifs.PORT}
    assert not nova.guests
    plugins['vflag'].plugged.clear()
    driver.plug_vifs(server, vif)
    assert set(plugins['vflag'].plugged) == {vifs.PORT}
    assert driver._create_guest_with_network(
        'c', 'xml', server, vif, 'bdi') == 'guest'
    assert nova.guests == [('c', 'xml', server.uuid, 'bdi')]


@pytest.mark.parametrize('part', [nova_compat.START, nova_compat.DETACH])
def test_a_part_is_left_to_a_nova_that_is_another(
        monkeypatch, nova, tracker, server, plugins, part):
    monkeypatch.setattr(nova_compat, 'works', lambda other: other is not part)
    driver = nova.driver(tracker.virtapi)
    plugins['vflag'].error = NO_REPRESENTOR
    driver.init_host('host')
    if part is nova_compat.START:
        assert failing(driver, server)
    else:
        driver.plug_vifs(server, server.get_network_info())
    conf = vepa()
    driver._detach_with_retry(
        'guest', 'uuid', lambda guest, from_persistent_config: conf, 'device')
    (_, _, _, read), = nova.detached
    assert read is conf
    assert len(read.format_dom().findall('virtualport/parameters')) == (
        3 if part is nova_compat.DETACH else 1)


@pytest.mark.parametrize('start', [
    lambda driver, server, vifs: driver.reboot(
        'c', server, vifs, 'HARD', block_device_info='bdi',
        share_info='shares'),
    lambda driver, server, vifs: driver.resume_state_on_host_boot(
        'c', server, vifs, 'shares', 'bdi')], ids=['reboot', 'host boot'])
def test_a_guest_waits_for_its_vifs(driver, nova, server, plugins, start):
    plugins['vflag'].error = NO_REPRESENTOR
    driver.init_host('host')
    start(driver, server, server.get_network_info())
    driver.get_available_resource('node')
    driver.get_available_resource('node')
    assert not nova.guests
    plugins['vflag'].error = None
    driver.get_available_resource('node')
    assert nova.guests == [
        ('c', ('resumed', 'shares'), server.uuid, 'bdi')]
    driver.get_available_resource('node')
    assert len(nova.guests) == 1


def test_a_guest_with_its_vifs_starts_as_with_nova(
        driver, nova, server, plugins):
    vif = server.get_network_info()
    driver.reboot('c', server, vif, 'HARD', block_device_info='bdi',
                  share_info='shares')
    driver.resume_state_on_host_boot('c', server, vif, 'shares', 'bdi')
    assert nova.guests == [
        ('c', ('HARD', 'shares'), server.uuid, 'bdi'),
        ('c', ('resumed', 'shares'), server.uuid, 'bdi')]


def test_what_nova_read_to_detach_can_be_written(driver, nova):
    conf = vepa()
    device = config.LibvirtConfigGuestHostdevPCI()
    configs = [conf, device, None]
    left = iter(configs)
    for _ in configs:
        driver._detach_with_retry(
            'guest', 'uuid', lambda guest, from_persistent_config: next(left),
            'device')
    assert nova.detached == [
        ('guest', 'uuid', 'device', read) for read in configs]
    one, = conf.format_dom().findall('virtualport/parameters')
    assert dict(one.attrib) == {
        'managerid': '1', 'typeid': '1', 'typeidversion': '1'}
