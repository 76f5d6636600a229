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

"""A compute host with VFs in Placement."""

import types

from nova import context
from nova import exception
from nova import objects
from nova.pci import whitelist
from oslo_utils import uuidutils

from nova_sriov_ext.placement import allocations
from nova_sriov_ext.placement import provider
from nova_sriov_ext.placement import repair
from nova_sriov_ext.placement import tracked_vfs
from nova_sriov_ext.report import document

VFS = 'CUSTOM_SRIOV_VF_PHYSNET2'
SPEC = ('{"vendor_id": "15b3", "product_id": "101e",'
        ' "physical_network": "physnet2"}')
# What Nova's own driver publishes.
STOCK = {'VCPU': {'total': 8, 'reserved': 0, 'min_unit': 1, 'max_unit': 8,
                  'step_size': 1, 'allocation_ratio': 1.0}}
NODE = {'vcpus': 8, 'memory_mb': 1, 'local_gb': 1, 'vcpus_used': 0,
        'memory_mb_used': 0, 'local_gb_used': 0, 'hypervisor_type': 'QEMU',
        'hypervisor_version': 1, 'cpu_info': ''}


def tracker(*states, spec=SPEC, **values):
    """:param states: (status, uuid of the server) of each VF of a PF
    :param values: attributes that all have
    """
    return types.SimpleNamespace(
        dev_filter=whitelist.Whitelist([spec]),
        pci_devs=[objects.PciDevice(**{
            'address': f'0000:03:00.{number}', 'parent_addr': '0000:03:00.0',
            'vendor_id': '15b3', 'product_id': '101e', 'dev_type': 'type-VF',
            'status': status, 'instance_uuid': server} | values)
            for number, (status, server) in enumerate(states, 2)])


class Host:
    """Its provider, its node in the database, its PCI tracker.

    :param client: nova.scheduler.client.report.SchedulerReportClient
    :param service: name of its nova-compute
    """

    def __init__(self, client, name='node', service='host'):
        self.client = client
        self.context = context.get_admin_context()
        self.name = name
        self.uuid = uuidutils.generate_uuid()
        self.pci_tracker = tracker()
        # As ComputeVirtAPI has it; the resource tracker is this host.
        self.virtapi = types.SimpleNamespace(
            reportclient=client, _compute=types.SimpleNamespace(rt=self))
        self.provider = provider.Provider(self.virtapi)
        # The resource tracker makes it before anything is published.
        objects.ComputeNode(
            self.context, host=service, hypervisor_hostname=self.name,
            uuid=self.uuid, stats={}, **NODE).create()

    @property
    def node(self):
        return objects.ComputeNode.get_by_nodename(self.context, self.name)

    def tell(self, is_open):
        """Tell schedulers whether to claim here."""
        self.report((), placement=is_open)

    def report(self, rows, placement=True, placement_modes=True):
        """:param rows: as schedulers read them from now on"""
        node = self.node
        node.stats = {document.STATS_KEY: document.write(document.Report(
            tuple(rows), placement=placement,
            placement_modes=placement_modes))}
        node.save()

    def hold(self, *servers, free=0, **values):
        """Let the PCI tracker know VFs: one of each of these servers, and
        free ones."""
        self.pci_tracker = tracker(
            *(('allocated', server) for server in servers),
            *(('available', None) for _ in range(free)), **values)

    def update(self, *args, **kwargs):
        """As the resource tracker does each minute: a conflict, such as
        after a repair, has it begin anew."""
        try:
            self._update(*args, **kwargs)
        except exception.ResourceProviderUpdateConflict:
            self._update(*args, **kwargs)

    def tree(self):
        """:returns: nova.compute.provider_tree.ProviderTree, as it is now"""
        self.client.clear_provider_cache()
        return self.client.get_provider_tree_and_ensure_root(
            self.context, self.uuid, name=self.name)

    def _update(self, rows=(), reshape=False):
        tree = self.tree()
        before = provider.published(tree, self.name)
        tree.update_inventory(self.name, STOCK)
        self.provider.update(tree, self.name, before, rows, reshape)
        self.client.update_from_provider_tree(self.context, tree)

    def repair(self, rows=()):
        repair.Repair(self.client, self.context, self.node).run(
            allocations.of_provider(self.client, self.context, self.uuid),
            tracked_vfs.by_class(self.pci_tracker, rows))

    def server(self, vfs=0, **state):
        """Boot one.

        :param vfs: how many Placement allocates to it
        :returns: its uuid
        """
        uuid = self.instance(**state).uuid
        self.allocate(uuid, vfs)
        return uuid

    def instance(self, **state):
        """:returns: nova.objects.Instance, in the database"""
        instance = objects.Instance(self.context, **{
            'uuid': uuidutils.generate_uuid(), 'host': 'host',
            'node': self.name, 'compute_id': self.node.id,
            'vm_state': 'active', 'task_state': None,
            'project_id': 'p', 'user_id': 'u'} | state)
        instance.create()
        return instance

    def migration(self, server, vfs=0, **values):
        """:returns: uuid of a migration of the server from this host"""
        migration = objects.Migration(self.context, **{
            'uuid': uuidutils.generate_uuid(), 'instance_uuid': server,
            'source_compute': 'host', 'source_node': self.name,
            'dest_compute': 'other', 'dest_node': 'other',
            'dest_compute_id': 0, 'migration_type': 'migration',
            'status': 'finished'} | values)
        migration.create()
        self.allocate(migration.uuid, vfs)
        return migration.uuid

    def allocate(self, consumer, vfs, vcpus=1, vf_class=VFS):
        """:returns: bool, whether Placement allows it"""
        wanted = {'VCPU': vcpus, vf_class: vfs}
        return self.put(consumer, {self.uuid: {'resources': {
            name: amount for name, amount in wanted.items() if amount}}})

    def delete(self, consumer):
        self.client.delete(f'/allocations/{consumer}')

    def publish(self, **inventories):
        """Write another inventory, past the host."""
        url = f'/resource_providers/{self.uuid}/inventories'
        payload = self.client.get(url).json() | {'inventories': inventories}
        assert self.client.put(url, payload)

    def put(self, consumer, by_provider):
        """:param by_provider: dict, as in a PUT of allocations
        :returns: bool, whether Placement allows it
        """
        payload = self.client.get_allocs_for_consumer(self.context, consumer)
        generation = payload.get('consumer_generation')
        response = self.client.put(f'/allocations/{consumer}', {
            'consumer_generation': generation, 'project_id': 'p',
            'user_id': 'u', 'allocations': by_provider}, version='1.28')
        return response.status_code == 204

    def allocated(self, consumer):
        """:returns: dict, resource class → amount, on this host"""
        found = self.client.get_allocs_for_consumer(
            self.context, consumer)['allocations']
        return found.get(self.uuid, {'resources': {}})['resources']

    def _read(self, what, version='1.6'):
        """:param what: what of the provider, a word of its API"""
        return self.client.get(f'/resource_providers/{self.uuid}/{what}',
                               version=version).json()[what]

    def numbers(self, vf_class=VFS):
        """:returns: tuple (total, reserved, used)"""
        inventory = self._read('inventories')[vf_class]
        return (inventory['total'], inventory['reserved'],
                self._read('usages')[vf_class])

    def classes(self):
        return set(self._read('inventories'))

    def traits(self):
        return set(self._read('traits'))

    def set_traits(self, *traits):
        for trait in traits:
            self.client.put(f'/traits/{trait}', None, version='1.6')
        url = f'/resource_providers/{self.uuid}/traits'
        payload = self.client.get(url, version='1.6').json()
        assert self.client.put(url, payload | {'traits': sorted(traits)},
                               version='1.6').status_code == 200
