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
from collections.abc import Iterable
from collections.abc import Sequence
import dataclasses
from typing import Any

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
from oslo_utils import uuidutils

from nova_sriov_ext import nova_compat
from nova_sriov_ext.cmd import nic
from nova_sriov_ext.demand import neutron_ports
from nova_sriov_ext.demand import port_mode

CONF = nova.conf.CONF


class Unanswerable(Exception):
    """Such a server cannot be requested; the text names what is wrong."""


@dataclasses.dataclass(frozen=True)
class Server:
    """A server that could be.

    :ivar modes: id of each of its ports → what that says of eswitch modes
    """

    spec: objects.RequestSpec
    modes: dict[str, port_mode.PortMode]


def make(ports: Sequence[str], flavor: str | None,
         warn: Callable[[str], None]) -> objects.RequestSpec:
    """:param ports: Neutron ports by id or name, in the order in which the
        server would have them
    :param flavor: id or name; None for a flavor without extra specs
    :raises Unanswerable: with the port, flavor or service and the remedy
    """
    return of_nics([nic.Nic(port=port) for port in ports], flavor, warn).spec


def of_nics(nics: Sequence[nic.Nic], flavor: str | None,
            warn: Callable[[str], None], from_volume: bool = False) -> Server:
    """:param nics: in the order in which the server would have them
    :param flavor: as make has it
    :param from_volume: whether its root disk would be a volume
    :raises Unanswerable: as make
    """
    admin = context.get_admin_context()
    found = _flavor(admin, flavor)
    try:
        ports = _ports(admin, nics, warn)
        requests = _pci_requests(admin, found, ports)
    except (neutron_exc.NeutronException, ksa_exc.ClientException) as e:
        files = ', '.join(CONF.config_file or ['nova.conf'])
        raise Unanswerable(
            f'Neutron cannot be reached ({e}). Run this on a controller, and '
            f'check [neutron] in {files}.') from None
    except exception.NovaException as e:
        raise Unanswerable(f'The API would refuse the server: {e}') from None
    return Server(objects.RequestSpec(
        flavor=found, scheduler_hints={}, numa_topology=None,
        pci_requests=requests, is_bfv=from_volume),
        {port['id']: port_mode.of(port) for port in ports})


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
                  ports: Iterable[neutron_ports.Port]
                  ) -> objects.InstancePCIRequests:
    policy = hardware.get_pci_numa_policy_constraint(
        flavor, objects.ImageMeta(properties=objects.ImageMetaProps()))
    requests = pci_request.get_pci_requests_from_flavor(
        flavor, affinity_policy=policy)
    _Api(ports).create_resource_requests(
        admin, objects.NetworkRequestList(objects=[
            objects.NetworkRequest(port_id=port['id']) for port in ports]),
        requests, affinity_policy=policy)
    return requests


class _Api(neutron.API):
    """Nova's, which knows some ports already: those that do not exist, too.
    """

    def __init__(self, ports: Iterable[neutron_ports.Port]) -> None:
        super().__init__()
        self._ports = {port['id']: port for port in ports}

    def _show_port(self, context: context.RequestContext, port_id: str,
                   neutron_client: neutron.ClientWrapper | None = None,
                   fields: Sequence[str] | None = None) -> Any:
        return self._ports[port_id]


def _ports(admin: context.RequestContext, nics: Sequence[nic.Nic],
           warn: Callable[[str], None]) -> list[neutron_ports.Port]:
    if not nics:
        return []
    if not nova_compat.works(nova_compat.SERVER_REQUEST):
        raise Unanswerable(
            'This Nova is not the one that the command was written for; see '
            '"nova-sriov check".')
    client = neutron.get_client(admin, admin=True)
    ports = [_port(client, one.port) if one.port else _imagined(client, one)
             for one in nics]
    for port in ports:
        kind = port.get('binding:vnic_type') or model.VNIC_TYPE_NORMAL
        if kind not in model.VNIC_TYPES_SRIOV:
            warn(f'Port {port["id"]} ({kind}) does not need a VF.')
    return ports


def _imagined(client: neutron.ClientWrapper,
              wanted: nic.Nic) -> neutron_ports.Port:
    """A port as Neutron would show it, had it been created."""
    networks = (client.list_networks(id=wanted.network)['networks']
                or client.list_networks(name=wanted.network)['networks'])
    if len(networks) != 1:
        raise Unanswerable(
            f'There are {len(networks)} networks of the name '
            f'{wanted.network}; say the id.' if networks else
            f'There is no network {wanted.network}, neither by id nor by '
            'name; see "openstack network list".')
    return {'id': uuidutils.generate_uuid(), 'network_id': networks[0]['id'],
            'binding:vnic_type': wanted.vnic_type, 'binding:profile': {},
            'hardware_offload_type': wanted.offload}


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
