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

"""The PCI requests of a server that exists already."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import functools

from nova import context as nova_context
from nova import exception
from nova import objects
from nova.compute import task_states

from nova_sriov_ext import nova_compat


def of_server(
        spec_obj: objects.RequestSpec) -> list[objects.InstancePCIRequest]:
    """What a server requests, ports attached after its boot included.

    RequestSpec has the ports of the boot; attach and detach change
    InstancePCIRequests in the cell's database only. On a move the claim takes
    the requests of ports from there and those of aliases from the new flavor
    (ResourceTracker._move_claim), which RequestSpec has.

    :raises nova.exception.NovaException, oslo_db.exception.DBError: the
        database of the server's cell cannot be read
    """
    pci = spec_obj.pci_requests if 'pci_requests' in spec_obj else None
    of_boot = list(pci.requests if pci else ())
    current = _current(spec_obj)
    if current is None:
        return of_boot
    return [*(request for request in of_boot if not _is_port(request)),
            *filter(_is_port, current)]


def is_evacuation(spec_obj: objects.RequestSpec) -> bool:
    """Whether a server is scheduled because its host is down; RequestSpec
    does not say. Nova sets this state before it (API.evacuate in
    nova/compute/api.py), and runs no filter for a mere rebuild.

    :raises: as of_server
    """
    with _cell(spec_obj) as cell:
        return cell is not None and (
            objects.Instance.get_by_uuid(
                cell, spec_obj.instance_uuid, expected_attrs=[]).task_state
            == task_states.REBUILDING)


def _current(
        spec_obj: objects.RequestSpec
) -> list[objects.InstancePCIRequest] | None:
    """:returns: None for a server that has never been on a host"""
    with _cell(spec_obj) as cell:
        return cell and objects.InstancePCIRequests.get_by_instance_uuid(
            cell, spec_obj.instance_uuid).requests


@contextlib.contextmanager
def _cell(spec_obj: objects.RequestSpec
          ) -> Iterator[nova_context.RequestContext | None]:
    """For the cell of a server that is moved; None for another."""
    context = nova_context.get_admin_context()
    mapping = _mapping(context, spec_obj)
    if mapping is None:
        yield None
    else:
        with nova_context.target_cell(context, mapping) as cell:
            yield cell


def _mapping(context: nova_context.RequestContext,
             spec_obj: objects.RequestSpec) -> objects.CellMapping | None:
    """The cell that nova-conductor names for a server that it moves.

    It names one for every move (nova_compat.MOVES) and for no boot, whose
    server has no cell yet; so a boot costs no query. Nova does not persist
    requested_destination: what is there is of this request. The name is None
    for a move to a given host of any cell.
    """
    destination = (spec_obj.requested_destination
                   if 'requested_destination' in spec_obj else None)
    if destination is not None and 'cell' in destination:
        return destination.cell or _recorded(context, spec_obj)
    return None if _moves_name_cells() else _recorded(context, spec_obj)


@functools.cache
def _moves_name_cells() -> bool:
    return nova_compat.works(nova_compat.MOVES)


def _recorded(context: nova_context.RequestContext,
              spec_obj: objects.RequestSpec) -> objects.CellMapping | None:
    if 'instance_uuid' not in spec_obj:
        return None
    try:
        return objects.InstanceMapping.get_by_instance_uuid(
            context, spec_obj.instance_uuid).cell_mapping
    except exception.InstanceMappingNotFound:
        return None


def _is_port(request: objects.InstancePCIRequest) -> bool:
    return bool(request.source == objects.InstancePCIRequest.NEUTRON_PORT)
