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


"""CPUs, memory and disk of hosts in a real Placement: as many servers as are
counted can be allocated there, and not one more."""

from nova import objects
from nova.scheduler import utils
from oslo_utils import uuidutils
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.cmd import rooms
from nova_sriov_ext.cmd import server_request
from nova_sriov_ext.placement import api
from tests.unit.placement.conftest import client
from tests.unit.placement.conftest import traffic

__all__ = ['client', 'traffic']

VERSION = '1.36'


class Placement:

    def __init__(self, client):
        self._client = client

    def provider(self, name, parent=None, traits=(), aggregate=None,
                 **inventories):
        """:param inventories: resource class → total, or what Placement has
            of it
        """
        uuid = getattr(uuids, name)
        self.put('/resource_providers', {
            'name': name, 'uuid': uuid, **(
                {'parent_provider_uuid': getattr(uuids, parent)}
                if parent else {})}, post=True)
        self.put(f'/resource_providers/{uuid}/inventories', {
            'resource_provider_generation': 0, 'inventories': {
                key: value if isinstance(value, dict) else {'total': value}
                for key, value in inventories.items()}})
        self.put(f'/resource_providers/{uuid}/traits', {
            'resource_provider_generation': 1, 'traits': list(traits)})
        if aggregate:
            self.put(f'/resource_providers/{uuid}/aggregates', {
                'resource_provider_generation': self.generation(uuid),
                'aggregates': [aggregate]})

    def generation(self, uuid):
        return self._client.get(f'/resource_providers/{uuid}',
                                version=VERSION).json()['generation']

    def put(self, url, body, post=False):
        done = (self._client.post if post else self._client.put)(
            url, body, version=VERSION)
        assert done.status_code < 300, done.text
        return done

    def allocate(self, spec, host):
        """Take room for one server, of the first candidate of a host.

        :returns: whether there is one
        """
        query = utils.ResourceRequest.from_request_spec(
            spec).to_querystring()
        answer = self._client.get(
            f'/allocation_candidates?{query}', version=VERSION).json()
        for one in answer['allocation_requests']:
            if any(answer['provider_summaries'][uuid]['root_provider_uuid']
                   == host for uuid in one['allocations']):
                self.put(f'/allocations/{uuidutils.generate_uuid()}', {
                    'allocations': one['allocations'], 'project_id': 'p',
                    'user_id': 'u', 'consumer_generation': None})
                return True
        return False


def server(vcpus=4, memory=512, disk=10, is_bfv=False, **extra_specs):
    return objects.RequestSpec(
        is_bfv=is_bfv, flavor=objects.Flavor(
            vcpus=vcpus, memory_mb=memory, root_gb=disk, ephemeral_gb=0,
            swap=0, extra_specs={key.replace('__', ':'): value for key, value
                                 in extra_specs.items()}))


@pytest.fixture
def placement(client):
    return Placement(client)


def room(client, spec, host='host', vfs=None):
    return rooms.Rooms(api.Api(client), spec).of(
        getattr(uuids, host), vfs or {})


def all_allocated(placement, client, spec, host='host'):
    """Allocate as many as there is room for, and try one more.

    :returns: (how many, the room of before)
    """
    found = room(client, spec, host)
    for _ in range(found.servers):
        assert placement.allocate(spec, getattr(uuids, host))
    assert not placement.allocate(spec, getattr(uuids, host))
    after = room(client, spec, host)
    assert after.servers == 0
    return found.servers, found


@pytest.mark.parametrize('spec, servers', [
    (server(), 3),
    (server(disk=100), 2),
    (server(disk=100, is_bfv=True), 3),
    (server(vcpus=1, memory=1024), 7),
    (server(memory=9999), 0),
    (server(vcpus=1, memory=256, disk=0), 14),
    (server(resources__VCPU='2'), 7),
    (server(hw__cpu_policy='dedicated', vcpus=3), 2),
    (server(trait__CUSTOM_FAST='required'), 3),
    (server(trait__CUSTOM_FAST='forbidden'), 0),
    (server(trait__HW_CPU_X86_AVX='required'), 0),
    (server(vcpus=9), 0),          # more than max_unit, less than is free
    (server(memory=300), 0),       # not of the step size
    (server(resources__VGPU='1'), 0),
])
def test_what_is_counted_can_be_allocated(conf, placement, client, spec,
                                          servers):
    placement.put('/traits/CUSTOM_FAST', None)
    placement.provider(
        'host', traits=['CUSTOM_FAST'], DISK_GB=200, PCPU=7,
        VCPU={'total': 8, 'reserved': 1, 'allocation_ratio': 2.0,
              'max_unit': 8},
        MEMORY_MB={'total': 8192, 'reserved': 512, 'step_size': 256})
    assert all_allocated(placement, client, spec)[0] == servers


@pytest.mark.parametrize('spec, why', [
    (server(trait__CUSTOM_FAST='forbidden'),
     'it has the forbidden trait CUSTOM_FAST'),
    (server(trait__HW_CPU_X86_AVX='required'),
     'it lacks the trait HW_CPU_X86_AVX'),
    (server(vcpus=5), 'VCPU: it does not give 5 to one server (min_unit, '
                      'max_unit or step_size)'),
])
def test_why_there_is_no_room(conf, placement, client, spec, why):
    placement.put('/traits/CUSTOM_FAST', None)
    placement.provider(
        'host', traits=['CUSTOM_FAST'], DISK_GB=200, MEMORY_MB=8192,
        VCPU={'total': 4, 'allocation_ratio': 2.0, 'max_unit': 4})
    assert room(client, spec).why == why


def test_a_resource_of_two_providers_below_a_host(conf, placement, client):
    """3 + 3 are free: two servers that need 2 each, not three."""
    placement.provider('host', VCPU=64, MEMORY_MB=8192, DISK_GB=200)
    for name in ('gpu1', 'gpu2'):
        placement.provider(name, parent='host', VGPU=3)
    spec = server(vcpus=1, resources__VGPU='2')
    assert all_allocated(placement, client, spec)[0] == 2


def test_storage_that_hosts_share(conf, placement, client):
    placement.provider('storage', aggregate=uuids.aggregate, DISK_GB=35,
                       traits=['MISC_SHARES_VIA_AGGREGATE'])
    for name in ('host', 'other'):
        placement.provider(name, aggregate=uuids.aggregate, VCPU=64,
                           MEMORY_MB=8192)
    assert all_allocated(placement, client, server(vcpus=1))[0] == 3
    assert room(client, server(vcpus=1), 'other').servers == 0


def test_vfs_are_a_bound_too(conf, placement, client):
    placement.put('/resource_classes/CUSTOM_SRIOV_VF_X', None)
    placement.provider('host', VCPU=64, MEMORY_MB=8192, DISK_GB=200,
                       CUSTOM_SRIOV_VF_X={'total': 8, 'reserved': 3})
    found = room(client, server(vcpus=1), vfs={'CUSTOM_SRIOV_VF_X': 2,
                                               'CUSTOM_SRIOV_VF_Y': 1})
    assert [str(bound) for bound in found.bounds[-2:]] == [
        'CUSTOM_SRIOV_VF_X: 5 free, 2 each, enough for 2',
        'CUSTOM_SRIOV_VF_Y: none free, 1 each, enough for 0']


def test_a_host_that_is_not_in_placement(conf, placement, client):
    assert room(client, server()).why == 'MEMORY_MB: not 512 free'


def test_a_flavor_of_nothing(conf, client):
    with pytest.raises(server_request.Unanswerable, match='no CPU, memory'):
        room(client, server(vcpus=0, memory=0, disk=0))


def test_two_requests_serve_for_any_number_of_hosts(conf, placement, client,
                                                    traffic):
    for number in range(9):
        placement.provider(f'host{number}', VCPU=number + 1, MEMORY_MB=8192,
                           DISK_GB=200)
    traffic.clear()
    found = rooms.Rooms(api.Api(client), server(vcpus=2))
    assert [found.of(getattr(uuids, f'host{number}'), {}).servers
            for number in range(9)] == [0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert len(traffic.requests) == 2
