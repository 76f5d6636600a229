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

"""The PCI pools of a compute host, from which claims take devices."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
from typing import Any

from nova import objects
from nova.pci import stats
from oslo_log import log as logging

from nova_sriov_ext import exception
from nova_sriov_ext.claim import server as servers
from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import assigning_stats
from nova_sriov_ext.fit import pools
from nova_sriov_ext.fit import reasons
from nova_sriov_ext.report import document

LOG = logging.getLogger(__name__)

# Requests, NUMA nodes, the reserve that would have been touched.
_Refusal = tuple[
    Sequence['objects.InstancePCIRequest'],
    Sequence['objects.InstanceNUMACell'] | None, reasons.Misfit | None]


class ComputePciStats(assigning_stats.AssigningStats):
    """Nova's pools of one tracker, assigned as a whole.

    :param stock: whose pools to go on with
    :param report: gives that of this host
    """

    def __init__(self, stock: stats.PciDeviceStats,
                 report: Callable[[], document.Report]) -> None:
        super().__init__(stock, report)
        self._server = servers.Anybody()
        self._refusals: list[_Refusal] = []

    @contextlib.contextmanager
    def serving(self, server: servers.Anybody) -> Iterator[None]:
        """Test or claim for a server; one line at INFO says why that
        fails."""
        self._server, self._refusals = server, []
        try:
            yield
        except Exception:
            self._log_refusal()
            raise
        finally:
            self._server, self._refusals = servers.Anybody(), []

    def _server_of(self, requests: Sequence[objects.InstancePCIRequest]
                   ) -> servers.Anybody:
        self._server.requests = requests
        return self._server

    def pool_of(self, dev: objects.PciDevice) -> pools.Pool | None:
        """Its own; None where it is not listed."""
        found = self._create_pool_keys_from_dev(dev)
        return found and pools.of_tags(found)

    def support_requests(
            self, requests: Sequence[objects.InstancePCIRequest],
            provider_mapping: model.Mappings | None,
            numa_cells: Sequence[objects.InstanceNUMACell] | None = None,
    ) -> bool:
        """As Nova's, and with the reason in the error.

        :raises exception.ClaimRefused: no assignment, where Nova tests a
            claim as a whole (Claim._test_pci, which would call it "Claim pci
            failed"). With NUMA nodes it tests one choice of them of many.
        """
        found = super().support_requests(
            requests, provider_mapping, numa_cells)
        if not found and numa_cells is None:
            raise exception.ClaimRefused(
                reason=self._touched or self._unassignable(requests, None))
        return found

    def consume_requests(
            self, pci_requests: Sequence[objects.InstancePCIRequest],
            numa_cells: Sequence[objects.InstanceNUMACell] | None = None,
    ) -> list[objects.PciDevice]:
        """Take the devices of all requests, or none at all. Those that the
        server is going to claim afterwards are left the devices they need.

        :raises exception.ClaimRefused: no assignment
        """
        to_come = self._server.to_come
        requests = [*pci_requests, *to_come]
        taken = self._assign(requests, None, numa_cells)
        if taken is None:
            raise exception.ClaimRefused(
                reason=self._touched or self._unassignable(
                    requests, numa_cells))
        # The indices are wrong once a PF has left with its first VF.
        chosen = [(self.pools[index], count, request.request_id)
                  for request, index, count in taken
                  if request not in to_come]
        devices: list[objects.PciDevice] = []
        for pool, count, request_id in chosen:
            # An empty pool stays, as with Nova: it carries its rp_uuid.
            pool['count'] -= count
            devices += self._allocate_devs(pool, count, request_id)
        return devices

    def _assign(
            self, requests: Sequence[objects.InstancePCIRequest],
            provider_mapping: model.Mappings | None,
            numa_cells: Sequence[objects.InstanceNUMACell] | None,
    ) -> list[tuple[objects.InstancePCIRequest, int, int]] | None:
        taken = super()._assign(requests, provider_mapping, numa_cells)
        if taken is None:
            LOG.debug('No assignment of PCI requests %s, NUMA nodes %s',
                      requests, _nodes(numa_cells))
            self._refusals.append((requests, numa_cells, self._touched))
        return taken

    def _log_refusal(self) -> None:
        """Nova tries many choices of NUMA nodes in one test."""
        if self._refusals:
            requests, cells, touched = self._refusals[-1]
            LOG.info(
                'The PCI devices of server %s cannot be claimed, tried %d '
                'time(s), last on NUMA nodes %s: %s. Requests: %s; pools: %s',
                self._server.uuid, len(self._refusals), _nodes(cells),
                touched or self._unassignable(requests, cells), requests,
                self._shown())

    def _shown(self) -> list[dict[str, Any]]:
        """The pools without their devices, of which Nova's own iterator makes
        a deep copy first."""
        return [{key: value for key, value in pool.items()
                 if key != 'devices'} for pool in self.pools]


def _nodes(numa_cells: Sequence[objects.InstanceNUMACell] | None
           ) -> list[int] | str:
    return [cell.id for cell in numa_cells or ()] or 'any'
