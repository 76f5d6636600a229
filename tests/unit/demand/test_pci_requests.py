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

"""What a server requests that is moved, and whether its host is down."""

import contextlib

from nova import exception
from nova import objects
from nova.compute import task_states
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.demand import pci_requests
from tests.unit.scheduler import hosts
from tests.unit.scheduler import pools as given

BOOT = given.port_request('boot'), given.alias_request('new', 2)
NOW = given.alias_request('old', 1), given.port_request('attached')


class Nova:
    """Nova's databases: which cell a server is in, and what is there. They
    answer only to the context of an admin, and of that cell.

    :ivar read: names of what was read
    """

    def __init__(self):
        self.cell = objects.CellMapping(uuid=uuids.cell)
        self.requests = list(NOW)
        self.task_state = None
        self.read = []

    def mapping(self, context, uuid):
        assert context.is_admin
        self.read.append('mapping')
        if uuid != uuids.server:
            raise exception.InstanceMappingNotFound(uuid=uuid)
        return objects.InstanceMapping(cell_mapping=self.cell)

    def target(self, context, cell):
        assert context.is_admin
        return contextlib.nullcontext(('context', cell.uuid))

    def _check(self, context, uuid):
        assert (context, uuid) == (('context', uuids.cell), uuids.server)

    def pci_requests(self, context, uuid):
        self._check(context, uuid)
        self.read.append('requests')
        return objects.InstancePCIRequests(requests=self.requests)

    def instance(self, context, uuid, expected_attrs):
        """What else of a server is read costs a query each."""
        self._check(context, uuid)
        self.read.append('server')
        assert expected_attrs == []
        return objects.Instance(uuid=uuid, task_state=self.task_state)

    def moved(self, spec_obj=None, **destination):
        """:returns: RequestSpec of a move, as the conductor makes it"""
        spec_obj = spec_obj or hosts.request(*BOOT)
        spec_obj.requested_destination = objects.Destination(
            **{'cell': self.cell} | destination)
        return spec_obj


@pytest.fixture
def nova(conf, monkeypatch):
    found = Nova()
    for owner, name, value in (
            (objects.InstanceMapping, 'get_by_instance_uuid', found.mapping),
            (pci_requests.nova_context, 'target_cell', found.target),
            (objects.InstancePCIRequests, 'get_by_instance_uuid',
             found.pci_requests),
            (objects.Instance, 'get_by_uuid', found.instance)):
        monkeypatch.setattr(owner, name, value)
    pci_requests._moves_name_cells.cache_clear()
    yield found
    pci_requests._moves_name_cells.cache_clear()


@pytest.fixture
def unknown_conductor(nova, monkeypatch):
    """A Nova that may move servers without a word of their cell."""
    monkeypatch.delattr('nova.conductor.tasks.live_migrate.LiveMigrationTask'
                        '._find_destination')


def names(spec_obj):
    return [(request.alias_name or request.requester_id, request.count)
            for request in pci_requests.of_server(spec_obj)]


def test_ports_of_now_and_aliases_of_the_new_flavor(nova):
    assert names(nova.moved()) == [('new', 2), ('attached', 1)]
    assert nova.read == ['requests'], 'its cell is known'


def test_a_move_to_a_host_of_any_cell(nova):
    """It names no cell: not where the server is, nor where it may go."""
    moved = nova.moved(host='compute7', cell=None, allow_cross_cell_move=True)
    assert names(moved) == [('new', 2), ('attached', 1)]
    assert nova.read == ['mapping', 'requests']


def test_a_server_that_was_booted_without_ports(nova):
    """Request specs of old releases lack the field."""
    spec = hosts.request()
    for found in (spec, objects.RequestSpec(instance_uuid=uuids.server),
                  objects.RequestSpec(instance_uuid=uuids.server,
                                      pci_requests=None)):
        assert names(nova.moved(found)) == [('attached', 1)]
    nova.requests = []
    assert names(nova.moved()) == [('new', 2)]


@pytest.mark.parametrize('destination', [
    {}, {'host': 'compute7', 'node': 'node7'}, {'aggregates': ['a,b']}],
    ids=str)
@pytest.mark.parametrize('named', [True, False])
def test_a_boot_reads_nothing(nova, named, destination):
    """Also one that is to go to a host or to some aggregates."""
    spec = hosts.request(*BOOT)
    if named:
        spec.requested_destination = (
            objects.Destination(**destination) if destination else None)
    assert names(spec) == [('boot', 1), ('new', 2)]
    nova.task_state = task_states.REBUILDING
    assert pci_requests.is_evacuation(spec) is False
    assert nova.read == []


def test_with_an_unknown_conductor_each_server_may_be_a_moved_one(
        nova, unknown_conductor):
    spec = hosts.request(*BOOT)
    assert names(spec) == [('new', 2), ('attached', 1)]
    assert nova.read == ['mapping', 'requests']
    assert names(nova.moved()) == [('new', 2), ('attached', 1)]
    nova.task_state = task_states.REBUILDING
    assert pci_requests.is_evacuation(spec) is True


@pytest.mark.parametrize('cell', [None, objects.CellMapping()])
@pytest.mark.parametrize('server', [{'instance_uuid': uuids.new}, {}])
def test_with_an_unknown_conductor_a_new_server_has_what_it_requests(
        nova, unknown_conductor, cell, server):
    """One that is not scheduled yet has a mapping without a cell."""
    spec = hosts.request(*BOOT)
    if cell is None:
        nova.cell = None
    else:
        spec = objects.RequestSpec(pci_requests=spec.pci_requests, **server)
    assert names(spec) == [('boot', 1), ('new', 2)]
    nova.task_state = task_states.REBUILDING
    assert pci_requests.is_evacuation(spec) is False


@pytest.mark.parametrize('state, evacuated', [
    (task_states.REBUILDING, True), (task_states.MIGRATING, False),
    (None, False)])
def test_whose_host_is_down(nova, state, evacuated):
    nova.task_state = state
    assert pci_requests.is_evacuation(nova.moved()) is evacuated
    assert nova.read == ['server']
