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

"""The hosts in Nova's database and in Placement's.

One host of each shape is made by Nova's objects and Placement's API; the rows
of all others are copies of what these have written.
"""

from nova import context
from nova import objects
from nova.db.main import api as main_db
from nova.db.main import models
from nova.objects import fields
from oslo_utils import timeutils
from oslo_utils import uuidutils
from placement import db_api as placement_db
from placement.db.sqlalchemy import models as placement_models
import sqlalchemy

from nova_sriov_ext.placement import inventory
from nova_sriov_ext.placement import tracked_vfs
from nova_sriov_ext.report import document
from tests.benchmark.cloud import hosts
from tests.benchmark.cloud import trackers

# Rows of one INSERT.
_BATCH = 1000


def create(cell, placement, shapes):
    """:param cell: CellMapping
    :param placement: API of Nova's PlacementFixture
    :param shapes: of each host
    :returns: dict, uuid of a compute node → its Shape
    """
    uuids = {uuidutils.generate_uuid(): shape for shape in shapes}
    with context.target_cell(context.get_admin_context(), cell) as cctxt:
        first = {shape: _node(cctxt, shape) for shape in set(shapes)}
        engine = main_db.get_engine(context=cctxt)
        _copy(engine, models.ComputeNode, (
            (first[shape], {'uuid': uuid, 'host': name,
                            'hypervisor_hostname': name})
            for uuid, shape, name in _named(uuids)))
        service = _service(cctxt)
        _copy(engine, models.Service, (
            (service, {'uuid': uuidutils.generate_uuid(), 'host': name})
            for _, _, name in _named(uuids)))
    _place(placement, uuids)
    return uuids


def _named(uuids):
    return ((uuid, shape, f'compute{number}') for number, (
        uuid, shape) in enumerate(uuids.items()))


def _node(cctxt, shape):
    """:returns: id of a ComputeNode of a host that is not in the cloud"""
    node = objects.ComputeNode(
        context=cctxt, uuid=uuidutils.generate_uuid(), host=shape.name,
        hypervisor_hostname=shape.name, vcpus=hosts.VCPUS, vcpus_used=0,
        memory_mb=hosts.MEMORY_MB, memory_mb_used=0,
        free_ram_mb=hosts.MEMORY_MB, local_gb=hosts.DISK_GB, local_gb_used=0,
        free_disk_gb=hosts.DISK_GB, disk_available_least=hosts.DISK_GB,
        cpu_info='{}', hypervisor_type='QEMU', hypervisor_version=8002000,
        current_workload=0, running_vms=0, cpu_allocation_ratio=4.0,
        ram_allocation_ratio=1.0, disk_allocation_ratio=1.0,
        numa_topology=_numa_topology()._to_json(), host_ip='192.0.2.1',
        supported_hv_specs=[objects.HVSpec.from_list(
            [fields.Architecture.X86_64, fields.HVType.KVM,
             fields.VMMode.HVM])],
        stats={document.STATS_KEY: document.write(shape.report()),
               'num_instances': '0', 'io_workload': '0'} if shape.pfs else {},
        pci_device_pools=trackers.stock(shape).stats.to_device_pools_obj())
    node.create()
    return node.id


def _numa_topology():
    half = hosts.VCPUS // 2
    return objects.NUMATopology(cells=[
        objects.NUMACell(
            id=cell, cpuset=set(range(cell * half, (cell + 1) * half)),
            pcpuset=set(), memory=hosts.MEMORY_MB // 2, socket=cell,
            cpu_usage=0, memory_usage=0, pinned_cpus=set(),
            siblings=[{cell * half + n, cell * half + n + 1}
                      for n in range(0, half, 2)],
            mempages=[objects.NUMAPagesTopology(
                size_kb=size, total=1024, used=0) for size in (4, 2048)])
        for cell in (0, 1)])


def _service(cctxt):
    """:returns: id of a Service; no host has this one"""
    service = objects.Service(cctxt, host='none', binary='nova-compute',
                              topic='compute', disabled=False)
    service.create()
    service.last_seen_up = timeutils.utcnow()
    service.save()
    return service.id


def _copy(engine, model, rows):
    """:param rows: iterator of (id of a row, what differs in its copy)"""
    table = model.__table__
    with engine.begin() as connection:
        known = {row.id: dict(row._mapping) for row in connection.execute(
            sqlalchemy.select(table))}
        for row in known.values():
            del row['id']
        copies = [{**known[number], **changes} for number, changes in rows]
        _insert(connection, table, copies)


def _insert(connection, table, rows):
    for begin in range(0, len(rows), _BATCH):
        connection.execute(table.insert(), rows[begin:begin + _BATCH])


def _place(placement, uuids):
    """Providers with inventories and traits, as nova-compute makes them."""
    inventories = {shape: _inventories(shape)
                   for shape in set(uuids.values())}
    for name in set().union(*inventories.values()):
        if name.startswith('CUSTOM_'):
            placement.put(f'/resource_classes/{name}', None, version='1.7')
    with placement_db.get_placement_engine().begin() as connection:
        classes = _ids(connection, placement_models.ResourceClass)
        traits = [number for name, number in _ids(
            connection, placement_models.Trait).items() if _has(name)]
        named = list(enumerate(_named(uuids), 1))
        for model, found in (
                (placement_models.ResourceProvider, [
                    {'id': number, 'uuid': uuid, 'name': host,
                     'generation': 1, 'root_provider_id': number}
                    for number, (uuid, _, host) in named]),
                (placement_models.Inventory, [
                    {'resource_provider_id': number,
                     'resource_class_id': classes[name], **record}
                    for number, (_, shape, _) in named
                    for name, record in inventories[shape].items()]),
                (placement_models.ResourceProviderTrait, [
                    {'resource_provider_id': number, 'trait_id': trait}
                    for number, _ in named for trait in traits])):
            _insert(connection, model.__table__, found)


def _ids(connection, model):
    """:returns: dict, name → id"""
    return {row.name: row.id for row in connection.execute(
        sqlalchemy.select(model.__table__))}


def _has(trait):
    """Whether a host has a trait: about as many as with libvirt."""
    return trait == 'OWNER_NOVA' or trait.startswith(
        ('COMPUTE_NET_', 'COMPUTE_VOLUME_', 'COMPUTE_IMAGE_TYPE_',
         'HW_CPU_X86_AVX', 'HW_CPU_X86_SSE'))


def _inventories(shape):
    vfs = tracked_vfs.by_class(trackers.stock(shape), shape.report().rows)
    return {'VCPU': {**inventory.record(hosts.VCPUS, 0),
                     'allocation_ratio': 4.0},
            'MEMORY_MB': inventory.record(hosts.MEMORY_MB, 0),
            'DISK_GB': inventory.record(hosts.DISK_GB, 0),
            **{name: inventory.record(
                found.total, inventory.unallocated(found, {}))
               for name, found in vfs.items()}}
