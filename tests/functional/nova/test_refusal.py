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

"""What cannot be placed or plugged: why, and nothing is left behind."""

import logging
from unittest import mock


from tests.functional.nova import base


class RefusalTest(base.SriovServersTest):

    def assert_all_free(self, hostname='compute1', total=2):
        self._run_periodics()
        found, = self.capacity(hostname)
        assert (found.total, found.free) == (total, total)

    def test_more_ports_than_vfs(self):
        self.start_host(num_vfs=2)
        log = self.useFixture(base.log_of('nova_sriov_ext', logging.INFO))
        server = self.boot(*(self.create_port(n) for n in (1, 2, 3)),
                           expected_state='ERROR')
        assert 'No valid host' in server['fault']['message']
        assert ('too_few_free on 1 host(s), e.g. compute1: physnet4: 3 VFs '
                'requested, 2 free of 2') in log.output
        self.assert_all_free()

    def test_the_host_with_a_free_vf_is_taken(self):
        self.start_host('compute1', num_vfs=1)
        self.start_host('compute2', num_vfs=2)
        server = self.boot(self.create_port(1), self.create_port(2))
        assert server['OS-EXT-SRV-ATTR:host'] == 'compute2'

    def test_vm_fex_port_without_a_profile_id(self):
        self.start_host('compute1')
        self.start_host('compute2')
        port = self.create_port(vif_type='802.1qbh', vif_details={})
        server = self.boot(port, expected_state='ERROR')
        message = server['fault']['message']
        assert f'Port {port}' in message
        assert 'port profile id is missing' in message
        assert '"profileid" in binding:vif_details' in message
        for hostname in ('compute1', 'compute2'):
            self.assert_all_free(hostname)

    def test_vm_fex_port_with_a_profile_id_too_long_for_libvirt(self):
        self.start_host()
        port = self.create_port(vif_type='802.1qbh',
                                vif_details={'profileid': 'x' * 40})
        message = self.boot(
            port, expected_state='ERROR')['fault']['message']
        assert f'Port {port}' in message
        assert '40 bytes, libvirt takes at most 39' in message
        self.assert_all_free()

    def test_a_host_that_cannot_plug_is_left_for_another(self):
        """The first host's plugin fails; Nova reschedules."""
        def check(instance, vif):
            assert vif.plugin == 'vflag'

        failing, plug = base.plug_that_fails_once(check)
        for hostname in ('compute1', 'compute2'):
            self.start_host(hostname)
        port = self.create_port(vif_type='ovs')
        with mock.patch('nova.virt.libvirt.vif.LibvirtGenericVIFDriver.'
                        '_plug_os_vif', base.through_os_vif(plug)):
            server = self.boot(port)
        first, = failing
        assert server['OS-EXT-SRV-ATTR:host'] != first
        self.assert_all_free(first)
