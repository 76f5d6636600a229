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

"""Random hosts and servers, and Nova's real claim of the one on the other."""

import copy
import json
import random
from unittest import mock

from nova import context
from nova import exception
from nova import objects
import nova.conf
from nova.objects import pci_device
from nova.pci import manager
from nova.scheduler import host_manager
from oslo_serialization import jsonutils
from oslo_utils import uuidutils

from nova_sriov_ext.report import collect
from nova_sriov_ext.report import document
from os_vif_vflag.host import model
from tests.unit.scheduler import pools as given

PHYSNETS = 9 * ('a',) + 2 * ('b',) + ('A', None)
MODES = ('switchdev', 'switchdev', 'legacy')
PRODUCTS = ('101e', '101f', '1521')

# Tags of a device_spec entry, and how many of ten entries have them.
TAGS = (
    (9, 'physical_network', PHYSNETS),
    (3, 'trusted', ('true', 'True', 'false')),
    (1, 'remote_managed', ('true', 'false')),
    (2, 'live_migratable', ('true', 'false')),
    (2, 'rack', ('7',)),
)
PORT_TAGS = (
    (1, 'trusted', ('True', 'False')),
    (2, 'dev_type', ('type-PF', 'type-PF', 'vdpa')),
)
ALIAS_TAGS = (
    (4, 'vendor_id', ('15b3', '15b3', '15B3', '8086')),
    (3, 'product_id', PRODUCTS),
    (1, 'live_migratable', ('true', 'false')),
    (1, 'traits', ('CUSTOM_FAST',)),
)
SERIAL = {'vpd': {'card_serial_number': 'MT1'},
          'network': ['rx', 'tx', 'switchdev']}


def tags(rng, choices):
    return {key: rng.choice(values) for chance, key, values in choices
            if rng.randrange(10) < chance}


class Host:
    """A host of random cards, some of whose devices are in use.

    :ivar modes: dict, PF's address → eswitch mode; empty for a host that
        reports nothing
    """

    def __init__(self, rng):
        self._rng = rng
        self.modes = {}
        self._devices, self._specs = [], []
        for number in range(rng.choice((1, 2, 2, 3))):
            self._add_card(f'0000:{number + 3:02x}')
        if self._rng.randrange(3) == 0:
            self.modes = {}
        self._rng.shuffle(self._specs)
        self._whitelist([json.dumps(spec) for spec in self._specs])
        self._tracked = objects.PciDeviceList(objects=[])
        self.tracker = self.fresh()
        self.tracker.update_devices_from_hypervisor_resources(
            jsonutils.dumps(self._devices))
        self._tracked = self.tracker.pci_devs
        self.providers = self._place()

    @staticmethod
    def _whitelist(specs):
        nova.conf.CONF.set_override('device_spec', specs, group='pci')

    def _add_card(self, bus):
        rng = self._rng
        if rng.randrange(8) == 0:
            self._add(f'{bus}:00.0', 'type-PCI', rng.choice(PRODUCTS))
            kinds = ()
        else:
            self._add(f'{bus}:00.0', 'type-PF', '1017')
            self.modes[f'{bus}:00.0'] = rng.choice(MODES)
            kinds = [rng.choice(4 * ('type-VF',) + ('vdpa',))
                     for _ in range(rng.randint(1, 4))]
        for number, kind in enumerate(kinds):
            self._add(f'{bus}:01.{number}', kind,
                      rng.choice(PRODUCTS[:1] + PRODUCTS[:2]),
                      parent_addr=f'{bus}:00.0')
        entries = {device['product_id'] for device in self._devices
                   if device['address'].startswith(bus)}
        if rng.randrange(3):
            entries.discard('1017')
        self._specs += [
            {'address': f'{bus}:*.*', 'product_id': product,
             **tags(rng, TAGS)} for product in sorted(entries)]

    def _add(self, address, kind, product, **more):
        self._devices.append({
            'address': address, 'vendor_id': '15b3', 'product_id': product,
            'dev_type': kind, 'numa_node': None, 'label': 'label',
            'dev_id': 'pci', 'capabilities': SERIAL,
            'parent_addr': None, **more})

    def fresh(self):
        """:returns: a tracker that finds all devices free"""
        for device in self._tracked:
            device.status = 'available'
            device.instance_uuid = device.request_id = None
        node = objects.ComputeNode(id=1, numa_topology=None)
        with mock.patch.object(pci_device.PciDeviceList,
                               'get_by_compute_node',
                               return_value=self._tracked):
            self.tracker = manager.PciDevTracker(
                context.get_admin_context(), node)
        stats = self.tracker.stats
        stats.populate_pools_metadata_from_assigned_devices()
        # The tracker sorts when a device is freed, and the scheduler always.
        # Until then their orders may differ by the keys just added, which
        # the scheduler cannot know.
        stats.pools.sort(key=len)
        return self.tracker

    def _place(self):
        """As PCI in Placement: a resource provider for each PF and each PCI
        device without a physnet."""
        providers = {}
        for device in self._tracked:
            spec = self.tracker.dev_filter.get_devspec(device)
            if 'physical_network' not in spec.get_tags():
                address = device.parent_addr or device.address
                device.extra_info = device.extra_info | {
                    'rp_uuid': providers.setdefault(
                        address, uuidutils.generate_uuid())}
        return list(providers.values())

    def state(self):
        """:returns: the HostState that the scheduler has of it now"""
        found = host_manager.HostState('h', 'h', uuidutils.generate_uuid())
        found.stats = {document.STATS_KEY: document.write(document.Report(
            collect.rows(self._snapshot(), self._devices,
                         self.tracker.dev_filter)))} if self.modes else {}
        found.pci_stats = given.pci_stats(
            [{key: value for key, value in pool.items() if key != 'devices'}
             for pool in self.tracker.stats.pools])
        return found

    def _snapshot(self):
        return model.HostSnapshot(tuple(
            model.PF(pf, mode=mode) for pf, mode in self.modes.items()))

    def claim(self, requests):
        """:returns: list of PciDevice, None when Nova's claim fails"""
        try:
            self._test(requests)
            return self.tracker.claim_instance(
                context.get_admin_context(), objects.InstancePCIRequests(
                    instance_uuid=uuidutils.generate_uuid(),
                    requests=requests), None)
        except exception.PciDeviceRequestFailed:
            return None

    def _test(self, requests):
        """The claim test, ``support_requests``; that copies all devices
        first, which takes most of its time."""
        found = copy.copy(self.tracker.stats)
        found.pools = [dict(pool) for pool in found.pools]
        found.apply_requests(requests, None)


def server(rng):
    """:returns: list of InstancePCIRequest, in the order of Nova's API:
        aliases first"""
    return ([_alias(rng) for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 3)))]
            + [_port(rng) for _ in range(rng.choice((0, 1, 1, 2, 2, 3)))])


def _port(rng):
    return objects.InstancePCIRequest(
        count=1, requester_id=uuidutils.generate_uuid(),
        request_id=uuidutils.generate_uuid(),
        spec=[{'physical_network': rng.choice(PHYSNETS),
               'remote_managed': str(not rng.randrange(20)),
               **tags(rng, PORT_TAGS)}])


def _alias(rng):
    kind = rng.choice(({}, {'dev_type': 'type-VF'}, {'dev_type': 'type-PF'},
                       {'dev_type': 'type-PCI'}))
    return objects.InstancePCIRequest(
        count=rng.choice((0, 0, 1, 1, 1, 1, 2)), alias_name='a1',
        request_id=uuidutils.generate_uuid(),
        spec=[tags(rng, ALIAS_TAGS) | kind
              for _ in range(rng.choice((1, 1, 2)))])


def mappings(rng, requests, providers):
    """Whom Placement may have chosen for the aliases, right or wrong.

    :returns: dict of lists, as in an allocation candidate
    """
    return {f'{request.request_id}-{number}': [rng.choice(providers)]
            for request in requests if request.alias_name
            for number in range(request.count)} if providers else {}


def suits(host, requests, devices):
    """Whether the VFs that tunnelled ports got of Nova's claim are of PFs
    in switchdev mode, as far as the host reports that.

    :param devices: list of PciDevice, as claim returned it
    """
    ports = {request.request_id for request in requests
             if _is_tunnelled(request.spec[0])}
    return all(host.modes.get(device.parent_addr, 'switchdev') == 'switchdev'
               for device in devices if device.request_id in ports)


def _is_tunnelled(spec):
    return (spec.get('physical_network', '') is None
            and 'dev_type' not in spec
            and spec['remote_managed'] == 'False')


def follow(requests, chosen):
    """Write the choice where the claim reads it, as nova-conductor does
    (nova/scheduler/utils.py, fill_provider_mapping_based_on_allocation)."""
    for request in requests:
        providers = [found[0] for suffix, found in chosen.items()
                     if suffix.startswith(request.request_id)]
        if providers:
            request.spec[0]['rp_uuids'] = ','.join(providers)


def seeded(case):
    return random.Random(case)
