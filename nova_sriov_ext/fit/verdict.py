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

"""Does a host's free capacity serve a server? Pure arithmetic, no I/O.

With Nova's own claim the verdict is what that claim does: which devices it
takes is settled (stock_claim.py), and they have to suit. Where the host says
that this project's claim is active, the verdict is whether an assignment
exists.
"""

import dataclasses

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import assigned_claim
from nova_sriov_ext.fit import pools
from nova_sriov_ext.fit import reasons
from nova_sriov_ext.fit import reserve
from nova_sriov_ext.fit import shortage
from nova_sriov_ext.fit import stock_claim


def refusal(host: pools.HostPools,
            demand: model.Demand) -> reasons.Misfit | None:
    """Why a host does not fit.

    :returns: None when every request is served
    """
    if not demand.requests:
        return None
    if demand.unread:
        return reasons.Misfit(reasons.PORTS_UNREAD)
    if not host.pools:
        return reasons.Misfit(reasons.NO_PCI)
    if host.report.claim:
        left = assigned_claim.left(host, demand)
        return (assigned_claim.unassignable(host, demand) if left is None
                else reserve.touched(host, demand, left))
    return _of_nova(host, demand)


def _of_nova(host: pools.HostPools,
             demand: model.Demand) -> reasons.Misfit | None:
    """As Nova's own claim chooses."""
    if demand.has_aliases:
        # A port always requests one device: then what the claim serves, the
        # test before it supports, too.
        tested = stock_claim.support(host, demand.requests)
        if tested.failed:
            return shortage.of_request(host, demand, tested.failed)
    claimed = stock_claim.consume(host, demand.requests)
    if claimed.failed:
        return shortage.of_request(host, demand, claimed.failed)
    return (_unsuited(host, demand, claimed)
            or _on_one_pf(host, demand, claimed)
            or reserve.touched(host, demand, claimed.left))


def _unsuited(host: pools.HostPools, demand: model.Demand,
              claimed: stock_claim.Outcome) -> reasons.Misfit | None:
    for request, index, _ in claimed.taken:
        if host.pools[index].unsuitable_because(request):
            found = shortage.of_request(host, demand, request)
            return (found if found.free < found.requested else
                    dataclasses.replace(found, reason=reasons.CHOICE))
    return None


def _on_one_pf(host: pools.HostPools, demand: model.Demand,
               claimed: stock_claim.Outcome) -> reasons.Misfit | None:
    if demand.pf_policy != model.SPREAD:
        return None
    for physnet, requested in demand.vfs.items():
        pfs = {host.pools[index].pf for request, index, _ in claimed.taken
               if request.is_vf and request.physnet == physnet}
        if len(pfs) < requested:
            return reasons.same_pf(physnet, requested, len(pfs))
    return None
