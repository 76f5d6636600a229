"""What a server requests that is moved."""

import contextlib

from nova import objects
from oslo_utils.fixture import uuidsentinel as uuids

from nova_sriov_ext.scheduler import moves
from tests.unit.scheduler import hosts
from tests.unit.scheduler import pools as given


def test_ports_of_now_and_aliases_of_the_new_flavor(conf, monkeypatch):
    boot = given.port_request('boot'), given.alias_request('new', 2)
    now = given.alias_request('old', 1), given.port_request('attached')
    cell = objects.CellMapping(uuid=uuids.cell)
    monkeypatch.setattr(
        objects.InstanceMapping, 'get_by_instance_uuid',
        lambda context, uuid: objects.InstanceMapping(cell_mapping=cell))
    monkeypatch.setattr(
        moves.nova_context, 'target_cell',
        lambda context, cell: contextlib.nullcontext(cell))
    monkeypatch.setattr(
        objects.InstancePCIRequests, 'get_by_instance_uuid',
        lambda context, uuid: objects.InstancePCIRequests(
            requests=list(now) if context is cell else []))
    found = moves.pci_requests(hosts.request(*boot))
    assert [(request.alias_name or request.requester_id, request.count)
            for request in found] == [('new', 2), ('attached', 1)]
