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

from nova_sriov_ext.demand.model import SPREAD
from nova_sriov_ext.fit import assignment
from nova_sriov_ext.fit import matching
from nova_sriov_ext.fit import reasons
from nova_sriov_ext.fit import shortage
from nova_sriov_ext.fit import suitability


def left(pools, report, demand):
    """:param pools: list of dicts, the pools of the host
    :param report: document.Report of the host
    :param demand: model.Demand
    :returns: list of int, the free devices that an assignment leaves of each
        pool; None where there is no assignment
    """
    wants = [want for request in demand.requests
             for want in _wants(pools, report, request)]
    # The other policies are wishes.
    policy = SPREAD if demand.pf_policy == SPREAD else None
    taken = assignment.assign(pools, wants, policy)
    if taken is None:
        return None
    counts = sum(map(collections.Counter, taken), collections.Counter())
    return [matching.free(pool) - counts[i] for i, pool in enumerate(pools)]


def _wants(pools, report, request):
    suiting = [i for i, pool in enumerate(pools)
               if matching.serves(pool, request)
               and not suitability.unsuitable_because(pool, request, report)]
    group = (request.physnet or '') if request.is_vf else None
    if not request.rp_uuids:
        return [assignment.Want(request.count, tuple(suiting), group)]
    # As Placement chose: so many of each resource provider.
    return [assignment.Want(count, tuple(
                i for i in suiting if pools[i].get('rp_uuid') == provider))
            for provider, count
            in collections.Counter(request.rp_uuids).items()]


def unassignable(pools, report, demand):
    """Tell why there is no assignment: what is missing, where something is.

    :returns: reasons.Misfit
    """
    for request in demand.requests:
        found = shortage.by_count(pools, report, demand, request)
        if found:
            return found
    return (_on_too_few_pfs(pools, report, demand)
            or reasons.Misfit(reasons.NO_ASSIGNMENT, request=', '.join(
                request.name for request in demand.requests)))


def _on_too_few_pfs(pools, report, demand):
    if demand.pf_policy != SPREAD:
        return None
    for physnet, asked in demand.vfs.items():
        pfs = {pools[i].get('address') for request in demand.requests
               if request.is_vf and request.physnet == physnet
               for want in _wants(pools, report, request)
               for i in want.pools if matching.free(pools[i])}
        if len(pfs) < asked:
            return reasons.same_pf(physnet, asked, len(pfs))
    return None
