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

"""Host states, compute nodes and request specs as Nova's scheduler has them.
"""

from nova import objects
from nova.objects import pci_device_pool
from nova.scheduler import host_manager
from oslo_utils.fixture import uuidsentinel as uuids

from nova_sriov_ext.report import document
from tests.unit.scheduler import pools as given


def host(name, *pools, rows=(), claim=None, placement=False,
         placement_modes=False, candidates=(), **metadata):
    """:param pools: dicts, as given.pool makes them
    :param rows: document.Row of each PF, as the host reports them
    :param claim: the claim policy that it reports
    :param placement: whether it reports that its VFs are in Placement
    :param placement_modes: whether it reports that those of each mode are
    :param candidates: its allocation candidates
    :param metadata: of the one aggregate that the host is in
    :returns: nova HostState
    """
    state = host_manager.HostState(name, name, uuids.cell)
    state.uuid = getattr(uuids, name)
    state.pci_stats = given.pci_stats(pools)
    state.stats = stats(rows=tuple(rows), claim=claim, placement=placement,
                        placement_modes=placement_modes)
    state.allocation_candidates = list(candidates)
    state.aggregates = [objects.Aggregate(metadata=metadata)]
    return state


def stats(**report):
    """:param report: fields of document.Report
    :returns: dict, as nova-compute writes it
    """
    return {document.STATS_KEY: document.write(document.Report(**report))}


def node(name, pools=(), reported=None):
    """:param reported: as stats returns it
    :returns: nova.objects.ComputeNode as nova-compute reports it"""
    return objects.ComputeNode(
        host=name, hypervisor_hostname=name, uuid=uuids.node, vcpus=4,
        vcpus_used=0, memory_mb=1024, local_gb=10, local_gb_used=0,
        free_disk_gb=10, disk_available_least=10, free_ram_mb=1024,
        updated_at=None, numa_topology=None, host_ip=None, cpu_info='{}',
        hypervisor_type='QEMU', hypervisor_version=1, metrics=None,
        supported_hv_specs=[], cpu_allocation_ratio=1.0,
        ram_allocation_ratio=1.0, disk_allocation_ratio=1.0,
        stats=reported or {}, pci_device_pools=objects.PciDevicePoolList(
            objects=[pci_device_pool.PciDevicePool.from_dict(p)
                     for p in pools]))


def request(*requests, hints=None, **extra_specs):
    """:param requests: nova.objects.InstancePCIRequest
    :returns: nova.objects.RequestSpec of a boot
    """
    return objects.RequestSpec(
        instance_uuid=uuids.server, scheduler_hints=hints or {},
        flavor=objects.Flavor(extra_specs=extra_specs),
        pci_requests=objects.InstancePCIRequests(requests=list(requests)))
