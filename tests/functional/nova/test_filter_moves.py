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

"""The filter alone, without the stock one, where Nova filters again."""

import json

import fixtures
from nova.tests.fixtures import libvirt as fakelibvirt
from nova.tests.functional.api import client
import pytest

from tests.functional.nova import placement


class AliasTest(placement.PlacementTest):
    """A flavor whose alias takes a VF of the card, on compute1 with two
    VFs and compute2 with one."""

    def setUp(self):
        super().setUp()
        self.flags(group='pci', alias=[json.dumps({
            'vendor_id': fakelibvirt.PCI_VEND_ID,
            'product_id': fakelibvirt.VF_PROD_ID, 'name': 'a1',
            'device_type': 'type-VF'})])
        self.flavors = {count: self._create_flavor(
            vcpu=1, extra_spec={'pci_passthrough:alias': f'a1:{count}'})
            for count in (1, 2)}
        # The fixture's servers have no disk to copy.
        self.useFixture(fixtures.MockPatch(
            'nova.virt.libvirt.driver.LibvirtDriver'
            '.migrate_disk_and_power_off', return_value='{}'))
        for hostname, vfs in ('compute1', 2), ('compute2', 1):
            self.start_host(hostname, num_vfs=vfs)

    def create(self, count, **kwargs):
        return self._create_server(
            flavor_id=self.flavors[count], networks='none', **kwargs)

    def free(self):
        """:returns: list, free VFs of compute1 and compute2"""
        return [sum(c.free for c in self.capacity(f'compute{number}'))
                for number in (1, 2)]

    def where(self, server):
        return self.api.get_server(server['id'])['OS-EXT-SRV-ATTR:host']

    def test_multi_create(self):
        """The scheduler keeps count from one server to the next."""
        body = self._build_server(
            flavor_id=self.flavors[1], networks='none')
        body.update(min_count=3, max_count=3)
        self.api.post_server({'server': body})
        for server in self.api.get_servers(detail=False):
            self._wait_for_state_change(server, 'ACTIVE')
        assert self.free() == [0, 0]

    def test_rebuild_resize_and_unshelve(self):
        server = self.create(1, host='compute2')
        server = self._rebuild_server(
            server, '155d900f-4e14-4e4c-a73d-069cbf4541e6')
        assert (self.where(server), self.free()) == ('compute2', [2, 0])
        other = self.create(2)
        with pytest.raises(client.OpenStackApiException, match='NoValidHost'):
            self._resize_server(server, self.flavors[2])
        self._delete_server(other)
        server = self._resize_server(server, self.flavors[2])
        assert self.where(server) == 'compute1'
        self._confirm_resize(server)
        self._shelve_server(server)
        self.update('compute1')
        assert self.free() == [2, 1]
        server = self._unshelve_server(server)
        assert (self.where(server), self.free()) == ('compute1', [0, 1])

    def test_an_evacuated_server_goes_where_vfs_are_free(self):
        server = self.create(1, host='compute1')
        self.create(1, host='compute2')
        self.start_host('compute3', num_vfs=1)
        self.computes['compute1'].stop()
        self.api.put_service(self.api.get_services(
            host='compute1', binary='nova-compute')[0]['id'],
            {'forced_down': True})
        server = self._evacuate_server(server, expected_host='compute3')
        assert self.where(server) == 'compute3'
