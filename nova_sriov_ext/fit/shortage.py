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

from collections.abc import Iterable
import dataclasses

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import pools
from nova_sriov_ext.fit import reasons
from nova_sriov_ext.fit import stock_claim
from nova_sriov_ext.report import document
from nova_sriov_ext.report import tags

# What a port may request beside its physnet, and what devices without it
# lack.
_LACKS = {
    ('dev_type', tags.PF): 'none of them a whole PF: device_spec names no PF '
                           'there, or VFs of it are in use',
    ('dev_type', tags.VDPA): 'none of them a vDPA device',
    ('remote_managed', 'true'): 'none managed by a DPU: device_spec has no '
                                '"remote_managed": "true"',
    ('trusted', 'true'): 'none trusted: device_spec has no '
                         '"trusted": "true"',
}
_LACKS_SOMETHING = 'but none as requested'


def of_request(host: pools.HostPools, demand: model.Demand,
               request: model.Request) -> reasons.Misfit:
    """Why a request cannot have what it needs.

    :param request: the one of the demand that is not served
    """
    return _judged(*_count(host, demand, request), host, demand, request)


def by_count(host: pools.HostPools, demand: model.Demand,
             request: model.Request) -> reasons.Misfit | None:
    """As of_request, where fewer devices suit than such requests need.

    :returns: None where enough suit each by itself
    """
    numbers, unsuited = _count(host, demand, request)
    return (_judged(numbers, unsuited, host, demand, request)
            if numbers.free < numbers.requested else None)


def _count(host: pools.HostPools, demand: model.Demand, request: model.Request
           ) -> tuple[reasons.Misfit, set[tuple[str, str]]]:
    """:returns: (numbers that have no reason yet, what is wrong with the
        devices that do not suit)
    """
    suited, unsuited, others = 0, set(), 0
    for index in host.serving(request):
        pool = host.pools[index]
        because = pool.unsuitable_because(request)
        if because is None:
            suited += pool.free
        elif pool.free:
            unsuited.add(because)
            others += pool.free
    return reasons.Misfit(
        reasons.TOO_FEW, request=request.name, subject=request.subject,
        unit=request.unit, requested=_requested(demand, request),
        free=suited, others=others, because=_because(unsuited, request),
        total=host.total(request.physnet) if request.is_vf else None
        ), unsuited


def _judged(numbers: reasons.Misfit, unsuited: Iterable[tuple[str, str]],
            host: pools.HostPools, demand: model.Demand,
            request: model.Request) -> reasons.Misfit:
    """With the reason that the numbers show, if they do."""
    served = numbers.free + numbers.others
    if request.rp_uuids:
        reason = reasons.NOT_PLACED
    elif not served:
        unmatched = _unmatched(host, request)
        others = sum(pool.free for pool in unmatched)
        reason = (reasons.NO_FREE if not others
                  else reasons.BANDWIDTH if request.is_tied
                  else reasons.NO_MATCH)
        numbers = dataclasses.replace(
            numbers, others=others, because=_lack(unmatched, request)
            if reason == reasons.NO_MATCH else '')
    elif served < numbers.requested:
        reason = reasons.TOO_FEW
    elif numbers.free < numbers.requested:
        reason = max(kind for kind, _ in unsuited)
    elif stock_claim.support(host, demand.requests).failed is None:
        reason = reasons.EXCLUDED
    else:
        reason = reasons.TAKEN
    return dataclasses.replace(numbers, reason=reason)


def _unmatched(host: pools.HostPools,
               request: model.Request) -> list[pools.Pool]:
    """With free devices of the physnet, none of which the request matches."""
    return [pool for pool in host.pools if pool.free and (
        not request.has_physnet or pool.is_on(request.physnet))]


def _lack(unmatched: Iterable[pools.Pool], request: model.Request) -> str:
    """What none of the devices is, where one thing decides."""
    for (key, value), words in _LACKS.items():
        if (all(tags.equal(spec.get(key), value) for spec in request.specs)
                and not any(tags.equal(pool.tags.get(key), value)
                            for pool in unmatched)):
            return words
    return _LACKS_SOMETHING


def _requested(demand: model.Demand, request: model.Request) -> int:
    """Devices of such requests, up to and with this one."""
    count = 0
    for each in demand.requests:
        if each.specs == request.specs:
            count += each.count
        if each is request:
            break
    return count


def _because(unsuited: Iterable[tuple[str, str]],
             request: model.Request) -> str:
    modes = sorted(what for kind, what in unsuited if kind == reasons.MODE)
    lags = sorted(what for kind, what in unsuited if kind == reasons.LAG)
    words = []
    if modes:
        wanted = sorted((request.modes or set()) - {document.UNKNOWN})
        words.append(
            f'{" or ".join(modes)}, {" or ".join(wanted)} requested')
    if lags:
        words.append(f'on a PF whose LAG is {" or ".join(lags)}')
    return ' and '.join(words)
