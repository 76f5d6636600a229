"""Whose allocations are repaired, and whose are left alone."""

from nova import exception
from nova import objects
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.placement import allocations
from nova_sriov_ext.placement import repair
from nova_sriov_ext.placement import vfs

VFS = 'CUSTOM_SRIOV_VF_PHYSNET2'
NODE = objects.ComputeNode(
    uuid=uuids.node, host='host', hypervisor_hostname='node')


class Placement:
    """The allocations of a server on two providers; has its consumer's
    generation checked by Placement's own functional tests."""

    def __init__(self):
        self.resources = {uuids.node: {VFS: 2, 'VCPU': 1},
                          uuids.storage: {'DISK_GB': 1}}

    def get_allocs_for_consumer(self, context, consumer):
        assert consumer == uuids.server
        return {'consumer_generation': 1, 'allocations': {
            provider: {'generation': 1, 'resources': dict(resources)}
            for provider, resources in self.resources.items()}}

    def put_allocations(self, context, consumer, payload):
        self.resources = {
            provider: allocation['resources']
            for provider, allocation in payload['allocations'].items()}
        assert all(self.resources.values())
        return True


@pytest.fixture
def cell(monkeypatch):
    """:returns: the server in the database, and the migrations there"""
    server = objects.Instance(
        uuid=uuids.server, host='host', node='node', task_state=None,
        vm_state='active')
    migrations = []
    monkeypatch.setattr(
        objects.Instance, 'get_by_uuid',
        lambda context, uuid: server if uuid == server.uuid else _missing())
    monkeypatch.setattr(
        objects.MigrationList, 'get_in_progress_by_host_and_node',
        lambda context, host, node: migrations)
    monkeypatch.setattr(
        objects.MigrationList, 'get_by_filters',
        lambda context, filters: migrations)
    return server, migrations


def _missing():
    raise exception.InstanceNotFound(instance_id='another')


def repaired(held=1):
    """:returns: dict, what is allocated on the host afterwards"""
    placement = Placement()
    mine = vfs.Vfs(total=4)
    mine.held[uuids.server] = held
    repair.Repair(placement, None, NODE).run(
        {uuids.server: {VFS: 2}}, {VFS: mine})
    assert placement.resources[uuids.storage] == {'DISK_GB': 1}
    return placement.resources[uuids.node]


def test_takes_what_the_server_does_not_have(cell):
    assert repaired(held=1) == {VFS: 1, 'VCPU': 1}
    assert repaired(held=0) == {'VCPU': 1}


@pytest.mark.parametrize('state', [
    {'host': 'another'}, {'node': 'another'}, {'task_state': 'rebuilding'},
    # Between its claim in Placement and that on the host.
    {'vm_state': 'building'}])
def test_leaves_alone_who_is_not_settled_here(cell, state):
    server, _ = cell
    for name, value in state.items():
        setattr(server, name, value)
    assert repaired() == {VFS: 2, 'VCPU': 1}


def test_leaves_alone_who_is_moving(cell):
    """A finished resize has no task_state."""
    _, migrations = cell
    migrations.append(objects.Migration(
        uuid=uuids.migration, instance_uuid=uuids.server))
    assert repaired() == {VFS: 2, 'VCPU': 1}


def test_a_server_has_what_its_migration_holds_too(cell):
    """Resized on its host, it is allocated both flavors there."""
    _, migrations = cell
    migrations.append(objects.Migration(
        uuid=uuids.migration, instance_uuid=uuids.server))
    assert allocations.by_server(None, {
        uuids.server: {VFS: 1}, uuids.migration: {VFS: 2}}) == {
            VFS: {uuids.server: 3}}


@pytest.mark.parametrize('others', [{}, {'storage': {'DISK_GB': 1}}])
def test_a_provider_without_resources_is_left_out(others):
    rest = {name: {'resources': resources}
            for name, resources in others.items()}
    payload = {'consumer_generation': 3, 'allocations': {
        'host': {'generation': 5, 'resources': {VFS: 1}}, **rest}}
    assert allocations.replaced(payload, 'host', {VFS: 0}) == {
        'consumer_generation': 3, 'allocations': rest}
