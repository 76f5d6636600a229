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

"""Ties a port's VF to the PF that has its minimum bandwidth.

Nova lets Placement choose a PF with the bandwidth, and the filters a host with
a VF, but no one looks at both. Its claim ties them where the request group of
the bandwidth has the port's id (``update_pci_request_with_placement_
allocations`` in nova/compute/utils.py, 2026.2); with Neutron's extension
port-resource-request-groups it has another, and VF and bandwidth may be of
different PFs. This project's claim ties them as well.
"""

import dataclasses

import nova.conf
from oslo_log import log as logging

from nova_sriov_ext import conf
from nova_sriov_ext.demand import bandwidth
from nova_sriov_ext.demand.bandwidth import ADDRESS
from nova_sriov_ext.demand.bandwidth import NETDEV

CONF = conf.register(nova.conf.CONF)
LOG = logging.getLogger(__name__)


def tags(host, pools, report):
    """:param host: nova HostState
    :param pools: list of dicts, its pools
    :param report: document.Report of the host
    :returns: dict, resource provider of a PF's bandwidth → dict, the tag of
        the PF's VFs by which the claim on the host knows them: this project's
        the address of the PF, Nova's its netdev
    """
    netdevs = bandwidth.netdevs(pools, report)
    return {bandwidth.provider(namespace, host.nodename, netdev):
            {ADDRESS: address} if report.claim else {NETDEV: netdev}
            for netdev, address in netdevs.items()
            for namespace in CONF.sriov.bandwidth_namespaces}


def tied(demand, mappings, tags, claim):
    """With the PFs that Placement chose for the bandwidth of ports.

    :param demand: model.Demand
    :param mappings: dict of lists, the suffix of a request group → UUIDs of
        resource providers, of an allocation candidate
    :param tags: dict, of :func:`tags`
    :param claim: the claim policy of the host, None with Nova's own claim,
        which ties only groups of the port's id
    :returns: model.Demand
    """
    return dataclasses.replace(demand, requests=tuple(
        _tied(request, tag_of(request, mappings, tags))
        if claim or request.bandwidth == request.port else request
        for request in demand.requests))


def tag_of(request, mappings, tags):
    """:returns: dict, the tag that the port's VF has to have; None where it
        is tied to no PF
    """
    providers = (mappings or {}).get(request.bandwidth) or (None,)
    return tags.get(providers[0])


def _tied(request, tag):
    return request if tag is None else dataclasses.replace(
        request, specs=tuple({**spec, **tag} for spec in request.specs))
