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

"""Whose a VF is, and what is done to one that is another server's."""

from nova import context
from nova import objects
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext import exception
from nova_sriov_ext import nova_compat
from nova_sriov_ext.virt.libvirt import owner
from nova_sriov_ext.virt.libvirt import vif as sriov
from tests.unit.placement import host as hosts
from tests.unit.placement import services
from tests.unit.virt import stock_driver
from tests.unit.virt import vifs
from tests.unit.virt.test_plug import holders

OTHER = '0000:03:00.3'
FREE = '0000:03:00.4'
REQUEST = 'fa5bd0ea-6d7d-4d0c-9a3f-0b0f2a3c4d5e'


def owners(**servers):
    """:param servers: address → uuid of its server"""
    devices = [objects.PciDevice(address=address, instance_uuid=uuid,
                                 request_id=REQUEST)
               for address, uuid in servers.items()]
    # As a new one is before it is saved.
    devices.append(objects.PciDevice(address='0000:03:00.7'))
    resources = stock_driver.ResourceTracker()
    resources.pci_tracker.pci_devs = devices
    return owner.Owners(resources.virtapi)


def server():
    found = vifs.instance()
    found.pci_requests = objects.InstancePCIRequests(requests=[
        objects.InstancePCIRequest(
            request_id=REQUEST, requester_id=vifs.PORT)])
    return found


def test_a_vf_is_whose_the_tracker_says():
    known = owners(**{vifs.SLOT: uuids.server, OTHER: uuids.other,
                      FREE: None})
    assert [known.other(server(), slot) for slot in (
        vifs.SLOT, OTHER, FREE, '0000:03:00.7')] == [
        None, uuids.other, None, None]
    assert [known.elsewhere(server(), port, slot) for port, slot in (
        (vifs.PORT, vifs.SLOT), (vifs.PORT, FREE), (uuids.port, FREE))] == [
        None, vifs.SLOT, None]


def test_nothing_is_known_where_nova_is_another(monkeypatch):
    monkeypatch.setattr(nova_compat, 'works', lambda part: False)
    assert owners(**{OTHER: uuids.other}).other(server(), OTHER) is None


def test_two_vfs_for_one_port():
    """A resize on the same host: both are its own until it is confirmed."""
    known = owners(**{vifs.SLOT: uuids.server, OTHER: uuids.server})
    for slot in (vifs.SLOT, OTHER):
        assert known.other(server(), slot) is None
        assert known.elsewhere(server(), vifs.PORT, slot) is None


@pytest.mark.parametrize('chosen', ['vflag', 'ovs'])
def test_another_servers_vf(conf, plugins, chosen):
    """os-vif's own plugin would unplug the neighbour's representor; ours
    finds the port by its iface-id."""
    conf.config(representor_plugin=chosen, group='sriov')
    sriov.SriovVIFDriver().plug(server(), vifs.switchdev())
    plugins['vflag'].plugged |= plugins[chosen].plugged
    before = dict(plugins['ovs'].plugged)
    driver = sriov.SriovVIFDriver(
        owners=owners(**{vifs.SLOT: uuids.other}))
    with pytest.raises(exception.VifOperationFailed, match=uuids.other):
        driver.plug(server(), vifs.switchdev())
    driver.unplug(server(), vifs.switchdev())
    assert 'vflag' not in holders(plugins)
    assert plugins['ovs'].plugged == before


def test_a_port_is_plugged_with_the_vf_that_nova_gave_it(plugins):
    driver = sriov.SriovVIFDriver(owners=owners(
        **{vifs.SLOT: uuids.server, OTHER: uuids.server}))
    driver.plug(server(), vifs.switchdev())
    assert holders(plugins) == ['vflag']


HELP = ('It is plugged when the binding is that of this host: compare '
        'binding:host_id and pci_slot in binding:profile of the port.')


@pytest.mark.parametrize('record, problem', [
    ({FREE: uuids.other}, f'server {uuids.other} has it'),
    ({vifs.SLOT: uuids.server}, f'this port has {vifs.SLOT}')],
    ids=['the VF is anothers', 'the port has another'])
def test_what_is_wrong_with_the_binding_is_said(plugins, record, problem):
    driver = sriov.SriovVIFDriver(owners=owners(**record))
    with pytest.raises(exception.VifOperationFailed) as caught:
        driver.plug(server(), vifs.switchdev(slot=FREE))
    assert str(caught.value) == (
        f'Port {vifs.PORT} is not plugged: its binding names VF {FREE}, but '
        f"by Nova's record of this host {problem}. {HELP}")
    assert not holders(plugins)


def test_a_vf_left_as_it_is_gets_one_warning(caplog, plugins):
    driver = sriov.SriovVIFDriver(owners=owners(**{vifs.SLOT: uuids.other}))
    for _ in range(2):
        plugins['vflag'].plugged[vifs.PORT] = None
        driver.unplug(server(), vifs.switchdev())
    line, = [line for line in caplog.messages if 'left as it is' in line]
    assert all(word in line for word in (vifs.PORT, vifs.SLOT, uuids.other))


@pytest.mark.parametrize('vif', [
    vifs.hw_veb(), vifs.macvtap(), vifs.vm_fex(), vifs.infiniband()],
    ids=['hw_veb', 'macvtap', 'VM-FEX', 'InfiniBand'])
def test_another_servers_vf_without_a_representor(machine, vif):
    here = machine()
    before = dict(here.vf)
    here.driver._owners = owners(**{vifs.SLOT: uuids.other})
    with pytest.raises(exception.VifOperationFailed, match=uuids.other):
        here.driver.plug(server(), vif)
    here.driver.unplug(server(), vif)
    assert here.vf == before
    assert not here.vfs.requests


def test_until_there_is_a_tracker_the_database_is_asked_once(conf):
    """nova-compute plugs the VIFs of all servers before it makes one."""
    conf.config(host='host')
    traffic = services.Traffic()
    known = owners(**{OTHER: uuids.other})
    resources = known._virtapi._compute.rt
    tracker, resources.pci_tracker = resources.pci_tracker, None
    with services.cell(traffic):
        assert known.other(server(), vifs.SLOT) is None
        node = hosts.Host(None).node
        hosts.Host(None, 'another', service='another')
        admin = context.get_admin_context()
        device = objects.PciDevice.create(admin, {
            'compute_node_id': node.id, 'address': vifs.SLOT,
            'vendor_id': '15b3', 'product_id': '101e', 'dev_type': 'type-VF',
            'dev_id': 'pci', 'label': 'label', 'status': 'allocated',
            'parent_addr': '0000:03:00.0', 'numa_node': 0})
        device.instance_uuid, device.request_id = uuids.other, REQUEST
        device.save()
        # As a new process does.
        known = owner.Owners(known._virtapi)
        assert known.other(server(), vifs.SLOT) == uuids.other
        traffic.clear()
        assert known.other(server(), OTHER) is None
        assert not traffic.statements
        resources.pci_tracker = tracker
        assert known.other(server(), OTHER) == uuids.other
        assert known.other(server(), vifs.SLOT) is None


def test_what_is_not_touched_has_no_owner_to_ask(plugins):
    driver = sriov.SriovVIFDriver(
        owners=owners(**{vifs.SLOT: uuids.other}))
    pf = vifs.vif('hostdev_physical', 'direct-physical')
    driver.plug(server(), pf)
    driver.unplug(server(), pf)
    assert holders(plugins) == []
