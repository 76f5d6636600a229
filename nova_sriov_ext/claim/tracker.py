"""The tracker of a compute host's PCI devices, with a choice of its own."""

import dataclasses
import functools

from nova import objects
import nova.conf
from nova.pci import manager
from oslo_log import log as logging

from nova_sriov_ext import conf
from nova_sriov_ext import report
from nova_sriov_ext.claim import stats
from nova_sriov_ext.scheduler import demand
from nova_sriov_ext.scheduler import gather
from nova_sriov_ext.scheduler import matching

CONF = conf.register(nova.conf.CONF)
LOG = logging.getLogger(__name__)


class AssigningTracker(manager.PciDevTracker):
    """Nova's tracker, whose stats assign all requests of a server at once.

    :param compute_node: nova.objects.ComputeNode; the resource tracker keeps
        what the driver reports in this very object
    """

    def __init__(self, context, compute_node):
        super().__init__(context, compute_node)
        self._node = compute_node
        self.stats = stats.AssigningStats(self.stats, self._report)

    def _report(self):
        return report.read(
            self._node.stats if 'stats' in self._node else None)

    def _claim_instance(self, context, pci_requests, instance_numa_topology):
        server = Server(context, pci_requests.instance_uuid,
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


@dataclasses.dataclass(frozen=True)
class Server:
    """The server of a claim.

    :ivar held: frozenset of (physnet, PF's address) of the VFs it has
    """

    context: object
    uuid: str
    held: frozenset = frozenset()

    @property
    def pf_policy(self):
        """:returns: one of demand.PF_POLICIES"""
        return gather.pf_policy_of(self._extra_specs)

    @property
    def lag_policy(self):
        """:returns: one of demand.LAG_POLICIES"""
        return gather.lag_policy_of(self._extra_specs)

    @functools.cached_property
    def _extra_specs(self):
        """Of its flavor. Nova does not hand it to the tracker. Reading it is
        one more call of the conductor, beside those that Nova's claim makes
        under the same lock.
        """
        try:
            instance = objects.Instance.get_by_uuid(
                self.context.elevated(), self.uuid,
                expected_attrs=['flavor'])
            # Nova sets it before the claim of a resize, saves it, and
            # clears it afterwards (ComputeManager._prep_resize).
            return (instance.new_flavor or instance.flavor).extra_specs
        except Exception:
            LOG.exception('The flavor of server %s cannot be read; taking '
                          'the policies of nova.conf', self.uuid)
            return {}
