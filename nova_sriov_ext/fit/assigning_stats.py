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

from __future__ import annotations

import abc
import collections
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import sys
from typing import TYPE_CHECKING

from nova.pci import stats

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import assigned_claim
from nova_sriov_ext.fit import flow
from nova_sriov_ext.fit import pools
from nova_sriov_ext.fit import preference
from nova_sriov_ext.fit import reasons
from nova_sriov_ext.fit import reserve
from nova_sriov_ext.fit import wanted
from nova_sriov_ext.report import document
from nova_sriov_ext.report import states
from nova_sriov_ext.report import tags

if TYPE_CHECKING:
    from nova import objects


class AssigningStats(stats.PciDeviceStats, abc.ABC):
    """Which pools may serve a request, Nova's own code says; which of them
    do, is chosen for all requests of a server together.

    :param stock: whose pools to go on with
    :param report: gives the report of this host
    """

    def __init__(self, stock: stats.PciDeviceStats,
                 report: Callable[[], document.Report]) -> None:
        super().__init__(stock.numa_topology, dev_filter=stock.dev_filter)
        self.pools = stock.pools
        self._report = report
        # The reserve that the last assignment would have touched.
        self._touched: reasons.Misfit | None = None

    @abc.abstractmethod
    def _server_of(
            self,
            requests: Sequence[objects.InstancePCIRequest]) -> Server:
        """Whose requests they are."""

    def parsed(self) -> pools.HostPools:
        """What Nova holds now, in the order of its list."""
        return pools.HostPools.of(self.pools, self._report())

    def support_requests(
            self, requests: Sequence[objects.InstancePCIRequest],
            provider_mapping: model.Mappings | None,
            numa_cells: Sequence[objects.InstanceNUMACell] | None = None
            ) -> bool:
        return self._assign(
            requests, provider_mapping, numa_cells) is not None

    def _assign(self, requests: Sequence[objects.InstancePCIRequest],
                provider_mapping: model.Mappings | None,
                numa_cells: Sequence[objects.InstanceNUMACell] | None
                ) -> list[tuple[objects.InstancePCIRequest, int, int]] | None:
        """:returns: (request, index of a pool, count) of each pool that is
            taken from; None without an assignment
        """
        server, host = self._server_of(requests), self.parsed()
        owners, wants = [], []
        known: list[model.Request] = []
        for request in requests:
            tied = server.tied(request, provider_mapping, host)
            rp_uuids = self._get_rp_uuids_for_request(
                provider_mapping=provider_mapping, request=tied)
            accepted = self._accepted(tied, numa_cells, rp_uuids)
            found = _suited(server, host, tied, accepted)
            known += [found] if found else []
            for want in (wanted.by(dataclasses.replace(
                             found, rp_uuids=tuple(rp_uuids)), host, accepted)
                         if found else [wanted.Want(request.count, ())]):
                owners.append(request)
                wants.append(want)
        taken = preference.assign(
            host, wants, _policy(server, host, wants),
            _rank(numa_cells or ()), server.held)
        self._touched = None if taken is None else _reserved(
            server, host, known, taken)
        if taken is None or self._touched:
            return None
        return [(request, index, count)
                for request, counts in zip(owners, taken, strict=True)
                for index, count in counts.items()]

    def _unassignable(
            self, requests: Sequence[objects.InstancePCIRequest],
            numa_cells: Sequence[objects.InstanceNUMACell] | None
            ) -> reasons.Misfit:
        """Why there is no assignment."""
        server, host = self._server_of(requests), self.parsed()
        near: set[int] = set()
        found = []
        for request in requests:
            accepted = self._accepted(request, numa_cells, None)
            near.update(accepted)
            tied = server.tied(request, None, host)
            found.append(_suited(server, host, tied, accepted))
        known = tuple(request for request in found if request)
        if len(known) < len(found):
            return reasons.Misfit(reasons.PORTS_UNREAD)
        return assigned_claim.unassignable(
            host.only(sorted(near)), model.Demand(
                requests=known,
                pf_policy=server.pf_policy or model.PACK).placed({}))

    def _accepted(self, request: objects.InstancePCIRequest,
                  numa_cells: Sequence[objects.InstanceNUMACell] | None,
                  rp_uuids: list[str] | None) -> tuple[int, ...]:
        """Where Nova may take a device for the request from, whatever it
        takes for the others.

        Nova lets a request have what is farther away only when too little is
        left near by, so it depends on the requests before. Given a count that
        no host has, its filter shows how far the request may go.

        :returns: indices
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


class Server:
    """What an assignment respects beside the requests; here: nothing.

    :ivar held: (physnet, PF's address) of the VFs that the server has on the
        host already
    :ivar pf_policy: one of model.PF_POLICIES, None for Nova's order
    :ivar lag_policy: one of model.LAG_POLICIES, None to ignore LAGs
    :ivar returned: as reserve.touched has it
    """

    held: frozenset[tuple[str, str]] = frozenset()
    pf_policy: str | None = None
    lag_policy: str | None = None
    returned: Collection[pools.Pool] = ()

    def reserves(self, requests: Collection[model.Request]
                 ) -> dict[str | None, str]:
        """:returns: as Demand.reserves"""
        return {}

    def tied(self, request: objects.InstancePCIRequest,
             provider_mapping: model.Mappings | None,
             host: pools.HostPools) -> objects.InstancePCIRequest:
        """:returns: the same, or a copy that matches the VFs only of the PF
            that has the port's minimum bandwidth
        """
        return request

    def suited(self, request: model.Request,
               mixed: bool) -> model.Request | None:
        """:param request: for any eswitch mode
        :param mixed: whether the host has VFs of both modes for it
        :returns: the request with the modes that suit it; None where nothing
            may be taken, because its modes cannot be known
        """
        return request


def _suited(server: Server, host: pools.HostPools,
            request: objects.InstancePCIRequest,
            accepted: Collection[int]) -> model.Request | None:
    """:param accepted: indices of the pools that Nova accepts
    :returns: None as Server.suited
    """
    # The flavor is read only where a LAG is not healthy.
    is_healthy = states.UNHEALTHY.isdisjoint(
        host.pools[index].lag for index in accepted)
    found = model.request_of(
        request, None if is_healthy else server.lag_policy)
    modes = {row.mode for row in host.report.rows
             if tags.equal(row.physnet, found.physnet)}
    modes.update(host.pools[index].mode for index in accepted)
    is_mixed = found.is_plain_vf and {
        states.LEGACY, states.SWITCHDEV} <= modes
    return server.suited(found, is_mixed)


def _policy(server: Server, host: pools.HostPools,
            wants: Sequence[wanted.Want]) -> str | None:
    """The flavor is read only where there is a choice."""
    is_read = assigned_claim.is_policy_read(host, wants) or (
        server.held and any(want.group is not None and want.count
                            for want in wants))
    return server.pf_policy if is_read else None


def _reserved(server: Server, host: pools.HostPools,
              requests: Sequence[model.Request],
              taken: Iterable[Mapping[int, int]]) -> reasons.Misfit | None:
    """:param taken: index of a pool → devices
    :returns: None where no reserve is touched
    """
    reserves = server.reserves(requests)
    if not reserves:
        return None
    counts: collections.Counter[int] = collections.Counter()
    for one in taken:
        counts.update(one)
    return reserve.touched(
        host, model.Demand(requests=tuple(requests), reserves=reserves),
        (free - counts[index] for index, free in enumerate(host.free())),
        server.returned)


def _rank(numa_cells: Iterable[objects.InstanceNUMACell]) -> flow.Rank:
    """:returns: the guest's NUMA nodes first, then pools without one; healthy
        LAGs first
    """
    near = {cell.id: 0 for cell in numa_cells}
    if near:
        near[None] = 1

    def rank(pool: pools.Pool) -> tuple[int, bool]:
        return (near.get(pool.tags.get('numa_node'), 2),
                pool.lag in states.UNHEALTHY)
    return rank


def _insatiable(
        request: objects.InstancePCIRequest) -> objects.InstancePCIRequest:
    clone = request.obj_clone()
    clone.count = sys.maxsize
    return clone
