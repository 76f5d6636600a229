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

"""The tag ``managed`` of device_spec, where Nova's code paths need it."""

import json

from nova.tests.fixtures import libvirt as fakelibvirt
from nova.tests.functional.libvirt import base as stock
from nova.virt.libvirt import guest

from tests.functional.nova import base


class ManagedTest(stock.LibvirtMigrationMixin, base.SriovServersTest):

    def setUp(self):
        super().setUp()
        self.flags(device_detach_timeout=1, group='libvirt')
        self.write_sources_as_libvirt()

    def start_host_with(self, hostname, managed):
        self.flags(device_spec=[json.dumps({
            'vendor_id': fakelibvirt.PCI_VEND_ID,
            'product_id': fakelibvirt.VF_PROD_ID,
            'physical_network': base.PHYSNET, 'managed': managed})],
            group='pci')
        return self.start_host(hostname, num_vfs=1)

    def attached(self):
        """Collect what is attached to running guests from now on.

        :returns: list that grows by one element per device
        """
        elements, attach = [], guest.Guest.attach_device

        def spy(self, conf, **kwargs):
            elements.append(conf.format_dom())
            return attach(self, conf, **kwargs)

        self.stub_out('nova.virt.libvirt.guest.Guest.attach_device', spy)
        return elements

    def test_boot_and_live_migration(self):
        """A VF is attached at the destination while Nova still lists that
        of the source, with the same address, as the server's."""
        domains, attached = self.domain_xml(), self.attached()
        self.start_host_with('compute1', managed='true')
        self.start_host_with('compute2', managed='false')
        self.server = self.boot(self.create_port(), host='compute1')
        interface = domains[-1].find('./devices/interface')
        assert interface.get('managed') == 'yes'
        self.src, self.dest = (self.computes[hostname] for hostname in
                               ('compute1', 'compute2'))
        self._live_migrate(self.server, 'completed')
        assert self.migrate_stub_ran
        again, = attached
        assert again.get('type') == 'hostdev'
        assert again.get('managed') == 'no'
