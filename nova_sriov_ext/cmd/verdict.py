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

"""What the scheduler would make of each host for a request."""

from __future__ import annotations

from collections.abc import Iterable
import dataclasses
import operator

from nova import objects
from nova import servicegroup
from nova.scheduler import host_manager

from nova_sriov_ext.cmd import cells
from nova_sriov_ext.cmd import search
from nova_sriov_ext.demand import gather
from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import reasons
from nova_sriov_ext.fit import shortage
from nova_sriov_ext.scheduler import filters
from nova_sriov_ext.scheduler import host_pools

PASSES = 'passes'
REFUSED = 'refused'
NOT_RETURNED = 'not returned'
DISABLED = 'disabled'
DOWN = 'down'


@dataclasses.dataclass(frozen=True)
class Verdict:
    """:ivar cell: name of its cell
    :ivar verdict: PASSES, REFUSED by the filter for its devices, NOT_RETURNED
        by Placement though it would pass, or DISABLED or DOWN: Nova takes no
        servers there, whatever the devices
    """

    host: str
    cell: str
    verdict: str
    reason: str


def of(hosts: Iterable[cells.ComputeHost], spec: objects.RequestSpec,
       searched: search.Search = search.NONE) -> list[Verdict]:
    """Judge hosts.

    :param searched: what Placement searches for, for the same request
    :returns: by host
    """
    demand = gather.of_spec(spec)
    api = servicegroup.API()
    return sorted((_of_host(host, demand, api, searched.shortage(host.node))
                   for host in hosts),
                  key=operator.attrgetter('host', 'cell'))


def _of_host(host: cells.ComputeHost, demand: model.Demand,
             api: servicegroup.API, shortage: str | None) -> Verdict:
    state = host_manager.HostState(
        host.node.host, host.node.hypervisor_hostname, host.cell.uuid)
    state.update(compute=host.node)
    misfit = filters.judge(state, demand)
    devices = str(misfit or _found(state, demand))
    verdict, trouble = of_service(host.cell, host.service, api)
    if not trouble and (misfit or shortage):
        verdict = REFUSED if misfit else NOT_RETURNED
    return Verdict(host.node.host, host.cell_name, verdict, '; '.join(
        filter(None, (trouble, shortage, devices))))


def of_service(cell: objects.CellMapping, service: objects.Service | None,
               api: servicegroup.API) -> tuple[str, str | None]:
    """As Nova's ComputeFilter sees it, and the host manager the cells.

    :returns: verdict, what is wrong
    """
    if cell.disabled:
        return DISABLED, 'its cell is disabled'
    if service is None:
        return DOWN, 'there is no nova-compute service of that name'
    if service.disabled:
        why = service.disabled_reason or 'no reason given'
        return DISABLED, f'nova-compute is disabled ({why})'
    if not api.service_is_up(service):
        seen = service.last_seen_up or 'never'
        return DOWN, f'nova-compute is down (last seen: {seen})'
    return PASSES, None


def _found(state: host_manager.HostState, demand: model.Demand) -> str:
    """What a host that passes has, in the words of a refusal, e.g.
    ``physnet2: 2 VFs requested, 5 free of 16``."""
    found = host_pools.of_host(state)
    # As a refusal counts: the last of equal requests has the sum of all.
    last = {str(request.specs): request for request in demand.requests}
    return '; '.join(
        _words(shortage.of_request(found, demand, request))
        for request in last.values()) or 'no SR-IOV device requested'


def _words(numbers: reasons.Misfit) -> str:
    of = '' if numbers.total is None else f' of {numbers.total}'
    return (f'{numbers.subject}: {numbers.counted()} '
            f'requested, {numbers.free} free{of}')
