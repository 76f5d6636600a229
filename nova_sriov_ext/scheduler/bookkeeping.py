"""Lets nova-scheduler keep count of hosts where claims assign devices.

After a choice, Nova's scheduler takes the devices from the pools of its own
HostState, in the order of the requests, and fails the server where that
cannot be done (``HostState.consume_from_request``, 2026.2); its other filters
try the same. Where the claim on the host finds an assignment that this order
does not, they have to.
"""

from nova import exception
from nova.pci import stats

from nova_sriov_ext import report as reports
from nova_sriov_ext.scheduler import assigned
from nova_sriov_ext.scheduler import demand as demands
from nova_sriov_ext.scheduler import gather
from nova_sriov_ext.scheduler import greedy


def adapt(host_state, demand):
    """Give a host that passed stats that can serve the server.

    :param host_state: nova HostState
    :param demand: demand.Demand
    """
    found = host_state.pci_stats
    if reports.of_host(host_state).claim and greedy.test(
            found.pools, demand.requests).failed:
        host_state.pci_stats = AssignedStats(
            found.numa_topology, dev_filter=found.dev_filter)
        host_state.pci_stats.pools = found.pools


class AssignedStats(stats.PciDeviceStats):
    """Nova's stats, with an assignment where Nova's order fails."""

    def apply_requests(self, requests, provider_mapping, numa_cells=None):
        """Take the devices of all requests, or none at all.

        With NUMA cells, only as Nova does: it knows which pools are near.

        :raises nova.exception.PciDeviceRequestFailed: no assignment
        """
        before = [dict(pool) for pool in self.pools]
        try:
            super().apply_requests(requests, provider_mapping, numa_cells)
        except exception.PciDeviceRequestFailed:
            self.pools = before
            left = None if numa_cells else assigned.left(
                before, reports.NOTHING, _demand(requests, provider_mapping))
            if left is None:
                raise
            for pool, count in zip(before, left, strict=True):
                pool['count'] = count


def _demand(requests, provider_mapping):
    return demands.Demand(requests=tuple(
        map(gather.request_of, requests))).placed(provider_mapping or {})
