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

"""Which request groups have the minimum bandwidth of a server's ports."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterable
import dataclasses

from nova import objects
from oslo_log import log as logging

from nova_sriov_ext.demand import bandwidth
from nova_sriov_ext.demand import model
from nova_sriov_ext.demand import neutron_ports

LOG = logging.getLogger(__name__)


def of_ports(ports: Collection[str]) -> dict[str, str]:
    """Read from Neutron in which request groups ports request bandwidth.

    In Neutron's first format a group has the id of its port. In that of the
    extension port-resource-request-groups (Yoga) it is made of the port's and
    those of its QoS rules (``resource_request_group_uuid``), so that only the
    port says which groups are its own.

    :returns: id of a port → id of its group of the second kind; none for
        other ports
    :raises: as neutron_ports.read
    """
    return {port['id']: group['id'] for port in neutron_ports.read(ports)
            for group in _groups(port)
            if bandwidth.is_bandwidth(group['resources'])}


def _groups(port: neutron_ports.Port) -> Iterable[neutron_ports.Group]:
    request = port.get('resource_request')
    return request.get('request_groups') or () if request else ()


def with_groups(demand: model.Demand,
                spec_obj: objects.RequestSpec) -> model.Demand:
    """With the groups of its ports' bandwidth."""
    requested = {group.requester_id
                 for group in _requested_resources(spec_obj)
                 if bandwidth.is_bandwidth(group.resources)}
    ports = {request.port for request in demand.requests
             if request.port} if requested else ()
    if not ports:
        return demand
    groups: dict[str | None, str] = {port: port for port in ports & requested}
    if ports - requested and requested - ports:
        groups |= _of_neutron(ports - requested)
    return dataclasses.replace(demand, requests=tuple(
        dataclasses.replace(request, bandwidth=groups.get(request.port))
        for request in demand.requests))


def _requested_resources(
        spec_obj: objects.RequestSpec) -> Iterable[objects.RequestGroup]:
    return (spec_obj.requested_resources or ()
            if 'requested_resources' in spec_obj else ())


def _of_neutron(ports: Collection[str]) -> Iterable[tuple[str, str]]:
    try:
        return of_ports(ports).items()
    except Exception:
        LOG.exception('The bandwidth of ports %s could not be read from '
                      'Neutron; their VFs may be of other PFs',
                      ', '.join(sorted(ports)))
        return ()
