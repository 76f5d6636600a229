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

"""What the commands read in Placement, and the errors they show."""

from oslo_utils.fixture import uuidsentinel as uuids
import pytest
import requests

from nova_sriov_ext.placement import allocations
from nova_sriov_ext.placement import api
from tests.unit.placement import host as hosts


@pytest.fixture
def placement(client):
    return api.Api(client)


def test_hosts_are_the_providers_without_a_parent(placement, client):
    for name, parent in ('b', None), ('a', None), ('b_NET', uuids.b):
        assert client.post('/resource_providers', {
            'name': name, 'uuid': getattr(uuids, name),
            'parent_provider_uuid': parent}, version='1.14')
    found = [('a', uuids.a), ('b', uuids.b)]
    assert placement.providers() == found
    assert placement.providers(['b', 'a']) == found
    assert placement.providers(['b']) == found[1:]
    with pytest.raises(api.PlacementError) as error:
        placement.providers(['d', 'b', 'c'])
    assert str(error.value) == (
        'Placement does not know host c, d. Give names as "openstack '
        'hypervisor list" shows them.')


def test_inventories_are_those_of_vfs_and_usages_are_all(placement, host):
    host.hold(free=4)
    host.update()
    server = host.server(vfs=1)
    found = placement.inventories(host.uuid)
    assert list(found) == [hosts.VFS]
    assert found[hosts.VFS]['total'] == 4
    assert placement.usages(host.uuid) == {hosts.VFS: 1, 'VCPU': 1}
    assert allocations.of_provider(client=host.client, context=host.context,
                                   provider=host.uuid) == {
        server: {hosts.VFS: 1}}


def test_an_error_has_the_words_of_placement(placement):
    url = f'/resource_providers/{uuids.unknown}/usages'
    with pytest.raises(api.PlacementError) as error:
        placement.usages(uuids.unknown)
    assert str(error.value) == (
        f'{url}: The resource could not be found. No resource provider with '
        f'uuid {uuids.unknown} found: No resource provider with uuid '
        f'{uuids.unknown} found')


@pytest.mark.parametrize('content', [b'<html>', b'[]', b'{"errors": []}'])
def test_an_error_of_what_is_in_front_of_placement(content):
    response = requests.Response()
    response.status_code, response._content = 502, content
    with pytest.raises(api.PlacementError, match=r'^/traits: HTTP 502$'):
        api.Api.check(response, '/traits')
