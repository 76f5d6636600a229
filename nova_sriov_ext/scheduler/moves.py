"""The PCI requests of a server that exists already."""

from nova import context as nova_context
from nova import exception
from nova import objects


def pci_requests(spec_obj):
    """What a server asks for, ports attached after its boot included.

    RequestSpec has the ports of the boot; attach and detach change
    InstancePCIRequests in the cell's database only. On a move the claim takes
    the requests of ports from there and those of aliases from the new flavor
    (ResourceTracker._move_claim), which RequestSpec has.

    :param spec_obj: nova.objects.RequestSpec
    :returns: list of nova.objects.InstancePCIRequest
    :raises nova.exception.NovaException, oslo_db.exception.DBError: the
        database of the server's cell cannot be read
    """
    pci = spec_obj.pci_requests if 'pci_requests' in spec_obj else None
    asked = list(pci.requests if pci else ())
    current = _current(spec_obj)
    if current is None:
        return asked
    return [*(r for r in asked if not _is_port(r)), *filter(_is_port, current)]


def _current(spec_obj):
    """:returns: list of InstancePCIRequest, None for a server without a cell:
        one that has never been on a host
    """
    if 'instance_uuid' not in spec_obj or not spec_obj.instance_uuid:
        return None
    context = nova_context.get_admin_context()
    try:
        mapping = objects.InstanceMapping.get_by_instance_uuid(
            context, spec_obj.instance_uuid)
    except exception.InstanceMappingNotFound:
        return None
    if mapping.cell_mapping is None:
        return None
    with nova_context.target_cell(context, mapping.cell_mapping) as cell:
        return objects.InstancePCIRequests.get_by_instance_uuid(
            cell, spec_obj.instance_uuid).requests


def _is_port(request):
    return request.source == objects.InstancePCIRequest.NEUTRON_PORT
