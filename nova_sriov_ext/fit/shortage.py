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

"""The numbers of a refusal, for the operator who reads them."""

import dataclasses

from nova_sriov_ext.fit import matching
from nova_sriov_ext.fit import reasons
from nova_sriov_ext.fit import reserve
from nova_sriov_ext.fit import stock_claim
from nova_sriov_ext.fit import suitability
from nova_sriov_ext.report import document
from nova_sriov_ext.report import tags
from nova_sriov_ext.report.networks import PHYSNET


def of_request(pools, report, demand, request):
    """Tell why a request cannot have what it asks.

    :param pools: list of dicts, the pools of the host
    :param report: document.Report of the host
    :param demand: model.Demand
    :param request: the model.Request of it that is not served
    :returns: reasons.Misfit
    """
    return _judged(*_count(pools, report, demand, request),
                   pools, demand, request)


def by_count(pools, report, demand, request):
    """As misfit, where fewer devices suit than such requests ask.

    :returns: reasons.Misfit, None where enough suit each by itself
    """
    numbers, unsuited = _count(pools, report, demand, request)
    return (_judged(numbers, unsuited, pools, demand, request)
            if numbers.free < numbers.asked else None)


def _count(pools, report, demand, request):
    """:returns: (reasons.Misfit that has no reason yet, set of what is wrong
        with the devices that do not suit)
    """
    found = [pool for pool in pools if matching.serves(pool, request)]
    faults = [suitability.unsuitable_because(pool, request, report) for pool
              in found]
    unsuited = {fault for pool, fault in zip(found, faults, strict=True)
                if fault and matching.free(pool)}
    others = _free(pool for pool, fault in zip(found, faults, strict=True)
                   if fault)
    return reasons.Misfit(
        reasons.TOO_FEW, request=request.name, subject=request.subject,
        unit=request.unit, asked=_requested(demand, request),
        free=_free(found) - others, others=others,
        because=_because(unsuited, request),
        total=reserve.total(report, request.physnet) if request.is_vf
        else None), unsuited


def _judged(numbers, unsuited, pools, demand, request):
    """With the reason that the numbers show, if they do."""
    served = numbers.free + numbers.others
    if request.rp_uuids:
        reason = reasons.NOT_PLACED
    elif not served:
        others = _others(pools, request)
        reason = (reasons.NO_FREE if not others
                  else reasons.BANDWIDTH if request.is_tied
                  else reasons.NO_MATCH)
        numbers = dataclasses.replace(numbers, others=others)
    elif served < numbers.asked:
        reason = reasons.TOO_FEW
    elif numbers.free < numbers.asked:
        reason = max(kind for kind, _ in unsuited)
    elif stock_claim.support(pools, demand.requests).failed is None:
        reason = reasons.EXCLUDED
    else:
        reason = reasons.TAKEN
    return dataclasses.replace(numbers, reason=reason)


def _others(pools, request):
    """Free devices of the physnet that the request does not match."""
    return _free(pool for pool in pools
                 if not request.has_physnet
                 or tags.equal(pool.get(PHYSNET), request.physnet))


def _requested(demand, request):
    """Devices asked by such requests, up to and with this one."""
    asked = 0
    for each in demand.requests:
        if each.specs == request.specs:
            asked += each.count
        if each is request:
            break
    return asked


def _because(unsuited, request):
    modes = sorted(what for kind, what in unsuited if kind == reasons.MODE)
    lags = sorted(what for kind, what in unsuited if kind == reasons.LAG)
    words = []
    if modes:
        wanted = sorted(request.modes - {document.UNKNOWN})
        words.append(f'{" or ".join(modes)}, {" or ".join(wanted)} asked')
    if lags:
        words.append(f'on a PF whose LAG is {" or ".join(lags)}')
    return ' and '.join(words)


def _free(pools):
    return sum(map(matching.free, pools))
