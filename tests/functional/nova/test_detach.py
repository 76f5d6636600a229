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

"""Interfaces of servers that run: attached, detached, found in between.

Nova finds the device to detach by the type and the ``==`` of what get_config
returns; where it finds none, it only warns, and unplugs what is still there.
"""

import logging

from tests.functional.nova import base
from tests.functional.nova import placement

NOT_FOUND = 'the device is no longer found on the guest'

KINDS = {
    'hw_veb': {},
    '802.1qbh': {'vif_details': {'profileid': 'gold'}},
    'ovs': {},
}


class DetachTest(base.SriovServersTest):

    def setUp(self):
        super().setUp()
        # The fixture sends no event when a device is gone.
        self.flags(device_detach_timeout=1, group='libvirt')
        self.write_sources_as_libvirt()
        self.start_host()
        self.log = self.useFixture(
            base.log_of('nova.virt.libvirt.driver', logging.WARNING))

    def test_detach_and_attach(self):
        for kind, binding in KINDS.items():
            with self.subTest(kind):
                self.check(
                    self.create_port(vif_type=kind, **binding))

    def check(self, port):
        server = self.boot(port)
        before, = self.interfaces()
        self.api.detach_interface(server['id'], port)
        self.wait('instance.interface_detach.end')
        assert self.interfaces() == []
        self.api.attach_interface(
            server['id'], {'interfaceAttachment': {'port_id': port}})
        self.wait('instance.interface_attach.end')
        after, = self.interfaces()
        assert after.find('mac').get('address') == before.find(
            'mac').get('address')
        assert NOT_FOUND not in self.log.output
        self._delete_server(server)
        self.neutron.delete_port(port)

    def wait(self, event):
        self.notifier.wait_for_versioned_notifications(event)
        self.notifier.reset()

    def test_hard_reboot_and_rebuild_keep_the_interface(self):
        """They make the domain anew; what it gets is the same."""
        domains = self.domain_xml()
        server = self.boot(self.create_port())
        for action in ('hard reboot', 'rebuild'):
            if action == 'rebuild':
                self._rebuild_server(server, server['image']['id'])
            else:
                self._reboot_server(server, hard=True)
        interfaces = [base.canonical(domain.find('./devices/interface'))
                      for domain in domains]
        assert len(interfaces) == 3
        assert len(set(interfaces)) == 1


class EvacuatedTest(placement.PlacementTest):

    def setUp(self):
        self.flags(claim_policy='assign', group='sriov')
        super().setUp()
        self.flags(device_detach_timeout=1, group='libvirt')
        self.write_sources_as_libvirt()

    def evacuated(self, port):
        """:returns: a server of compute2 that came from a host still down"""
        for hostname in 'compute1', 'compute2':
            self.start_host(hostname, num_vfs=4)
        server = self.boot(port, host='compute1')
        self.computes['compute1'].stop()
        service, = self.api.get_services(
            host='compute1', binary='nova-compute')
        self.api.put_service(service['id'], {'forced_down': True})
        self._evacuate_server(server, expected_host='compute2')
        return server

    def test_a_server_without_that_port_starts(self):
        """Nova's own driver looks for the request of each device in its
        list, those on the old host included (KeyError)."""
        port = self.create_port(1)
        server = self.evacuated(port)
        self._detach_interface(server, port)
        self._start_server(server)
        rebuilt = self._rebuild_server(
            server, '155d900f-4e14-4e4c-a73d-069cbf4541e6')
        assert rebuilt['status'] == 'ACTIVE'

    def test_its_vf_is_free_while_the_old_host_is_down(self):
        """Nova's own claim keeps it for as long as the server lives."""
        port = self.create_port(1)
        server = self.evacuated(port)
        self.update('compute2')
        assert self.numbers('compute2').used == 1
        self._detach_interface(server, port)
        self.update('compute2')
        assert self.numbers('compute2') == placement.Numbers(
            total=4, reserved=0, used=0)
