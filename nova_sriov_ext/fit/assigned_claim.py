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

"""The verdict for hosts where this project's claim assigns the devices."""

import collections
from collections.abc import Iterable
from collections.abc import Sequence

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import assignment
from nova_sriov_ext.fit import pools
from nova_sriov_ext.fit import preference
from nova_sriov_ext.fit import reasons
from nova_sriov_ext.fit import shortage
from nova_sriov_ext.fit import wanted
from nova_sriov_ext.report import states


def left(host: pools.HostPools, demand: model.Demand) -> list[int] | None:
    """:returns: the free devices that an assignment leaves of each pool; None
        where there is no assignment
    """
    wants = [want for request in demand.requests for want
             in wanted.by(request, host, host.serving(request))]
    # The other policies are wishes: which devices it is shows only in what a
    # reserve loses to others than its ports.
    taken = (choice(host, wants, demand.pf_policy)
             if demand.reserves and (demand.has_aliases
                                     or None in demand.reserves)
             else assignment.assign(
                 host, wants, model.SPREAD
                 if demand.pf_policy == model.SPREAD else None))
    if taken is None:
        return None
    counts = sum(map(collections.Counter, taken), collections.Counter())
    return [free - counts[index] for index, free in enumerate(host.free())]


def choice(host: pools.HostPools, wants: Sequence[wanted.Want],
           pf_policy: str) -> list[dict[int, int]] | None:
    """:returns: what the claim takes for a new server without NUMA nodes; as
        assignment.assign
    """
    return preference.assign(
        host, wants, pf_policy if is_policy_read(host, wants) else None,
        _is_unhealthy)


def is_policy_read(host: pools.HostPools,
                   wants: Iterable[wanted.Want]) -> bool:
    """Whether it makes a difference for a server without other VFs."""
    vfs = [want for want in wants if want.group is not None]
    count = sum(want.count for want in vfs)
    pfs = {host.pools[index].pf for want in vfs for index in want.pools}
    return bool(count) and (len(pfs) > 1 or count > 1)


def _is_unhealthy(pool: pools.Pool) -> bool:
    """Such come last."""
    return pool.lag in states.UNHEALTHY


def unassignable(host: pools.HostPools,
                 demand: model.Demand) -> reasons.Misfit:
    """Why there is no assignment: what is missing, where something is."""
    for request in demand.requests:
        found = shortage.by_count(host, demand, request)
        if found:
            return found
    return (_on_too_few_pfs(host, demand)
            or reasons.Misfit(reasons.NO_ASSIGNMENT, request=', '.join(
                request.name for request in demand.requests)))


def _on_too_few_pfs(host: pools.HostPools,
                    demand: model.Demand) -> reasons.Misfit | None:
    if demand.pf_policy != model.SPREAD:
        return None
    for physnet, requested in demand.vfs.items():
        pfs = {host.pools[index].pf for request in demand.requests
               if request.is_vf and request.physnet == physnet
               for want in wanted.by(request, host, host.serving(request))
               for index in want.pools if host.pools[index].free}
        if len(pfs) < requested:
            return reasons.same_pf(physnet, requested, len(pfs))
    return None
