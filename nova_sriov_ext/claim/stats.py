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

import contextlib

from oslo_log import log as logging

from nova_sriov_ext import exception
from nova_sriov_ext.claim import server as servers
from nova_sriov_ext.fit import assigning_stats
from nova_sriov_ext.fit import pools

LOG = logging.getLogger(__name__)


class ComputePciStats(assigning_stats.AssigningStats):
    """Nova's pools of one tracker, assigned as a whole.

    :param stock: nova.pci.stats.PciDeviceStats whose pools to go on with
    :param report: function, gives the document.Report of this host
    """

    def __init__(self, stock, report):
        super().__init__(stock, report)
        self._server = servers.Anybody()
        self._refusals = []

    @contextlib.contextmanager
    def serving(self, server):
        """Test or claim for a server; one line at INFO tells why that fails.

        :param server: server.Server
        """
        self._server, self._refusals = server, []
        try:
            yield
        except Exception:
            self._tell()
            raise
        finally:
            self._server, self._refusals = servers.Anybody(), []

    def _server_of(self, requests):
        self._server.requests = requests
        return self._server

    def pool_of(self, dev):
        """:param dev: nova.objects.PciDevice
        :returns: pools.Pool, its own; None where it is not listed
        """
        found = self._create_pool_keys_from_dev(dev)
        return found and pools.of_tags(found)

    def support_requests(self, requests, provider_mapping, numa_cells=None):
        """As Nova's, and with the reason in the error.

        :raises exception.ClaimRefused: no assignment, where Nova asks for a
            claim as a whole (Claim._test_pci, which would call it "Claim pci
            failed"). It asks with NUMA nodes for one choice of them of many.
        """
        found = super().support_requests(
            requests, provider_mapping, numa_cells)
        if not found and numa_cells is None:
            raise exception.ClaimRefused(
                reason=self._touched or self._unassignable(requests, None))
        return found

    def consume_requests(self, pci_requests, numa_cells=None):
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
        # The indices hold no longer once a PF has left with its first VF.
        chosen = [(self.pools[index], count, request.request_id)
                  for request, index, count in taken
                  if request not in to_come]
        devices = []
        for pool, count, request_id in chosen:
            # An empty pool stays, as with Nova: it carries its rp_uuid.
            pool['count'] -= count
            devices += self._allocate_devs(pool, count, request_id)
        return devices

    def _assign(self, requests, provider_mapping, numa_cells):
        taken = super()._assign(requests, provider_mapping, numa_cells)
        if taken is None:
            LOG.debug('No assignment of PCI requests %s, NUMA nodes %s',
                      requests, _nodes(numa_cells))
            self._refusals.append((requests, numa_cells, self._touched))
        return taken

    def _tell(self):
        """Nova tries many choices of NUMA nodes in one test."""
        if self._refusals:
            requests, cells, touched = self._refusals[-1]
            LOG.info(
                'The PCI devices of server %s cannot be claimed, tried %d '
                'time(s), last on NUMA nodes %s: %s. Requests: %s; pools: %s',
                self._server.uuid, len(self._refusals), _nodes(cells),
                touched or self._unassignable(requests, cells), requests,
                self._told())

    def _told(self):
        """:returns: list of dicts, the pools without their devices, of which
            Nova's own iterator makes a deep copy first
        """
        return [{key: value for key, value in pool.items()
                 if key != 'devices'} for pool in self.pools]


def _nodes(numa_cells):
    return [cell.id for cell in numa_cells or ()] or 'any'
