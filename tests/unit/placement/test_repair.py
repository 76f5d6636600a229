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

"""Whose allocations are repaired, and whose are left alone."""

import logging

from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.placement import allocations
from tests.unit.placement import host as hosts

VFS = hosts.VFS
BEFORE = {VFS: 2, 'VCPU': 1}


@pytest.fixture
def host(host, caplog):
    """:returns: a host.Host with 4 VFs in Placement; what is logged counts"""
    host.hold(free=4)
    host.update()
    caplog.set_level(logging.INFO, 'nova_sriov_ext')
    return host


def warnings(caplog):
    return [record.getMessage() for record in caplog.records
            if record.levelno >= logging.WARNING
            and record.name.startswith('nova_sriov_ext')]


def test_takes_what_the_server_does_not_have(host, caplog):
    storage = hosts.Host(host.client, 'storage')
    storage.update()
    server = host.server()
    there = {'resources': {'VCPU': 1}}
    here = {'resources': BEFORE}
    assert host.put(server, {host.uuid: here, storage.uuid: there})
    for held in 1, 0:
        host.hold(*[server] * held, free=4 - held)
        host.repair()
        assert host.allocated(server) == {
            'VCPU': 1, **({VFS: held} if held else {})}
        assert storage.allocated(server) == {'VCPU': 1}
    assert not warnings(caplog)


@pytest.mark.parametrize('state', [
    {'host': 'another'}, {'node': 'another'}, {'task_state': 'rebuilding'},
    # Between its claim in Placement and that on the host.
    {'vm_state': 'building'}])
def test_leaves_alone_who_is_not_settled_here(host, state):
    server = host.server(vfs=2, **state)
    host.repair()
    assert host.allocated(server) == BEFORE


def test_leaves_alone_who_is_of_another_cell(host):
    assert host.allocate(uuids.unknown, 2)
    host.repair()
    assert host.allocated(uuids.unknown) == BEFORE


@pytest.mark.parametrize('status, left', [
    # A finished resize has no task_state.
    ('finished', BEFORE), ('confirmed', {'VCPU': 1})])
@pytest.mark.parametrize('prefix', ['source', 'dest'])
def test_leaves_alone_who_is_moving(host, prefix, status, left):
    """From here and to here. What it has on the other side its migration
    holds, of which no server is known."""
    server = host.server(vfs=2)
    values = {'dest_compute': 'host', 'dest_node': 'node',
              'source_compute': 'other', 'source_node': 'other'}
    migration = host.migration(server, vfs=2, status=status, **(
        values if prefix == 'dest' else {}))
    host.repair()
    assert host.allocated(server) == left
    assert host.allocated(migration) == BEFORE


def test_a_move_of_another_node_of_this_service_does_not_matter(host):
    server = host.server(vfs=2)
    host.migration(server, source_node='another')
    host.repair()
    assert host.allocated(server) == {'VCPU': 1}


def test_others_are_repaired_while_one_is_moving(host):
    moving, settled = host.server(vfs=2), host.server(vfs=2)
    host.migration(moving)
    host.repair()
    assert host.allocated(moving) == BEFORE
    assert host.allocated(settled) == {'VCPU': 1}


def test_vfs_that_are_there_no_longer_are_given_back(host):
    """Such as after a change of device_spec."""
    server = host.server(vfs=2)
    host.hold()
    host.repair()
    assert host.allocated(server) == {'VCPU': 1}


def test_a_host_without_surplus_asks_once(host, traffic):
    """However many servers it has; it happens each minute."""
    servers = [host.server(vfs=1), host.server(vfs=1)]
    host.hold(*servers, free=2)
    node = host.node
    traffic.clear()
    host.repair()
    assert traffic.requests == [
        f'GET /resource_providers/{host.uuid}/allocations']
    looked, traffic.statements = traffic.statements, []
    assert host.node.uuid == node.uuid
    assert len(looked) == len(traffic.statements)


def test_a_write_of_somebody_else_comes_first(host, traffic, caplog):
    server = host.server(vfs=2)
    traffic.after(f'GET /allocations/{server}',
                  lambda: host.allocate(server, 2, vcpus=2))
    host.repair()
    assert host.allocated(server) == {VFS: 2, 'VCPU': 2}
    line, = warnings(caplog)
    assert server in line
    host.repair()
    assert host.allocated(server) == {'VCPU': 2}


@pytest.mark.parametrize('left', [None, 0, 1])
def test_what_changes_meanwhile_is_looked_at_again(host, traffic, left):
    """None: the server is deleted."""
    server = host.server(vfs=2)
    host.hold(*[server] * (left or 0), free=3)
    traffic.after(f'GET /resource_providers/{host.uuid}/allocations',
                  lambda: host.delete(server) if left is None
                  else host.allocate(server, left))
    traffic.clear()
    host.repair()
    assert host.allocated(server) == (
        {} if left is None else {'VCPU': 1, **({VFS: left} if left else {})})
    assert not any(line.startswith('PUT') for line in traffic.requests)


def test_what_placement_refuses_is_logged(host, caplog):
    """An inventory of somebody else has become too coarse."""
    server = host.server(vfs=2)
    host.publish(VCPU={'total': 8, 'min_unit': 2}, **{VFS: {'total': 4}})
    host.repair()
    assert host.allocated(server) == BEFORE
    line, = warnings(caplog)
    assert server in line


def test_a_server_has_what_its_migration_holds_too(host):
    """Resized on its host, it is allocated both flavors there."""
    server = host.server()
    migration = host.migration(server)
    assert allocations.by_server(host.context, {
        server: {VFS: 1}, migration: {VFS: 2}, uuids.unknown: {VFS: 4}}) == {
            VFS: {server: 3, uuids.unknown: 4}}


@pytest.mark.parametrize('others', [{}, {'storage': {'DISK_GB': 1}}])
def test_a_provider_without_resources_is_left_out(others):
    rest = {name: {'resources': resources}
            for name, resources in others.items()}
    payload = {'consumer_generation': 3, 'allocations': {
        'host': {'generation': 5, 'resources': {VFS: 1}}, **rest}}
    assert allocations.replaced(payload, 'host', {VFS: 0}) == {
        'consumer_generation': 3, 'allocations': rest}
