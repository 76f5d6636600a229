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

"""Allocations that are larger than what a server has.

Nova gives the VF of a port back to its PCI tracker when the port is detached,
and knows nothing of its allocation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nova import context as nova_context
from nova import exception
from nova import objects
from nova.compute import vm_states
from oslo_log import log as logging

from nova_sriov_ext.placement import allocations
from nova_sriov_ext.placement import tracked_vfs

if TYPE_CHECKING:
    from nova.scheduler.client import report

LOG = logging.getLogger(__name__)


class Repair:
    """Takes from the allocations of a host's servers what they do not
    have."""

    def __init__(self, client: report.SchedulerReportClient,
                 context: nova_context.RequestContext,
                 node: objects.ComputeNode) -> None:
        self._client = client
        self._context = context
        self._node = node

    def run(self, allocated: Mapping[str, allocations.Resources],
            vfs: Mapping[str, tracked_vfs.Vfs]) -> None:
        """:param allocated: as allocations.of_provider returns it
        :param vfs: by resource class
        """
        surplus = [server for server, allocation in allocated.items()
                   if _held(server, allocation, vfs) != allocation]
        moving = self._moving() if surplus else set()
        for server in surplus:
            if server not in moving:
                self._shrink(server, vfs)

    def _moving(self) -> set[str]:
        """:returns: uuids of migrations and of their servers"""
        migrations = objects.MigrationList.get_in_progress_by_host_and_node(
            self._context, self._node.host, self._node.hypervisor_hostname)
        return {uuid for m in migrations for uuid in (m.uuid, m.instance_uuid)}

    def _shrink(self, server: str,
                vfs: Mapping[str, tracked_vfs.Vfs]) -> None:
        try:
            # Before the server is looked at: whatever begins to happen to it
            # afterwards and changes the allocation makes the write fail.
            payload: allocations.Payload = (
                self._client.get_allocs_for_consumer(self._context, server))
            mine = payload['allocations'].get(self._node.uuid)
            if not mine or not self._is_settled(server):
                return
            allocated = allocations.vfs_only(mine['resources'])
            held = _held(server, allocated, vfs)
            if held == allocated:
                return
            LOG.info('Server %(server)s has %(held)s VFs of the %(allocated)s '
                     'that Placement allocates to it here; giving the others '
                     'back', {'server': server, 'held': held,
                              'allocated': allocated})
            if not self._client.put_allocations(
                    self._context, server, allocations.replaced(
                        payload, self._node.uuid,
                        {**mine['resources'], **held})):
                LOG.warning('Placement refuses what is left of the '
                            'allocation of server %s', server)
        except exception.NovaException as e:
            # The next update finds it again.
            LOG.warning('The allocation of server %s could not be repaired: '
                        '%s', server, e)

    def _is_settled(self, server: str) -> bool:
        """Whether nothing goes on that Nova changes allocations for.

        While it is built a server has no task_state either. One on its way
        to this host has another ``host``.
        """
        try:
            instance = objects.Instance.get_by_uuid(self._context, server)
        except exception.InstanceNotFound:
            return False
        return bool(instance.host == self._node.host
                    and instance.node == self._node.hypervisor_hostname
                    and instance.task_state is None
                    and instance.vm_state != vm_states.BUILDING)


def _held(server: str, allocation: allocations.Resources,
          vfs: Mapping[str, tracked_vfs.Vfs]) -> allocations.Resources:
    """The allocation without what the server does not have."""
    return {name: min(count, vfs[name].held[server] if name in vfs else 0)
            for name, count in allocation.items()}
