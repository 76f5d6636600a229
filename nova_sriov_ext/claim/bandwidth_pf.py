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

"""The PF that a port's VF has to be of: that of its minimum bandwidth.

Nova writes its netdev into the port's request before a claim, where the
request group has the port's id, and leaves it there: on the next move it is
the source's, unless Nova writes it again. So a claim goes by what was learned
here for it, and by nothing that stands in the request.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import functools
import weakref

from nova import context as nova_context
from nova import objects
import nova.conf
from nova.network import neutron
from nova.scheduler import utils as scheduler_utils
from nova.scheduler.client import report as report_client
from oslo_log import log as logging

from nova_sriov_ext import conf
from nova_sriov_ext.demand import bandwidth
from nova_sriov_ext.demand import bandwidth_groups
from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import pools
from nova_sriov_ext.report import tags

CONF = conf.register(nova.conf.CONF)
LOG = logging.getLogger(__name__)

# Nova's ``update_pci_request_with_placement_allocations``.
Update = Callable[..., None]

# InstancePCIRequest → netdev of the PF. A claim gets the very objects that
# Nova updates before it. Nothing of it gets into a database: stock Nova would
# demand it of the next host, too.
_netdevs: weakref.WeakKeyDictionary[objects.InstancePCIRequest, str] = (
    weakref.WeakKeyDictionary())


def applied(request: objects.InstancePCIRequest,
            host: pools.HostPools) -> objects.InstancePCIRequest:
    """What a claim has to look for.

    :param host: this one
    :returns: request itself, where nothing differs, or a copy
    """
    netdev = _netdevs.get(request)
    if not _is_port(request) or netdev is None and not any(
            tags.NETDEV in spec for spec in request.spec):
        return request
    tied = request.obj_clone()
    tied.spec = list(map(bandwidth.requested, request.spec))
    if netdev is not None:
        # No VF is of a PF that is not known.
        pf = host.netdevs.get(netdev, netdev)
        for spec in tied.spec:
            spec[tags.ADDRESS] = pf
    return tied


def learning(update: Update) -> Update:
    """Does the same, and learns."""
    if getattr(update, 'learns', None):
        return update

    @functools.wraps(update)
    def updated(context: nova_context.RequestContext,
                report_client: report_client.SchedulerReportClient,
                pci_requests: Sequence[objects.InstancePCIRequest] | None,
                provider_mapping: model.Mappings) -> None:
        for request in pci_requests or ():
            _netdevs.pop(request, None)
        update(context, report_client, pci_requests, provider_mapping)
        learn(context, report_client, pci_requests or (), provider_mapping)

    # What functools.wraps makes takes attributes, as any function.
    updated.learns = True  # type: ignore[attr-defined]
    return updated


def learn(context: nova_context.RequestContext,
          client: report_client.SchedulerReportClient,
          pci_requests: Iterable[objects.InstancePCIRequest],
          mapping: model.Mappings) -> None:
    """Remember the PFs that Placement chose.

    :param mapping: by the id of a request group
    """
    # Aliases have no requester.
    ports = {request.requester_id: request for request in pci_requests
             if request.requester_id}
    for port, netdev in _chosen(context, client, ports, mapping):
        _netdevs[ports[port]] = netdev


def _chosen(context: nova_context.RequestContext,
            client: report_client.SchedulerReportClient,
            ports: Mapping[str, objects.InstancePCIRequest],
            mapping: model.Mappings) -> Iterator[tuple[str, str]]:
    """:returns: ids of ports, each with the netdev of a PF"""
    for port in ports.keys() & mapping.keys():
        # Nova has just written it; when it cannot, it raises.
        netdev = ports[port].spec[0].get(tags.NETDEV)
        if netdev:
            yield port, netdev
    try:
        others = ports.keys() - mapping.keys()
        groups = bandwidth_groups.of_ports(others) if (
            others and mapping.keys() - ports.keys()) else {}
        for port, group in groups.items():
            chosen = _netdev(context, client, mapping[group][0]) if (
                group in mapping) else None
            if chosen:
                yield port, chosen
    except Exception:
        LOG.exception('The bandwidth of ports %s could not be looked up; '
                      'their VFs may be of other PFs',
                      ', '.join(sorted(others)))


def _netdev(context: nova_context.RequestContext,
            client: report_client.SchedulerReportClient,
            provider: str) -> str | None:
    """None for a provider that is not of a PF's bandwidth."""
    # <hypervisor>:<agent type>:<netdev> (neutron's placement_report.py); a
    # device's provider with colons in its name is none of the known agents'.
    name: str = client.get_resource_provider_name(context, provider)
    names = name.split(':')
    node, netdev = names[0], names[-1]
    return netdev if any(
        bandwidth.provider(namespace, node, netdev) == provider
        for namespace in CONF.sriov.bandwidth_namespaces) else None


def before_live_migration(context: nova_context.RequestContext,
                          instance: objects.Instance) -> None:
    """Learn on the destination of a live migration, whose requests Nova's
    conductor updates without the mapping that it used.

    Placement does not say either which of its allocations are for which
    group; Nova's own guess of them, for a revert, is as good where two ports
    of the server want the same.
    """
    requests = list(filter(_is_port, instance.pci_requests.requests))
    if not requests:
        return
    for request in requests:
        _netdevs.pop(request, None)
    try:
        groups, _ = neutron.API().get_requested_resource_for_instance(
            context, instance.uuid)
        if any(bandwidth.is_bandwidth(group.resources)
               for group in groups):
            client = report_client.report_client_singleton()
            learn(context, client, requests, _mapping(
                context, client, instance.uuid, groups))
    except Exception:
        LOG.exception('The bandwidth of the ports of server %s could not be '
                      'looked up; their VFs may be of other PFs',
                      instance.uuid)


def _mapping(context: nova_context.RequestContext,
             client: report_client.SchedulerReportClient, uuid: str,
             groups: list[objects.RequestGroup]) -> model.Mappings:
    spec = objects.RequestSpec(requested_resources=groups)
    scheduler_utils.fill_provider_mapping_based_on_allocation(
        context, client, spec,
        client.get_allocations_for_consumer(context, uuid))
    found: model.Mappings = spec.get_request_group_mapping()
    return found


def _is_port(request: objects.InstancePCIRequest) -> bool:
    return bool(request.source == objects.InstancePCIRequest.NEUTRON_PORT)
