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

"""Taking the VFs of a host out of Placement, whatever goes on there."""

import types

import pytest
import requests

from nova_sriov_ext.placement import api
from nova_sriov_ext.placement import names
from nova_sriov_ext.placement import purge
from nova_sriov_ext.report import document
from tests.unit.placement import host as hosts

VFS = hosts.VFS
SWITCHDEV = names.mode_class('switchdev', 'physnet2')
FOREIGN = names.physnet_trait(VFS), names.physnet_trait('OTHER')


@pytest.fixture
def published(host, traffic):
    """:returns: a host.Host with 4 VFs in Placement"""
    host.hold(free=4)
    host.update()
    traffic.clear()
    return host


@pytest.fixture
def run(published, traffic):
    """:returns: function that purges; how often all was read"""
    def run(*more_traits):
        traffic.clear()
        purger(published, *more_traits).run()
        return traffic.requests.count(
            f'GET /resource_providers/{published.uuid}/traits')
    return run


def purger(host, *more_traits):
    return purge.Purge(api.Api(host.client), host.uuid, more_traits)


def test_all_goes_and_nothing_else(published, run, traffic):
    host = published
    storage = hosts.Host(host.client, 'storage')
    storage.update()
    server, migration = host.server(vfs=1), host.server(vfs=2)
    host.server()
    assert host.allocate(migration, 2, vcpus=0)
    mine = {host.uuid: {'resources': {VFS: 1, 'VCPU': 1}}}
    theirs = {storage.uuid: {'resources': {'VCPU': 2}}}
    assert host.put(server, mine | theirs)
    host.set_traits('CUSTOM_RACK_3', *host.traits())

    assert purger(host).find() == [purge.Found(VFS, consumers=2, vfs=3)]
    assert host.numbers() == (4, 0, 3)
    assert run() == 1
    assert host.classes() == {'VCPU'}
    assert host.allocated(server) == {'VCPU': 1}
    assert host.allocated(migration) == {}
    assert storage.allocated(server) == {'VCPU': 2}
    assert host.traits() == {'CUSTOM_RACK_3'}

    assert purger(host).find() == []
    assert run() == 1
    assert all(line.startswith('GET') for line in traffic.requests)


def test_classes_are_counted_one_by_one(published):
    host = published
    host.hold(free=3, spec=hosts.SPEC.replace('physnet2', 'a'))
    host.update()
    host.allocate(host.server(), 2, vf_class=names.vf_class('a'))
    assert purger(host).find() == [
        purge.Found(names.vf_class('a'), consumers=1, vfs=2),
        purge.Found(VFS, consumers=0, vfs=0)]


def test_the_classes_of_modes_go_as_well(published, run):
    host = published
    host.update([document.Row('0000:03:00.0', 'physnet2', 4, 'switchdev')])
    both, plain = host.instance().uuid, host.server(vfs=1)
    assert host.put(both, {host.uuid: {'resources': {
        'VCPU': 1, VFS: 2, SWITCHDEV: 2}}})
    assert purger(host).find() == [
        purge.Found(SWITCHDEV, consumers=1, vfs=2),
        purge.Found(VFS, consumers=2, vfs=3)]
    assert run() == 1
    assert host.classes() == {'VCPU'}
    assert host.allocated(both) == host.allocated(plain) == {'VCPU': 1}


def test_traits_set_by_hand_go_by_name(published, run):
    host = published
    run()
    host.set_traits('CUSTOM_RACK_3', *FOREIGN)
    assert purger(host).find() == []
    assert purger(host, *FOREIGN, 'CUSTOM_PHYSNET_9').find() == list(map(
        purge.Found, sorted(FOREIGN)))
    assert run(FOREIGN[0]) == 1
    assert host.traits() == {'CUSTOM_RACK_3', FOREIGN[1]}


def test_allocation_rewritten_meanwhile(published, run, traffic):
    host = published
    server = host.server(vfs=1)
    traffic.after(f'GET /allocations/{server}',
                  lambda: host.allocate(server, 1, vcpus=2))
    assert run() == 2
    assert host.classes() == {'VCPU'}
    assert host.allocated(server) == {'VCPU': 2}


def test_server_deleted_meanwhile(published, run, traffic):
    host = published
    server = host.server(vfs=1)
    traffic.after(f'GET /resource_providers/{host.uuid}/allocations',
                  lambda: host.delete(server))
    assert run() == 1
    assert host.classes() == {'VCPU'}


def test_traits_set_meanwhile(published, run, traffic):
    host = published
    traffic.after(f'GET /resource_providers/{host.uuid}/traits',
                  lambda: host.set_traits('CUSTOM_RACK_3', VFS))
    assert run() == 2
    assert host.traits() == {'CUSTOM_RACK_3'}
    assert host.classes() == {'VCPU'}


def test_server_booted_meanwhile(published, run, traffic):
    host = published
    traffic.after(f'GET /resource_providers/{host.uuid}/inventories',
                  lambda: host.server(vfs=1))
    assert run() == 2
    assert host.classes() == {'VCPU'}


def test_inventory_removed_meanwhile(published, run, traffic):
    host = published
    url = f'/resource_providers/{host.uuid}/inventories'
    traffic.after(f'GET {url}',
                  lambda: host.client.delete(f'{url}/{VFS}', version='1.28'))
    assert run() == 1
    assert host.classes() == {'VCPU'}


def test_what_placement_refuses_is_said(published, run):
    """An inventory of somebody else has become too coarse."""
    host = published
    server = host.server(vfs=1)
    host.publish(VCPU={'total': 8, 'min_unit': 2}, **{VFS: {'total': 4}})
    with pytest.raises(api.PlacementError) as error:
        run()
    assert str(error.value).startswith(
        f'/allocations/{server}: There was a conflict')
    assert host.allocated(server) == {VFS: 1, 'VCPU': 1}


def test_who_writes_all_the_time_is_pointed_at(published, run, traffic):
    host = published
    url = f'/resource_providers/{host.uuid}'

    def publish(number):
        host.set_traits(VFS, f'CUSTOM_{number}')
        traffic.after(f'GET {url}/traits', lambda: publish(number + 1))

    publish(0)
    with pytest.raises(api.PlacementError) as error:
        run()
    assert str(error.value) == (
        f'{url}: something changes it all the time. Is claim_in_placement '
        'still on there?')


@pytest.mark.parametrize('method, what', [
    ('put', 'traits'), ('delete', f'inventories/{VFS}')])
def test_what_nobody_may_write_is_said(published, method, what):
    """By Placement's policy, or what is in front of it."""
    host, forbidden = published, requests.Response()
    forbidden.status_code = 403
    client = types.SimpleNamespace(**{
        'get': host.client.get, 'put': host.client.put,
        method: lambda *args, **kwargs: forbidden})
    with pytest.raises(api.PlacementError) as error:
        purge.Purge(api.Api(client), host.uuid).run()
    assert str(error.value) == (
        f'/resource_providers/{host.uuid}/{what}: HTTP 403')
