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

"""Trackers of PCI devices as nova-compute makes them, without a database."""

import json
from unittest import mock

from nova import context
from nova import exception
from nova import objects
from nova.objects import fields
from nova.pci import manager
from oslo_utils.fixture import uuidsentinel as uuids

from nova_sriov_ext.claim import tracker
from nova_sriov_ext.report import document
from tests.unit.scheduler import pools as given

PHYSNET = 'physnet2'
STOCK = tracker.AssigningTracker.__base__
OURS = tracker.AssigningTracker
assert STOCK is manager.PciDevTracker


def pf(address, **tags):
    return _device(address, 'type-PF', '101d', None, tags)


def vfs(pf_address, count, first=0, **tags):
    """VFs of a PF, in the slot after it."""
    base = pf_address.replace('.0', '.').replace(':00.', ':01.')
    return [_device(f'{base}{number}', 'type-VF', '101e', pf_address, tags)
            for number in range(first, first + count)]


def _device(address, dev_type, product, parent, tags):
    # Of all VFs of a PF.
    tags = dict(tags)
    return {'address': address, 'dev_type': dev_type, 'vendor_id': '15b3',
            'product_id': product, 'numa_node': tags.pop('numa_node', 0),
            'dev_id': f'pci_{address}', 'label': 'label',
            **({'parent_addr': parent} if parent else {}),
            'tags': {'physical_network': PHYSNET, **tags}}


class Computes:
    """Makes trackers of one kind of host.

    :param conf: fixture of nova.conf
    :param devices: list of pf() and vfs()
    :param rows: list of document.Row, what the host reports; None: its node
        has no stats yet
    :param topology: nova.objects.NUMATopology, of two nodes by default
    """

    def __init__(self, conf, devices, rows=(), topology=None):
        self.devices = devices
        self._topology = topology or numa_topology((0, 1))
        self._stats = {} if rows is None else {'stats': {
            document.STATS_KEY: document.write(document.Report(tuple(rows)))}}
        conf.config(group='pci', device_spec=[
            json.dumps({'address': dev['address'], **dev['tags']})
            for dev in devices])

    def tracker(self, kind, known=()):
        """:param known: list of nova.objects.PciDevice, of the database"""
        node = objects.ComputeNode(
            id=1, uuid=uuids.node, host='compute1',
            numa_topology=self._topology._to_json(), **self._stats)

        def stored(found, node):
            assert found.is_admin and node == 1
            return objects.PciDeviceList(objects=list(known))

        with mock.patch.object(
                objects.PciDeviceList, 'get_by_compute_node', stored):
            found = kind(context.get_admin_context(), node)
        if not known:
            self.update(found)
            for number, dev in enumerate(found.pci_devs):
                # As the database fills them in.
                dev.id, dev.instance_uuid = number, None
        return found

    def update(self, found):
        """As the periodic task does."""
        found.update_devices_from_hypervisor_resources(json.dumps([
            {key: value for key, value in dev.items() if key != 'tags'}
            for dev in self.devices]))


def numa_topology(sockets, memory=0):
    """:param sockets: of each node
    :param memory: of each node, MB
    :returns: nova.objects.NUMATopology
    """
    return objects.NUMATopology(cells=[
        objects.NUMACell(id=cell, cpuset={cell}, pcpuset=set(),
                         memory=memory, socket=socket, mempages=[],
                         siblings=[], cpu_usage=0, memory_usage=0,
                         pinned_cpus=set())
        for cell, socket in enumerate(sockets)])


def cells(*numbers):
    """:returns: nova.objects.InstanceNUMATopology on these nodes of a host,
        None without any"""
    return objects.InstanceNUMATopology(cells=[
        objects.InstanceNUMACell(id=number, cpuset=set(), memory=0)
        for number in numbers]) if numbers else None


def port(name='port', **spec):
    """What Nova makes of a port of vnic type direct."""
    found = given.port_request(
        getattr(uuids, name), **{'physical_network': PHYSNET, **spec})
    found.request_id = getattr(uuids, f'request_{name}')
    found.alias_name = None
    return found


def alias(count=1, name='a', numa_policy=None, **spec):
    """What Nova makes of an alias in a flavor."""
    found = given.alias_request(name, count, [{'vendor_id': '15b3', **spec}])
    found.request_id = getattr(uuids, f'alias_{name}')
    found.requester_id = None
    found.numa_policy = numa_policy
    return found


def claim(found, *requests, server='server', numa=None):
    """Claim and allocate, as a boot does.

    :returns: list of the addresses of the devices, in order of the requests
    :raises nova.exception.PciDeviceRequestFailed: as Nova's claim
    """
    uuid = getattr(uuids, server)
    devices = found.claim_instance(
        context.get_admin_context(),
        objects.InstancePCIRequests(
            instance_uuid=uuid, requests=list(requests)), numa)
    found.allocate_instance(instance(found, server))
    return [dev.address for dev in devices]


def passes(found, *requests, numa=None):
    """Nova's test of a claim.

    :returns: bool
    """
    try:
        return found.stats.support_requests(
            requests, None, numa.cells if numa else None)
    except exception.ComputeResourcesUnavailable:
        return False


def free(found, server='server'):
    found.free_instance(context.get_admin_context(), instance(found, server))


def instance(found, server):
    """:returns: nova.objects.Instance with the devices it has here"""
    uuid = getattr(uuids, server)
    return objects.Instance(
        uuid=uuid, pci_devices=objects.PciDeviceList(objects=[
            dev.obj_clone() for devs in (found.allocations, found.claims)
            for dev in devs.get(uuid, ())]))


def pools(found):
    """Pools that can be compared: what is free, in any order."""
    return sorted(
        (sorted((key, str(value)) for key, value in pool.items()
                if key not in ('count', 'devices')),
         pool['count'], sorted(dev.address for dev in pool['devices']))
        for pool in found.stats.pools if pool['count'])


def is_free(dev):
    return dev.status == fields.PciDeviceStatus.AVAILABLE
