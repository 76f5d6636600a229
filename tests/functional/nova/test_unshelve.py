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

"""Servers that are unshelved have the VFs of their new host, and no others.

With Nova's own claim they have them beside others.
"""

from tests.functional.nova import placement

Numbers = placement.Numbers


class UnshelveTest(placement.PlacementTest):

    def setUp(self):
        super().setUp()
        self.assign()
        self.write_sources_as_libvirt()

    def slot(self, port):
        """:returns: PCI address that it is bound to"""
        return self.neutron.show_port(
            port)['port']['binding:profile']['pci_slot']

    def slots(self, hostname, server):
        """:returns: PCI addresses that Nova has given it there"""
        return [device.address for device
                in self.computes[hostname].manager.rt.pci_tracker.pci_devs
                if device.instance_uuid == server['id']]

    def test_shelved_before_its_new_host_has_seen_it(self):
        self.start_host('compute1', num_vfs=1)
        self.start_host('compute2', num_vfs=4)
        server = self.boot_on('compute1', self.create_port(1))
        self._confirm_resize(self.migrate(server))
        # Now it has to come back to compute2.
        self.boot_on('compute1', self.create_port(2))
        self._shelve_server(server)
        server = self._unshelve_server(server)
        assert server['OS-EXT-SRV-ATTR:host'] == 'compute2'
        self.update('compute2')
        assert self.numbers('compute2') == Numbers(4, reserved=0, used=1)

    def test_evacuated_from_a_host_that_is_still_down(self):
        """Nova's own claim would bind its port to the VF there."""
        self.start_host('compute1', num_vfs=4)
        self.start_host('compute2', num_vfs=4)
        port = self.create_port(2)
        # Another address than those of compute2 that are free.
        self.boot_on('compute2', self.create_port(1))
        server = self.boot_on('compute1', port)
        before = self.slot(port)
        self.computes['compute1'].stop()
        service, = self.api.get_services(
            host='compute1', binary='nova-compute')
        self.api.put_service(service['id'], {'forced_down': True})
        self._evacuate_server(server, expected_host='compute2')
        self._shelve_server(server)
        server = self._unshelve_server(server)
        assert [self.slot(port)] == self.slots('compute2', server)
        assert self.slot(port) != before
        self.update('compute2')
        assert self.numbers('compute2') == Numbers(4, reserved=0, used=2)
