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

"""A resize that a host takes, gives back, and another takes."""

from unittest import mock

from nova.compute import rpcapi
import oslo_messaging

from tests.functional.nova import test_claim_moves


class Rescheduled(test_claim_moves.MoveTest):
    """With Nova's own claim the VF that the first host gave back stays in the
    server's list of devices. It is freed once more when the resize is
    confirmed, whoever has it by then."""

    def setUp(self):
        super().setUp()
        self.flags(allow_resize_to_same_host=True)

    def resized(self):
        """:returns: a server that was about to be resized on its own host and
            was resized to compute2
        """
        self.start_host('compute1', num_vfs=2)
        self.start_host('compute2', num_vfs=2)
        server = self.boot(self.create_port(1), host='compute1')
        send, failed = rpcapi.ComputeAPI.resize_instance, []

        def fails_once(*args, **kwargs):
            if not failed:
                failed.append(True)
                raise oslo_messaging.MessageDeliveryFailure('broken')
            return send(*args, **kwargs)

        with mock.patch.object(rpcapi.ComputeAPI, 'resize_instance',
                               fails_once), mock.patch(
                'nova.virt.libvirt.driver.LibvirtDriver'
                '.migrate_disk_and_power_off', return_value='{}'):
            server = self._resize_server(server, self._create_flavor())
        assert server['OS-EXT-SRV-ATTR:host'] == 'compute2'
        assert self.statuses('compute1') == ['allocated', 'available']
        return server


class RescheduledTest(Rescheduled):

    def test_the_neighbour_keeps_its_vf(self):
        server = self.resized()
        self.boot(self.create_port(2), host='compute1')
        assert self.statuses('compute1') == ['allocated'] * 2
        self._confirm_resize(server)
        assert self.statuses('compute1') == ['allocated', 'available']


class StockRescheduledTest(Rescheduled):

    COMPUTE_DRIVER = 'libvirt.LibvirtDriver'

    def test_the_neighbour_loses_its_vf(self):
        server = self.resized()
        self.boot(self.create_port(2), host='compute1')
        self._confirm_resize(server)
        assert self.statuses('compute1') == ['available'] * 2
