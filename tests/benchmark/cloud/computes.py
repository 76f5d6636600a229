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

"""The compute hosts: their claims, and what they report after them."""

import types

from nova import context
from nova import exception
from nova import objects
from nova.compute import claims


class Computes:
    """:param cell: CellMapping
    :param shapes: dict, uuid of a compute node → its Shape
    :param tracker: of trackers
    """

    def __init__(self, cell, shapes, tracker):
        self._cell = cell
        self._shapes = shapes
        self._tracker = tracker
        self._trackers = {}

    def claim(self, node, request, server):
        """As ComputeManager._build_and_run_instance.

        :param node: uuid of a compute node
        :param request: trace.Request
        :param server: its uuid
        :returns: list of the devices; None where the claim is refused
        """
        if node not in self._trackers:
            self._trackers[node] = self._tracker(self._shapes[node])
        found = self._trackers[node]
        requests = objects.InstancePCIRequests(
            instance_uuid=server,
            requests=request.spec.pci_requests.requests)
        admin = context.get_admin_context()
        instance = objects.Instance(
            uuid=server, flavor=request.spec.flavor, numa_topology=None,
            vm_state='building', system_metadata={},
            pci_devices=objects.PciDeviceList())
        try:
            claims.Claim(
                admin, instance, node,
                types.SimpleNamespace(pci_tracker=found),
                objects.ComputeNode(numa_topology=None), requests)
            devices = found.claim_instance(admin, requests, None)
        except (exception.ComputeResourcesUnavailable,
                exception.PciDeviceRequestFailed):
            return None
        found.allocate_instance(instance)
        self._report(node, found, request.spec)
        return devices or []

    def suits(self, node, request, devices):
        """Whether these VFs are what the ports and the flavor want."""
        pfs = [device.parent_addr for device in devices]
        modes = [mode for _, mode in request.kind.ports]
        of_request = {one.request_id: mode for one, mode in zip(
            request.spec.pci_requests.requests[request.kind.aliases:],
            modes, strict=True)}
        spread = not request.kind.spread or len(set(pfs)) == len(pfs)
        return spread and all(
            of_request.get(device.request_id) in (
                None, self._shapes[node].mode(device.parent_addr))
            for device in devices)

    def _report(self, node, tracker, spec):
        """As the resource tracker does after a claim."""
        with context.target_cell(
                context.get_admin_context(), self._cell) as cctxt:
            row = objects.ComputeNode.get_by_uuid(cctxt, node)
            row.vcpus_used += spec.vcpus
            row.memory_mb_used += spec.memory_mb
            row.free_ram_mb -= spec.memory_mb
            row.local_gb_used += spec.root_gb
            row.free_disk_gb -= spec.root_gb
            row.disk_available_least = row.free_disk_gb
            row.running_vms += 1
            row.pci_device_pools = tracker.stats.to_device_pools_obj()
            row.save()
