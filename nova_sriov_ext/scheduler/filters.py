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

"""The scheduler filter ``SriovCapacityFilter``."""

from __future__ import annotations

import collections
from collections.abc import Iterable
from collections.abc import Mapping
from typing import TYPE_CHECKING

from nova.scheduler import filters
from nova.scheduler import utils
from oslo_log import log as logging

from nova_sriov_ext.demand import gather
from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import pools
from nova_sriov_ext.fit import reasons
from nova_sriov_ext.fit import verdict
from nova_sriov_ext.scheduler import bandwidth_tie
from nova_sriov_ext.scheduler import consume
from nova_sriov_ext.scheduler import host_pools
from nova_sriov_ext.scheduler import host_records
from nova_sriov_ext.scheduler import host_sums
from nova_sriov_ext.scheduler import placement_search
from nova_sriov_ext.scheduler import requesters
from nova_sriov_ext.scheduler import vf_allocations

if TYPE_CHECKING:
    from nova import objects
    from nova.scheduler import host_manager

LOG = logging.getLogger(__name__)

# A host, and one of the constants of reasons.
Refused = tuple['host_manager.HostState', str]


class SriovCapacityFilter(filters.BaseHostFilter):
    """Passes hosts where every SR-IOV port gets a VF that suits it.

    It never raises: an exception in a filter fails every request of the
    cloud. A host that cannot be judged is passed on; the claim on that host
    has the last word anyway.
    """

    # A rebuild stays on its host and keeps its VFs.
    RUN_ON_REBUILD = False

    def __init__(self) -> None:
        super().__init__()
        # nova-scheduler makes its filters before its records of hosts.
        host_records.install()
        placement_search.install()

    def filter_all(self, filter_obj_list: Iterable[host_manager.HostState],
                   spec_obj: objects.RequestSpec
                   ) -> list[host_manager.HostState]:
        """Judge all hosts of a request.

        :returns: those that pass
        """
        hosts = list(filter_obj_list)
        try:
            if utils.request_is_rebuild(spec_obj):
                return hosts
            requesters.remember(None, spec_obj)
            demand = gather.of_spec(spec_obj)
            quick = host_sums.HostSums(demand)
        except Exception:
            LOG.exception('What %s requests could not be read; passing '
                          'every host on', spec_obj)
            return hosts
        if not demand.requests:
            return hosts
        passed, refused = _sort(hosts, demand, quick)
        if demand.plain is None:
            _adapt(passed)
        _add_vfs(passed, vf_allocations.resources(demand))
        if LOG.isEnabledFor(logging.DEBUG):
            _log_each(refused, demand)
        if refused and not passed:
            _log_all(refused, demand, spec_obj)
        return passed


def _sort(hosts: Iterable[host_manager.HostState], demand: model.Demand,
          quick: host_sums.HostSums
          ) -> tuple[list[host_manager.HostState], list[Refused]]:
    passed: list[host_manager.HostState] = []
    refused: list[Refused] = []
    for host in hosts:
        reason = _reason(host, demand, quick)
        if reason is None:
            passed.append(host)
        else:
            refused.append((host, reason))
    return passed, refused


def judge(host_state: host_manager.HostState,
          demand: model.Demand) -> reasons.Misfit | None:
    """Why a host is refused.

    :param host_state: of its allocation candidates those that fit are kept,
        where any does
    :returns: None for a host that passes
    """
    try:
        return _judge(host_state, host_pools.of_host(host_state), demand)
    except Exception:
        LOG.exception('Host %s cannot be judged; passing it on',
                      _name(host_state))
        return None


def _judge(host_state: host_manager.HostState, host: pools.HostPools,
           demand: model.Demand) -> reasons.Misfit | None:
    demand = demand.on(host_state.instances)
    if not demand.is_placed:
        return verdict.refusal(host, demand)
    # What Placement chose differs between candidates.
    found = host_state.allocation_candidates or [{'mappings': {}}]
    tags = (bandwidth_tie.tags(host_state, host)
            if demand.has_bandwidth else {})
    misfits = [verdict.refusal(host, bandwidth_tie.tied(
        demand.placed(one['mappings']), one['mappings'], tags,
        host.report.claim)) for one in found]
    if None not in misfits:
        return misfits[0]
    if host_state.allocation_candidates:
        host_state.allocation_candidates = [
            one for one, why in zip(found, misfits, strict=True)
            if why is None]
    return None


def _reason(host: host_manager.HostState, demand: model.Demand,
            quick: host_sums.HostSums) -> str | None:
    """:returns: that of :func:`judge`, at less cost where sums tell it"""
    try:
        return quick.reason(host)
    except Exception:
        # What is odd about its pools, or that there are none, is judge's
        # business.
        misfit = judge(host, demand)
        return misfit.reason if misfit else None


def _adapt(hosts: Iterable[host_manager.HostState]) -> None:
    for host in hosts:
        try:
            consume.adapt(host)
        except Exception:
            # Of pools that Nova would not make, nor can it take devices.
            LOG.warning('The scheduler may be unable to keep count of host '
                        '%s', _name(host), exc_info=True)


def _add_vfs(hosts: Iterable[host_manager.HostState],
             vfs: Mapping[str, int]) -> None:
    for host in hosts if vfs else ():
        try:
            vf_allocations.add_vfs(host, vfs)
        except Exception:
            LOG.exception('VFs of host %s will not be claimed in Placement',
                          _name(host))


def _log_each(refused: Iterable[Refused], demand: model.Demand) -> None:
    for host, _ in refused:
        misfit = judge(host, demand)
        if misfit:
            LOG.debug('Host %s refused: %s: %s', _name(host), misfit.reason,
                      misfit)


def _log_all(refused: Iterable[Refused], demand: model.Demand,
             spec_obj: objects.RequestSpec) -> None:
    """What refused how many hosts, and an example of each."""
    counts = collections.Counter(reason for _, reason in refused)
    examples = {reason: host for host, reason in refused}
    found = '; '.join(
        f'{reason} on {count} host(s), e.g. {_name(examples[reason])}: '
        f'{judge(examples[reason], demand)}'
        for reason, count in counts.most_common())
    LOG.info('No host has the SR-IOV devices of server %s: %s',
             _server(spec_obj), found)


def _server(spec_obj: objects.RequestSpec) -> object:
    return (spec_obj.instance_uuid if 'instance_uuid' in spec_obj
            else 'unknown')


def _name(host: host_manager.HostState) -> object:
    return getattr(host, 'host', host)
