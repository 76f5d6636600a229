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

"""Nova's record of a host, in nova-scheduler, where claims assign devices.

Nova's filters try a server's requests on the pools of a HostState
(NUMATopologyFilter for each choice of NUMA nodes, PciPassthroughFilter), and
after a choice the scheduler takes the devices from there, each time in the
order of the requests; what that order does not serve it refuses, or fails
(``HostState.consume_from_request``, 2026.2). Where the claim on the host
finds an assignment, the record has to, and the same one.
"""

from __future__ import annotations

import collections
from collections.abc import Sequence
from typing import TYPE_CHECKING
import weakref

from nova import exception
from nova.pci import stats

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import assigning_stats
from nova_sriov_ext.fit import pools
from nova_sriov_ext.fit import stock_claim
from nova_sriov_ext.report import document
from nova_sriov_ext.scheduler import host_pools
from nova_sriov_ext.scheduler import requesters

if TYPE_CHECKING:
    from nova import objects
    from nova.scheduler import host_manager


def adapt(host_state: host_manager.HostState) -> None:
    """Give a host stats that serve what its claim does; a host with Nova's
    own claim keeps Nova's."""
    found = host_state.pci_stats
    if (found is not None and not isinstance(found, SchedulerPciStats)
            and document.of_host(host_state).claim):
        host_state.pci_stats = SchedulerPciStats(found, host_state)


class SchedulerPciStats(assigning_stats.AssigningStats):
    """The pools of a host with this project's claim."""

    def __init__(self, stock: stats.PciDeviceStats,
                 host_state: host_manager.HostState) -> None:
        host = weakref.ref(host_state)
        super().__init__(stock, lambda: document.of_host(host()))
        self._host = host

    def parsed(self) -> pools.HostPools:
        return host_pools.of_pools(self._host(), self.pools)

    def _server_of(
            self, requests: Sequence[objects.InstancePCIRequest]
            ) -> assigning_stats.Server:
        return requesters.server_of(requests, self._host())

    def apply_requests(
            self, requests: Sequence[objects.InstancePCIRequest],
            provider_mapping: model.Mappings | None,
            numa_cells: Sequence[objects.InstanceNUMACell] | None = None
            ) -> None:
        """Take the devices of all requests, or none at all.

        :raises nova.exception.PciDeviceRequestFailed: no assignment
        """
        taken = self._assign(requests, provider_mapping, numa_cells)
        if taken is None:
            raise exception.PciDeviceRequestFailed(requests=requests)
        counts: collections.Counter[int] = collections.Counter()
        for _, index, count in taken:
            counts[index] += count
        left = stock_claim.left(self.parsed(), counts)
        for pool, count in zip(self.pools, left, strict=True):
            pool['count'] = count
