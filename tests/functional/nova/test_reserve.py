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

"""The reserve where the filter is not called, and on moves."""

import fixtures
from nova.tests.functional.api import client
import pytest

from tests.functional.nova import base
from tests.functional.nova import test_claim


class ReserveTest(test_claim.AssigningTest):

    def reserve(self, rule):
        self.flags(vf_reserve={base.PHYSNET: rule}, group='sriov')

    def test_attached_and_forced(self):
        self.start_host(num_vfs=3)
        self.reserve('50%')
        server = self.boot(self.create_port(1))
        ports = self.create_port(2), self.create_port(3)
        with pytest.raises(client.OpenStackApiException,
                           match='InterfaceAttachPciClaimFailed|400'):
            self._attach_interface(server, ports[0])
        refused = self.boot(ports[0], az='nova:compute1',
                            expected_state='ERROR')
        assert ('physnet4: 1 VF requested, 2 free of 3, 2 reserved'
                in refused['fault']['message'])
        assert self.capacity()[0].free == 2
        self._delete_server(refused)
        lifting = self._create_flavor(
            extra_spec={'sriov:ignore_reserve': 'true'})
        server = self.boot(ports[0], flavor_id=lifting, az='nova:compute1')
        self._attach_interface(server, ports[1])

    def test_a_resize_on_its_own_host_needs_no_reserve(self):
        """On its own host a server gives back what it has."""
        self.flags(allow_resize_to_same_host=True)
        self.useFixture(fixtures.MockPatch(
            'nova.virt.libvirt.driver.LibvirtDriver'
            '.migrate_disk_and_power_off', return_value='{}'))
        self.start_host()
        server = self.boot(self.create_port(1))
        self.reserve('1')
        self._resize_server(server, self._create_flavor(vcpu=1))
        self._confirm_resize(server)
        self.start_host('compute2')
        self.reserve('2')
        self.computes['compute1'].stop()
        self.api.put_service(self.api.get_services(
            host='compute1', binary='nova-compute')[0]['id'],
            {'forced_down': True})
        self.flags(evacuation_uses_reserve=False, group='sriov')
        with pytest.raises(client.OpenStackApiException, match='NoValidHost'):
            self.api.post_server_action(server['id'], {'evacuate': {}})
        self.flags(evacuation_uses_reserve=True, group='sriov')
        self._evacuate_server(
            server, expected_state='ACTIVE', expected_host='compute2')
