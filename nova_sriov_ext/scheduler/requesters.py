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
the requests of one server only, so its id tells.
"""

import dataclasses
import weakref

from oslo_log import log as logging

from nova_sriov_ext.demand import gather
from nova_sriov_ext.fit import assigning_stats
from nova_sriov_ext.scheduler import bandwidth_tie

LOG = logging.getLogger(__name__)

# Port → the RequestSpec that is being scheduled, for as long as it is.
_specs = weakref.WeakValueDictionary()


def remember(context, spec_obj):
    """A request filter: Nova calls these before the first host is filtered.

    :param context: nova.context.RequestContext
    :param spec_obj: nova.objects.RequestSpec
    :returns: bool, False: it changes nothing
    """
    try:
        pci = spec_obj.pci_requests if 'pci_requests' in spec_obj else None
        for request in pci.requests if pci else ():
            if _port(request):
                _specs[_port(request)] = spec_obj
    except Exception:
        LOG.exception('What %s requests could not be read', spec_obj)
    return False


def server_of(requests, host):
    """:param requests: list of nova.objects.InstancePCIRequest
    :param host: nova HostState
    :returns: assigning_stats.Server
    """
    found = (_specs.get(_port(request)) for request in requests)
    spec_obj = next((one for one in found if one is not None), None)
    try:
        return (Requested(gather.of_spec(spec_obj), host)
                if spec_obj is not None
                else assigning_stats.Server())
    except Exception:
        # As in SriovCapacityFilter: the claim has the last word.
        LOG.exception('What %s requests could not be read', spec_obj)
        return assigning_stats.Server()


def _port(request):
    """:returns: str, None for an alias and for ports of before Nova 20"""
    return request.requester_id if 'requester_id' in request else None


class Requested(assigning_stats.Server):
    """:param demand: model.Demand
    :param host: nova HostState on which it is tried
    """

    def __init__(self, demand, host):
        self._demand = demand
        self._host = host
        self.pf_policy = demand.pf_policy
        self.lag_policy = demand.lag_policy
        self._reserves = demand.on(host.instances).reserves

    def reserves(self, requests):
        return self._reserves

    def tied(self, request, provider_mapping, pools, report):
        known = self._known(_port(request))
        if not known or not known.bandwidth:
            return request
        tag = bandwidth_tie.tag_of(known, provider_mapping,
                                   bandwidth_tie.tags(self._host, pools,
                                                      report))
        if tag is None:
            return request
        tied = request.obj_clone()
        tied.spec = [{**spec, **tag} for spec in request.spec]
        return tied

    def suited(self, asked, mixed):
        if self._demand.unread:
            return None
        known = self._known(asked.port)
        return dataclasses.replace(
            asked, modes=known.modes, preferred=known.preferred) if (
                known) else asked

    def _known(self, port):
        return next((request for request in self._demand.requests
                     if port and request.port == port), None)
