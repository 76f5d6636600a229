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

"""The request that a server with some ports and a flavor would make.

It is made by Nova's own functions, in the way that its API makes it of a
server (nova/compute/api.py, ``_validate_and_build_base_options``); they only
read.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence

from keystoneauth1 import exceptions as ksa_exc
from neutronclient.common import exceptions as neutron_exc
from nova import context
from nova import exception
from nova import objects
import nova.conf
from nova.network import model
from nova.network import neutron
from nova.pci import request as pci_request
from nova.virt import hardware

from nova_sriov_ext.demand import neutron_ports

CONF = nova.conf.CONF


class Unanswerable(Exception):
    """Such a server cannot be requested; the text names what is wrong."""


def make(ports: Sequence[str], flavor: str | None,
         warn: Callable[[str], None]) -> objects.RequestSpec:
    """:param ports: Neutron ports by id or name, in the order in which the
        server would have them
    :param flavor: id or name; None for a flavor without extra specs
    :raises Unanswerable: with the port, flavor or service and the remedy
    """
    admin = context.get_admin_context()
    found = _flavor(admin, flavor)
    try:
        requests = _pci_requests(admin, found, _port_ids(admin, ports, warn))
    except (neutron_exc.NeutronException, ksa_exc.ClientException) as e:
        files = ', '.join(CONF.config_file or ['nova.conf'])
        raise Unanswerable(
            f'Neutron cannot be reached ({e}). Run this on a controller, and '
            f'check [neutron] in {files}.') from None
    except exception.NovaException as e:
        raise Unanswerable(f'The API would refuse the server: {e}') from None
    return objects.RequestSpec(
        flavor=found, scheduler_hints={}, numa_topology=None,
        pci_requests=requests)


def _flavor(admin: context.RequestContext,
            name: str | None) -> objects.Flavor:
    if name is None:
        return objects.Flavor(extra_specs={})
    for get in (objects.Flavor.get_by_flavor_id, objects.Flavor.get_by_name):
        try:
            return get(admin, name)
        except exception.FlavorNotFound:
            continue
    raise Unanswerable(f'There is no flavor {name}, neither by id nor by '
                       'name; see "openstack flavor list --all".')


def _pci_requests(admin: context.RequestContext, flavor: objects.Flavor,
                  ports: Sequence[str]) -> objects.InstancePCIRequests:
    policy = hardware.get_pci_numa_policy_constraint(
        flavor, objects.ImageMeta(properties=objects.ImageMetaProps()))
    requests = pci_request.get_pci_requests_from_flavor(
        flavor, affinity_policy=policy)
    neutron.API().create_resource_requests(
        admin, objects.NetworkRequestList(objects=[
            objects.NetworkRequest(port_id=port) for port in ports]),
        requests, affinity_policy=policy)
    return requests


def _port_ids(admin: context.RequestContext, names: Sequence[str],
              warn: Callable[[str], None]) -> list[str]:
    if not names:
        return []
    client = neutron.get_client(admin, admin=True)
    ports = [_port(client, name) for name in names]
    for port in ports:
        kind = port.get('binding:vnic_type') or model.VNIC_TYPE_NORMAL
        if kind not in model.VNIC_TYPES_SRIOV:
            warn(f'Port {port["id"]} ({kind}) does not need a VF.')
    return [port['id'] for port in ports]


def _port(client: neutron.ClientWrapper, name: str) -> neutron_ports.Port:
    """The free port of that id or name."""
    found: list[neutron_ports.Port] = (
        client.list_ports(id=name)['ports']
        or client.list_ports(name=name)['ports'])
    if len(found) != 1:
        raise Unanswerable(
            f'There are {len(found)} ports of the name {name}; say the id.'
            if found else
            f'There is no port {name}, neither by id nor by name; see '
            '"openstack port list".')
    port, = found
    if port.get('device_id'):
        raise Unanswerable(
            f'Port {port["id"]} belongs to {port["device_id"]} on host '
            f'{port.get("binding:host_id") or "none"} already; a new server '
            'needs a port that is free.')
    return port
