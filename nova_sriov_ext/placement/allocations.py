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

import collections

from nova import objects

from nova_sriov_ext.placement import names


def of_provider(client, context, provider):
    """:param client: nova.scheduler.client.report.SchedulerReportClient
    :param provider: uuid
    :returns: dict, uuid of a consumer → dict, resource class → VFs
    :raises ResourceProviderAllocationRetrievalFailed: Placement refuses
    """
    info = client.get_allocations_for_resource_provider(context, provider)
    found = {consumer: vfs_only(allocation['resources'])
             for consumer, allocation in info.allocations.items()}
    return {consumer: vfs for consumer, vfs in found.items() if vfs}


def vfs_only(resources):
    """:param resources: dict by resource class
    :returns: dict, those of it that are classes of VFs
    """
    return {name: value for name, value in resources.items()
            if names.is_vf_class(name)}


def replaced(payload, provider, resources):
    """With other resources of one provider.

    Placement refuses a provider without resources (its JSON schema says
    minProperties 1); a consumer without providers it forgets, since 1.28.

    :param payload: dict, the allocations of a consumer as Placement gives
        them
    :param resources: dict by resource class; those of 0 are left out
    :returns: dict, for a PUT
    """
    rest = {uuid: allocation for uuid, allocation
            in payload['allocations'].items() if uuid != provider}
    left = {name: amount for name, amount in resources.items() if amount}
    mine = {provider: {'resources': left}} if left else {}
    return {**payload, 'allocations': {**rest, **mine}}


def by_server(context, allocations):
    """Count to a server what its migration holds for it.

    During a move Nova lets the migration's uuid consume what the server has
    on the source (nova/conductor/tasks/migrate.py), while the PCI tracker
    there goes on to name the server.

    :param allocations: dict, as of_provider returns it
    :returns: dict, resource class → Counter, uuid of a server → VFs
    """
    migrations = objects.MigrationList.get_by_filters(
        context, {'uuid': list(allocations)}) if allocations else ()
    servers = {m.uuid: m.instance_uuid for m in migrations}
    found = collections.defaultdict(collections.Counter)
    for consumer, allocation in allocations.items():
        for name, count in allocation.items():
            found[name][servers.get(consumer, consumer)] += count
    return found
