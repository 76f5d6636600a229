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

"""The filter in Nova's own scheduler."""

import json
import logging

import nova.conf
from nova.tests.fixtures import libvirt as fakelibvirt

from nova_sriov_ext import conf
from tests.functional.nova import base

# A test says what it wants before the driver is loaded.
conf.register(nova.conf.CONF)


class FilterTest(base.SriovServersTest):

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(
            base.log_of('nova_sriov_ext', logging.INFO))

    def refused(self, *ports, **kwargs):
        """:returns: what the log says of it"""
        server = self.boot(*ports, expected_state='ERROR', **kwargs)
        assert 'No valid host' in server['fault']['message']
        return self.log.output

    def test_switchdev_is_asked_of_a_legacy_host(self):
        self.start_host(mode='legacy')
        port = self.create_port(profile={'capabilities': ['switchdev']})
        assert ('wrong_mode on 1 host(s), e.g. compute1: physnet4: 1 VF '
                'requested, none free of 2; 2 more are legacy, switchdev '
                'requested') in self.refused(port)

    def test_the_host_in_switchdev_mode_is_taken(self):
        self.start_host('compute1', mode='legacy')
        self.start_host('compute2', mode='switchdev')
        port = self.create_port(profile={'capabilities': ['switchdev']})
        assert self.boot(port)['OS-EXT-SRV-ATTR:host'] == 'compute2'

    def test_the_reserve_is_for_some_flavors(self):
        self.flags(vf_reserve={'physnet4': '50%'}, group='sriov')
        self.start_host(num_vfs=2)
        self.boot(self.create_port(1))
        assert ('reserved on 1 host(s), e.g. compute1: physnet4: 1 VF '
                'requested, 1 free of 2, 1 reserved') in self.refused(
                    self.create_port(2))
        lifting = self._create_flavor(
            extra_spec={'sriov:ignore_reserve': 'true'})
        self.boot(self.create_port(3), flavor_id=lifting)


class AssignedTest(base.SriovServersTest):
    """A trusted and a plain VF; the port that comes first takes either."""

    ADDITIONAL_FILTERS = ['SriovCapacityFilter', 'PciPassthroughFilter']

    def setUp(self):
        super().setUp()
        vf = {'vendor_id': fakelibvirt.PCI_VEND_ID,
              'product_id': fakelibvirt.VF_PROD_ID,
              'physical_network': base.PHYSNET}
        self.flags(group='pci', device_spec=[
            json.dumps(vf | {'address': '0000:81:00.*', 'trusted': 'true'}),
            json.dumps(vf | {'address': '0000:81:01.*', 'rack': '7',
                             'shelf': '2'})])
        self.assign()

    def test_the_scheduler_keeps_count_as_the_claim_does(self):
        """Nova's scheduler takes what it gave from the pools of the host
        itself, in the order of the requests, and fails where it cannot."""
        self.start_host(num_vfs=1, more_modes=('legacy',))
        self.boot(self.create_port(1),
                  self.create_port(2, profile={'trusted': 'true'}))
        assert self.vfs.of('enp129s0f0np0')[0]['trust'] == 1
