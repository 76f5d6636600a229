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

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
from typing import TYPE_CHECKING

import nova.conf
from oslo_log import log as logging

from nova_sriov_ext import conf
from nova_sriov_ext.demand import bandwidth
from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import pools
from nova_sriov_ext.report.tags import ADDRESS
from nova_sriov_ext.report.tags import NETDEV

if TYPE_CHECKING:
    from nova.scheduler import host_manager

CONF = conf.register(nova.conf.CONF)
LOG = logging.getLogger(__name__)

# What the VFs of one PF have and no others.
Tag = dict[str, str | None]


def tags(host_state: host_manager.HostState,
         host: pools.HostPools) -> dict[str, Tag]:
    """:returns: resource provider of a PF's bandwidth → the tag of the PF's
        VFs by which the claim on the host knows them: this project's the
        address of the PF, Nova's its netdev
    """
    return {bandwidth.provider(namespace, host_state.nodename, netdev):
            {ADDRESS: address} if host.report.claim else {NETDEV: netdev}
            for netdev, address in host.netdevs.items()
            for namespace in CONF.sriov.bandwidth_namespaces}


def tied(demand: model.Demand, mappings: model.Mappings,
         tags: Mapping[str, Tag], claim: str | None) -> model.Demand:
    """With the PFs that Placement chose for the bandwidth of ports.

    :param mappings: of an allocation candidate
    :param tags: of :func:`tags`
    :param claim: the claim policy of the host, None with Nova's own claim,
        which ties only groups of the port's id
    """
    return dataclasses.replace(demand, requests=tuple(
        _tied(request, tag_of(request, mappings, tags))
        if claim or request.bandwidth == request.port else request
        for request in demand.requests))


def tag_of(request: model.Request, mappings: model.Mappings | None,
           tags: Mapping[str, Tag]) -> Tag | None:
    """:returns: the tag that the port's VF has to have; None where it is tied
        to no PF
    """
    providers = (mappings or {}).get(request.bandwidth or '')
    return tags.get(providers[0]) if providers else None


def _tied(request: model.Request, tag: Tag | None) -> model.Request:
    return request if tag is None else dataclasses.replace(
        request, specs=tuple({**spec, **tag} for spec in request.specs))
