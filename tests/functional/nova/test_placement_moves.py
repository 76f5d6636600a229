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

"""Moves of a server that got a port after its boot."""

from nova import context
from nova import objects
from nova.tests.functional.api import client
from nova.tests.functional.libvirt import base as libvirt_base
import pytest

from tests.functional.nova import placement

Numbers = placement.Numbers


class MoveTest(placement.PlacementTest):

    def attached(self):
        """A server with one port of its boot and one attached since."""
        self.start_host('compute1', num_vfs=4)
        self.start_host('compute2', num_vfs=1)
        server = self.boot_on('compute1', self.create_port(1))
        self._attach_interface(server, self.create_port(2))
        self.update('compute1')
        return server

    def test_no_host_with_too_few_vfs(self):
        """Stock Nova takes compute2, where the claim then fails."""
        server = self.attached()
        requests = objects.RequestSpec.get_by_instance_uuid(
            context.get_admin_context(), server['id']).pci_requests.requests
        assert len(requests) == 1
        with pytest.raises(client.OpenStackApiException, match='NoValidHost'):
            self.migrate(server)
        assert self.numbers('compute1') == Numbers(4, reserved=1, used=1)
        assert self.numbers('compute2') == Numbers(1, reserved=0, used=0)

    def test_all_vfs_are_claimed(self):
        server = self.attached()
        self.start_host('compute3', num_vfs=4)
        server = self.migrate(server)
        assert server['OS-EXT-SRV-ATTR:host'] == 'compute3'
        assert self.numbers('compute3') == Numbers(4, reserved=0, used=2)
        assert self.numbers('compute1') == Numbers(4, reserved=1, used=1)
        self.update('compute1')
        assert self.numbers('compute1') == Numbers(4, reserved=1, used=1)
        self._revert_resize(server)
        for hostname in ('compute1', 'compute3'):
            self.update(hostname)
        assert self.numbers('compute3') == Numbers(4, reserved=0, used=0)
        assert self.numbers('compute1') == Numbers(4, reserved=1, used=1)

    def test_a_shelved_server_gives_back_its_vfs(self):
        server = self.attached()
        self._shelve_server(server)
        assert self.numbers('compute1') == Numbers(4, reserved=0, used=0)
        server = self._unshelve_server(server)
        assert server['OS-EXT-SRV-ATTR:host'] == 'compute1'
        assert self.numbers('compute1') == Numbers(4, reserved=0, used=2)

    def test_an_evacuated_server_has_its_vfs_elsewhere(self):
        server = self.attached()
        self.start_host('compute3', num_vfs=4)
        self.computes['compute1'].stop()
        self.api.put_service(self.api.get_services(
            host='compute1', binary='nova-compute')[0]['id'],
            {'forced_down': True})
        self._evacuate_server(server, expected_host='compute3')
        assert self.numbers('compute3') == Numbers(4, reserved=0, used=2)
        self.switch(True, 'compute1')
        assert self.numbers('compute1') == Numbers(4, reserved=0, used=0)
        assert self.numbers('compute3') == Numbers(4, reserved=0, used=2)


class LiveMigrationTest(libvirt_base.LibvirtMigrationMixin,
                        placement.PlacementTest):

    def test_both_hosts(self):
        self.src = self.computes[self.start_host('compute1', num_vfs=4)]
        self.dest = self.computes[self.start_host('compute2', num_vfs=4)]
        self.server = self.boot_on('compute1', self.create_port(1))
        self._live_migrate(self.server)
        for hostname in ('compute1', 'compute2'):
            self.update(hostname)
        assert self.numbers('compute1') == Numbers(4, reserved=0, used=0)
        assert self.numbers('compute2') == Numbers(4, reserved=0, used=1)
