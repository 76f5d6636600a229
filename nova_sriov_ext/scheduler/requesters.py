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

"""Whose PCI requests are being tried on a host's pools.

Nova's filters hand the requests to the pools, not the server. A port is in
the requests of one server only, so its id shows whose they are.
"""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Sequence
import dataclasses
from typing import TYPE_CHECKING
import weakref

from oslo_log import log as logging

from nova_sriov_ext.demand import gather
from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import assigning_stats
from nova_sriov_ext.fit import pools
from nova_sriov_ext.scheduler import bandwidth_tie

if TYPE_CHECKING:
    from nova import context as nova_context
    from nova import objects
    from nova.scheduler import host_manager

LOG = logging.getLogger(__name__)

# Port → the RequestSpec that is being scheduled, for as long as it is.
_specs: weakref.WeakValueDictionary[str, objects.RequestSpec] = (
    weakref.WeakValueDictionary())


def remember(context: nova_context.RequestContext | None,
             spec_obj: objects.RequestSpec) -> bool:
    """A request filter: Nova calls these before the first host is filtered.

    :returns: False: it changes nothing
    """
    try:
        pci = spec_obj.pci_requests if 'pci_requests' in spec_obj else None
        for request in pci.requests if pci else ():
            port = _port(request)
            if port:
                _specs[port] = spec_obj
    except Exception:
        LOG.exception('What %s requests could not be read', spec_obj)
    return False


def server_of(requests: Sequence[objects.InstancePCIRequest],
              host: host_manager.HostState) -> assigning_stats.Server:
    """The server that requests them, where that is known."""
    found = (_specs.get(_port(request) or '') for request in requests)
    spec_obj = next((one for one in found if one is not None), None)
    try:
        return (Requested(gather.of_spec(spec_obj), host)
                if spec_obj is not None
                else assigning_stats.Server())
    except Exception:
        # As in SriovCapacityFilter: the claim has the last word.
        LOG.exception('What %s requests could not be read', spec_obj)
        return assigning_stats.Server()


def _port(request: objects.InstancePCIRequest) -> str | None:
    """:returns: None for an alias and for ports of before Nova 20"""
    port: str | None = (
        request.requester_id if 'requester_id' in request else None)
    return port


class Requested(assigning_stats.Server):
    """:param host: on which it is tried"""

    def __init__(self, demand: model.Demand,
                 host: host_manager.HostState) -> None:
        self._demand = demand
        self._host = host
        self.pf_policy = demand.pf_policy
        self.lag_policy = demand.lag_policy
        self._reserves = demand.on(host.instances).reserves

    def reserves(self, requests: Collection[model.Request]
                 ) -> dict[str | None, str]:
        return self._reserves

    def tied(self, request: objects.InstancePCIRequest,
             provider_mapping: model.Mappings | None,
             host: pools.HostPools) -> objects.InstancePCIRequest:
        known = self._known(_port(request))
        if not known or not known.bandwidth:
            return request
        tag = bandwidth_tie.tag_of(
            known, provider_mapping, bandwidth_tie.tags(self._host, host))
        if tag is None:
            return request
        tied = request.obj_clone()
        tied.spec = [{**spec, **tag} for spec in request.spec]
        return tied

    def suited(self, request: model.Request,
               mixed: bool) -> model.Request | None:
        if self._demand.unread:
            return None
        known = self._known(request.port)
        return dataclasses.replace(
            request, modes=known.modes, preferred=known.preferred) if (
                known) else request

    def _known(self, port: str | None) -> model.Request | None:
        return next((request for request in self._demand.requests
                     if port and request.port == port), None)
