"""The tracker of a compute host's PCI devices, with a choice of its own."""

from nova.pci import manager

from nova_sriov_ext import report
from nova_sriov_ext.claim import server as servers
from nova_sriov_ext.claim import stats
from nova_sriov_ext.scheduler import demand
from nova_sriov_ext.scheduler import matching


class AssigningTracker(manager.PciDevTracker):
    """Nova's tracker, whose stats assign all requests of a server at once.

    :param compute_node: nova.objects.ComputeNode; the resource tracker keeps
        what the driver reports in this very object
    """

    def __init__(self, context, compute_node):
        super().__init__(context, compute_node)
        self._node = compute_node
        self.stats = stats.ClaimingStats(self.stats, self._report)

    def _report(self):
        return report.read(
            self._node.stats if 'stats' in self._node else None)

    def _claim_instance(self, context, pci_requests, instance_numa_topology):
        server = servers.Server(
            context, pci_requests.instance_uuid,
            frozenset(self._held(pci_requests)))
        with self.stats.serving(server):
            return super()._claim_instance(
                context, pci_requests, instance_numa_topology)

    def _held(self, pci_requests):
        """What the server has here already when a port is attached. When it
        is resized on its host, what it has belongs to the same requests, and
        counts for nothing."""
        mine = {request.request_id for request in pci_requests.requests}
        uuid = pci_requests.instance_uuid
        for dev in (*self.claims.get(uuid, ()),
                    *self.allocations.get(uuid, ())):
            pool = self.stats.pool_of(dev)
            if (pool and dev.request_id not in mine
                    and pool['dev_type'] in matching.VFS):
                yield pool.get(demand.PHYSNET) or '', pool['address']
