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

from nova_sriov_ext.demand.model import SPREAD
from nova_sriov_ext.fit import assigned_claim
from nova_sriov_ext.fit import reasons
from nova_sriov_ext.fit import reserve
from nova_sriov_ext.fit import shortage
from nova_sriov_ext.fit import stock_claim
from nova_sriov_ext.fit import suitability
from nova_sriov_ext.fit.reasons import Misfit
from nova_sriov_ext.report import tags
from nova_sriov_ext.report.networks import PHYSNET


def refusal(pools, report, demand):
    """Tell why a host does not fit.

    :param pools: list of dicts, ``host_state.pci_stats.pools``, or None
    :param report: document.Report of the host
    :param demand: model.Demand
    :returns: reasons.Misfit, or None when every request is served
    """
    if not demand.requests:
        return None
    if demand.unread:
        return Misfit(reasons.PORTS_UNREAD)
    if not pools:
        return Misfit(reasons.NO_PCI)
    if report.claim:
        left = assigned_claim.left(pools, report, demand)
        return (assigned_claim.unassignable(pools, report, demand)
                if left is None
                else reserve.touched(pools, report, demand, left))
    return _of_nova(pools, report, demand)


def serves_plain(pools, wanted):
    """Whether :func:`misfit` finds nothing, for a Demand that is plain.

    Such requests match nothing but the VFs of their physnet, all of these,
    and take nothing from each other: then the sums decide, whoever claims.

    :param pools: list of dicts
    :param wanted: dict, model.Demand.plain
    :returns: bool
    :raises: AttributeError, KeyError, TypeError when pools are not what Nova
        makes
    """
    missing = wanted.copy()
    for pool in pools:
        count = pool['count']
        if not count:
            continue
        physnet = (pool.get(PHYSNET) or '').lower()
        if (physnet in missing and pool['dev_type'] not in tags.SPECIAL
                and pool['remote_managed'].lower() == 'false'):
            if type(count) is not int:
                raise TypeError(f'count of a pool: {count!r}')
            if count >= missing[physnet]:
                del missing[physnet]
                if not missing:
                    return True
            elif count > 0:
                missing[physnet] -= count
    return False


def _of_nova(pools, report, demand):
    """As Nova's own claim chooses."""
    if demand.has_aliases:
        # A port always asks for one device: then what the claim serves, the
        # test before it supports, too.
        walk = stock_claim.support(pools, demand.requests)
        if walk.failed:
            return shortage.of_request(pools, report, demand, walk.failed)
    walk = stock_claim.consume(pools, demand.requests)
    if walk.failed:
        return shortage.of_request(pools, report, demand, walk.failed)
    return (_unsuited(pools, report, demand, walk)
            or _on_one_pf(pools, demand, walk)
            or reserve.touched(pools, report, demand, walk.left))


def _unsuited(pools, report, demand, walk):
    for request, i, _ in walk.taken:
        if suitability.unsuitable_because(pools[i], request, report):
            found = shortage.of_request(pools, report, demand, request)
            return (found if found.free < found.asked else
                    dataclasses.replace(found, reason=reasons.CHOICE))
    return None


def _on_one_pf(pools, demand, walk):
    if demand.pf_policy != SPREAD:
        return None
    for physnet, asked in demand.vfs.items():
        pfs = {pools[i].get('address') for request, i, _ in walk.taken
               if request.is_vf and request.physnet == physnet}
        if len(pfs) < asked:
            return reasons.same_pf(physnet, asked, len(pfs))
    return None
