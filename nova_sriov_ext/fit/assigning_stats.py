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

"""Nova's pools of a host, with an assignment for a choice.

On a compute host whose claim is this project's, and in the scheduler for its
record of such a host: what one accepts, the other does.
"""

import abc
import collections
import sys

from nova.pci import stats

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import assignment
from nova_sriov_ext.fit import preference
from nova_sriov_ext.fit import reserve
from nova_sriov_ext.fit import suitability
from nova_sriov_ext.report import states
from nova_sriov_ext.report import tags


class AssigningStats(stats.PciDeviceStats, abc.ABC):
    """Which pools may serve a request, Nova's own code says; which of them
    do, is chosen for all requests of a server together.

    :param stock: nova.pci.stats.PciDeviceStats whose pools to go on with
    :param report: function, gives the document.Report of this host
    """

    def __init__(self, stock, report):
        super().__init__(stock.numa_topology, dev_filter=stock.dev_filter)
        self.pools = stock.pools
        self._report = report
        # The reserve that the last assignment would have touched.
        self._touched = None

    @abc.abstractmethod
    def _server_of(self, requests):
        """:param requests: list of nova.objects.InstancePCIRequest
        :returns: Server
        """

    def support_requests(self, requests, provider_mapping, numa_cells=None):
        return self._assign(
            requests, provider_mapping, numa_cells) is not None

    def _assign(self, requests, provider_mapping, numa_cells):
        """:returns: list of (request, index of a pool, count), or None"""
        server = self._server_of(requests)
        owners, wants, asked = [], [], []
        for request in requests:
            tied = server.tied(
                request, provider_mapping, self.pools, self._report())
            for want in self._wants(
                    server, tied, provider_mapping, numa_cells, asked):
                owners.append(request)
                wants.append(want)
        taken = preference.assign(
            self.pools, wants, self._policy(server, wants),
            self._rank(numa_cells), server.held)
        self._touched = taken and self._reserved(server, asked, taken)
        if taken is None or self._touched:
            return None
        return [(request, index, count)
                for request, counts in zip(owners, taken, strict=True)
                for index, count in counts.items()]

    def _policy(self, server, wants):
        """The flavor is asked only where there is a choice."""
        pfs = {self.pools[index]['address'] for want in wants
               if want.group is not None for index in want.pools}
        vfs = sum(want.count for want in wants if want.group is not None)
        return server.pf_policy if vfs and (
            len(pfs) > 1 or vfs > 1 or server.held) else None

    def _reserved(self, server, asked, taken):
        """:param asked: list of model.Request
        :param taken: list of dicts, index of a pool → devices
        :returns: reasons.Misfit, None where no reserve is touched
        """
        reserves = server.reserves(asked)
        if not reserves:
            return None
        counts = sum(map(collections.Counter, taken), collections.Counter())
        return reserve.touched(
            self.pools, self._report(),
            model.Demand(requests=tuple(asked), reserves=reserves),
            (pool['count'] - counts[index]
             for index, pool in enumerate(self.pools)), server.returned)

    def _wants(self, server, request, provider_mapping, numa_cells, known):
        """:param known: list that gets the model.Request, where it can be
            known
        """
        rp_uuids = self._get_rp_uuids_for_request(
            provider_mapping=provider_mapping, request=request)
        pools = self._acceptable(request, numa_cells, rp_uuids)
        asked = self._asked(server, request, pools)
        known += filter(None, [asked])
        pools, preferred = self._suiting(pools, asked) if asked else ((), ())
        group = (asked.physnet or '') if asked and asked.is_vf else None
        if not rp_uuids:
            return [assignment.Want(request.count, pools, group, preferred)]
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

    def _lag_policy(self, server, pools):
        """The flavor is asked only where a LAG is not healthy."""
        report = self._report()
        found = {suitability.lag_of(self.pools[index], report)
                 for index in pools}
        return server.lag_policy if found & states.UNHEALTHY else None

    def _asked(self, server, request, pools):
        """:param pools: indices of those that Nova accepts
        :returns: model.Request, None as Server.suited
        """
        asked = model.request_of(request, self._lag_policy(server, pools))
        return server.suited(
            asked, self._is_mixed(pools, asked, self._report()))

    def _suiting(self, pools, asked):
        """Leave out VFs of the wrong eswitch mode and those of LAGs that the
        flavor refuses.

        :returns: tuple of indices, and of those of them that are preferred
        """
        report = self._report()
        found = tuple(
            index for index in pools if not suitability.unsuitable_because(
                self.pools[index], asked, report))
        return found, tuple(
            index for index in found if asked.preferred and asked.preferred
            == suitability.mode_of(self.pools[index], report))

    def _is_mixed(self, pools, asked, report):
        modes = {row.mode for row in report.rows
                 if tags.equal(row.physnet, asked.physnet)}
        modes.update(suitability.mode_of(self.pools[i], report) for i in pools)
        both = {states.LEGACY, states.SWITCHDEV}
        return asked.is_plain_vf and both <= modes

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
                    suitability.lag_of(pool, report) in states.UNHEALTHY)
        return rank


class Server:
    """What an assignment respects beside the requests; here: nothing.

    :ivar held: frozenset of (physnet, PF's address) of the VFs that the
        server has on the host already
    :ivar pf_policy: one of model.PF_POLICIES, None for Nova's order
    :ivar lag_policy: one of model.LAG_POLICIES, None to ignore LAGs
    :ivar returned: as reserve.touched has it
    """

    held = frozenset()
    pf_policy = None
    lag_policy = None
    returned = ()

    def reserves(self, requests):
        """:param requests: list of model.Request
        :returns: dict, as Demand.reserves
        """
        return {}

    def tied(self, request, provider_mapping, pools, report):
        """:param request: nova.objects.InstancePCIRequest
        :returns: the same, or a copy that matches the VFs only of the PF that
            has the port's minimum bandwidth
        """
        return request

    def suited(self, asked, mixed):
        """:param asked: model.Request, for any eswitch mode
        :param mixed: whether the host has VFs of both modes for it
        :returns: model.Request with the modes that suit it; None where
            nothing may be taken, because its modes cannot be known
        """
        return asked


def _insatiable(request):
    clone = request.obj_clone()
    clone.count = sys.maxsize
    return clone
