"""The numbers of a refusal, for the operator who reads them."""

from nova_sriov_ext.scheduler import greedy
from nova_sriov_ext.scheduler import matching
from nova_sriov_ext.scheduler import reasons
from nova_sriov_ext.scheduler import reserve
from nova_sriov_ext.scheduler import state
from nova_sriov_ext.scheduler.demand import PHYSNET


def misfit(pools, report, demand, request):
    """Tell why a request found too few devices.

    :param pools: list of dicts, the pools of the host
    :param report: report.Report of the host
    :param demand: demand.Demand
    :param request: the demand.Request of it that was not served
    :returns: reasons.Misfit
    """
    found = numbers(pools, report, demand, request)
    reason = _reason(pools, demand, request, found)
    if reason == reasons.NO_FREE:
        found['others'] = _others(pools, request)
        reason = reasons.NO_MATCH if found['others'] else reason
    return reasons.Misfit(reason, **found)


def numbers(pools, report, demand, request):
    """:returns: dict, the fields of a reasons.Misfit except the reason"""
    found = [pool for pool in pools if matching.serves(pool, request)]
    faults = [(pool, state.fault(pool, request, report)) for pool in found]
    unsuited = [(pool, fault) for pool, fault in faults if fault]
    others = _free(pool for pool, _ in unsuited)
    return {
        'subject': request.subject,
        'unit': request.unit,
        'asked': _asked(demand, request),
        'free': _free(found) - others,
        'total': (reserve.total(report, request.physnet) if request.is_vf
                  else None),
        'others': others,
        'because': _because(
            {fault for pool, fault in unsuited if matching.free(pool)},
            request),
        'request': request.name,
    }


def _reason(pools, demand, request, found):
    if request.rp_uuids:
        return reasons.NOT_PLACED
    if found['free'] + found['others'] < found['asked']:
        return (reasons.TOO_FEW if found['free'] + found['others']
                else reasons.NO_FREE)
    if greedy.test(pools, demand.requests).failed is None:
        return reasons.EXCLUDED
    return reasons.TAKEN


def _others(pools, request):
    """Free devices of the physnet that the request does not match."""
    return _free(pool for pool in pools
                 if not request.has_physnet
                 or matching.equal(pool.get(PHYSNET), request.physnet))


def _asked(demand, request):
    """Devices asked by such requests, up to and with this one."""
    asked = 0
    for each in demand.requests:
        if each.specs == request.specs:
            asked += each.count
        if each is request:
            break
    return asked


def _because(faults, request):
    words = []
    modes = sorted(what for reason, what in faults if reason == reasons.MODE)
    lags = sorted(what for reason, what in faults if reason == reasons.LAG)
    if modes:
        wanted = sorted(request.modes - {state.reports.UNKNOWN})
        words.append(f'{" or ".join(modes)}, {" or ".join(wanted)} asked')
    if lags:
        words.append(f'on a PF whose LAG is {" or ".join(lags)}')
    return ' and '.join(words)


def _free(pools):
    return sum(map(matching.free, pools))
