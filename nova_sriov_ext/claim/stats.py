"""The PCI pools of a compute host, with an assignment for a choice."""

import collections
import contextlib
import sys

from nova import exception
import nova.conf
from nova.pci import stats
from oslo_log import log as logging

from nova_sriov_ext import conf
from nova_sriov_ext.claim import ports
from nova_sriov_ext.scheduler import assignment
from nova_sriov_ext.scheduler import gather
from nova_sriov_ext.scheduler import matching
from nova_sriov_ext.scheduler import state

CONF = conf.register(nova.conf.CONF)
LOG = logging.getLogger(__name__)


class AssigningStats(stats.PciDeviceStats):
    """Nova's pools of one tracker. Which pools may serve a request, Nova's
    own code says; which of them do, is chosen for all requests together.

    :param stock: nova.pci.stats.PciDeviceStats whose pools to go on with
    :param report: function, gives the report.Report of this host
    """

    def __init__(self, stock, report):
        super().__init__(stock.numa_topology, dev_filter=stock.dev_filter)
        self.pools = stock.pools
        self._report = report
        self._server = None

    @contextlib.contextmanager
    def serving(self, server):
        """Claim for a server.

        The claim's test comes before, without a word of the server: it tells
        whether there is an assignment at all, not whether it can be spread.

        :param server: tracker.Server
        """
        self._server = server
        try:
            yield
        finally:
            self._server = None

    def pool_of(self, dev):
        """:param dev: nova.objects.PciDevice
        :returns: dict of the tags of its pool, None where it is not listed
        """
        return self._create_pool_keys_from_dev(dev)

    def support_requests(self, requests, provider_mapping, numa_cells=None):
        return self._assign(
            requests, provider_mapping, numa_cells) is not None

    def consume_requests(self, pci_requests, numa_cells=None):
        """Take the devices of all requests, or none at all.

        :raises nova.exception.PciDeviceRequestFailed: no assignment
        """
        taken = self._assign(pci_requests, None, numa_cells)
        if taken is None:
            raise exception.PciDeviceRequestFailed(requests=pci_requests)
        # The indices hold no longer once a PF has left with its first VF.
        chosen = [(self.pools[index], count, request.request_id)
                  for request, index, count in taken]
        devices = []
        for pool, count, request_id in chosen:
            # An empty pool stays, as with Nova: it carries its rp_uuid.
            pool['count'] -= count
            devices += self._allocate_devs(pool, count, request_id)
        return devices

    def _assign(self, requests, provider_mapping, numa_cells):
        """:returns: list of (request, index of a pool, count), or None"""
        owners, wants = [], []
        for request in requests:
            for want in self._wants(request, provider_mapping, numa_cells):
                owners.append(request)
                wants.append(want)
        policy = self._policy(wants)
        taken = assignment.assign(
            self.pools, wants, policy, self._rank(numa_cells),
            self._server.held if self._server else ())
        if taken is None:
            LOG.info('No assignment of PCI requests %s to pools %s, '
                     'PF policy %s', requests, self._told(), policy)
            return None
        return [(request, index, count)
                for request, counts in zip(owners, taken, strict=True)
                for index, count in counts.items()]

    def _told(self):
        """:returns: list of dicts, the pools without their devices, of which
            Nova's own iterator makes a deep copy first
        """
        return [{key: value for key, value in pool.items()
                 if key != 'devices'} for pool in self.pools]

    def _policy(self, wants):
        """The flavor is asked only where there is a choice."""
        pfs = {self.pools[index]['address'] for want in wants
               if want.group is not None for index in want.pools}
        vfs = sum(want.count for want in wants if want.group is not None)
        return self._server.pf_policy if self._server and vfs and (
            len(pfs) > 1 or vfs > 1 or self._server.held) else None

    def _wants(self, request, provider_mapping, numa_cells):
        rp_uuids = self._get_rp_uuids_for_request(
            provider_mapping=provider_mapping, request=request)
        pools = self._acceptable(request, numa_cells, rp_uuids)
        asked = gather.request_of(request, self._lag_policy(pools))
        pools = self._suiting(pools, asked)
        group = (asked.physnet or '') if asked.is_vf else None
        if not rp_uuids:
            return [assignment.Want(request.count, pools, group)]
        return [
            assignment.Want(count, tuple(
                i for i in pools if self.pools[i].get('rp_uuid') == rp_uuid))
            for rp_uuid, count in collections.Counter(rp_uuids).items()]

    def _acceptable(self, request, numa_cells, rp_uuids):
        """Where Nova may take a device for the request from, whatever it
        takes for the others.

        Nova lets a request have what is farther away only when too little is
        left near by, so it depends on the requests before. Asked for a count
        that no host has, its filter tells how far the request may go.

        :returns: tuple of indices
        """
        near = self._filter_pools(
            self.pools, request, None, rp_uuids) or ()
        if numa_cells:
            near = [*self._filter_pools_for_numa_cells(
                        near, request, numa_cells),
                    *self._filter_pools_for_numa_cells(
                        near, _insatiable(request), numa_cells)]
        ids = {id(pool) for pool in near}
        return tuple(index for index, pool in enumerate(self.pools)
                     if id(pool) in ids)

    def _lag_policy(self, pools):
        """The flavor is asked only where a LAG is not healthy."""
        report = self._report()
        return self._server.lag_policy if self._server and any(
            state.lag_of(self.pools[index], report) in state.UNHEALTHY
            for index in pools) else None

    def _suiting(self, pools, asked):
        """Leave out VFs of the wrong eswitch mode, on hosts with both, and
        those of LAGs that the flavor refuses."""
        report = self._report()
        if self._is_mixed(pools, asked, report):
            asking = ports.asking(asked.port)
            if asking is None:
                return ()
            asked = gather.with_mode(
                asked, {asked.port} if asking else (), CONF.sriov)
        return tuple(index for index in pools
                     if not state.fault(self.pools[index], asked, report))

    def _is_mixed(self, pools, asked, report):
        modes = {row.mode for row in report.rows
                 if matching.equal(row.physnet, asked.physnet)}
        modes.update(state.mode_of(self.pools[i], report) for i in pools)
        return asked.is_plain_vf and {state.LEGACY, state.SWITCHDEV} <= modes

    def _rank(self, numa_cells):
        """:returns: function of a pool, key for sorting: the guest's NUMA
            nodes first, then those that tell none; healthy LAGs first
        """
        near = {cell.id: 0 for cell in numa_cells or ()}
        if near:
            near[None] = 1
        report = self._report()

        def rank(pool):
            return (near.get(pool.get('numa_node'), 2),
                    state.lag_of(pool, report) in state.UNHEALTHY)
        return rank


def _insatiable(request):
    clone = request.obj_clone()
    clone.count = sys.maxsize
    return clone
