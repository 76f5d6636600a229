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

"""The VFs allocated on a provider, consumer by consumer."""

from __future__ import annotations

import collections
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import NotRequired
from typing import TypedDict
from typing import TypeVar

from nova import objects

from nova_sriov_ext.placement import names

# A command imports this before Nova has chosen its threads.
if TYPE_CHECKING:
    from nova import context as nova_context
    from nova.scheduler.client import report

_T = TypeVar('_T')

# Resource class → amount.
Resources = dict[str, int]


class Allocation(TypedDict):
    """Of one consumer on one provider."""

    resources: Resources
    generation: NotRequired[int]


class Payload(TypedDict):
    """The allocations of a consumer, as Placement gives and takes them.

    :ivar allocations: by the uuid of the provider
    """

    allocations: dict[str, Allocation]
    project_id: str
    user_id: str
    consumer_generation: int | None


def of_provider(client: report.SchedulerReportClient,
                context: nova_context.RequestContext,
                provider: str) -> dict[str, Resources]:
    """:param provider: uuid
    :returns: uuid of a consumer → its VFs
    :raises ResourceProviderAllocationRetrievalFailed: Placement refuses
    """
    info = client.get_allocations_for_resource_provider(context, provider)
    found = {consumer: vfs_only(allocation['resources'])
             for consumer, allocation in info.allocations.items()}
    return {consumer: vfs for consumer, vfs in found.items() if vfs}


def vfs_only(resources: Mapping[str, _T]) -> dict[str, _T]:
    """Only what is of the resource classes of VFs."""
    return {name: value for name, value in resources.items()
            if names.counts_vfs(name)}


def replaced(payload: Payload, provider: str,
             resources: Resources) -> Payload:
    """With other resources of one provider.

    Placement refuses a provider without resources (its JSON schema says
    minProperties 1); a consumer without providers it forgets, since 1.28.

    :param resources: those of 0 are left out
    """
    changed = {uuid: allocation for uuid, allocation
               in payload['allocations'].items() if uuid != provider}
    left = {name: amount for name, amount in resources.items() if amount}
    if left:
        changed[provider] = {'resources': left}
    return {**payload, 'allocations': changed}


def by_server(
        context: nova_context.RequestContext,
        allocations: Mapping[str, Resources],
) -> dict[str, collections.Counter[str]]:
    """Count to a server what its migration holds for it.

    During a move Nova lets the migration's uuid consume what the server has
    on the source (nova/conductor/tasks/migrate.py), while the PCI tracker
    there goes on to name the server.

    :param allocations: as of_provider returns them
    :returns: by resource class; of each how many VFs a server has, by its
        uuid
    """
    migrations = objects.MigrationList.get_by_filters(
        context, {'uuid': list(allocations)}) if allocations else ()
    servers = {m.uuid: m.instance_uuid for m in migrations}
    found = collections.defaultdict[str, collections.Counter[str]](
        collections.Counter)
    for consumer, allocation in allocations.items():
        for name, count in allocation.items():
            found[name][servers.get(consumer, consumer)] += count
    return found
