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

"""API → scheduler with the filter → compute with the driver → XML."""

import logging

import fixtures
import nova.conf
from nova import context
from nova import objects

from nova_sriov_ext import conf
from nova_sriov_ext.report import document
from tests.functional.nova import base

# A test says what it wants before the driver is loaded.
conf.register(nova.conf.CONF)


class BootTest(base.SriovServersTest):

    def test_legacy_port_gets_its_vlan(self):
        self.start_host()
        interface = self.boot_and_get_interface()
        assert interface.find('vlan/tag').get('id') == '42'
        assert interface.find('virtualport') is None

    def test_vm_fex_port_gets_its_profile(self):
        self.start_host()
        interface = self.boot_and_get_interface(
            vif_type='802.1qbh', vif_details={'profileid': 'my-port-profile'})
        virtualport = interface.find('virtualport')
        assert virtualport.get('type') == '802.1Qbh'
        parameters = virtualport.find('parameters')
        assert parameters.get('profileid') == 'my-port-profile'
        assert interface.find('vlan') is None

    def test_switchdev_port_gets_neither(self):
        self.start_host(mode='switchdev')
        interface = self.boot_and_get_interface(
            vif_type='ovs', vif_details={'vlan': '42'},
            profile={'capabilities': ['switchdev']})
        assert interface.find('vlan') is None
        assert interface.find('virtualport') is None

    def boot_and_get_interface(self, **binding):
        """Boot a server with one port.

        :returns: its ``<interface>`` after what every kind has in common was
            checked: hostdev, managed, MAC, and the VF that Neutron was given
        """
        domains = self.domain_xml()
        port = self.create_port(**binding)
        self.boot(port)
        interface, = domains[-1].findall('./devices/interface')
        bound = self.neutron.show_port(port)['port']
        address = interface.find('source/address')
        assert interface.get('type') == 'hostdev'
        assert interface.get('managed') == 'yes'
        assert interface.find('mac').get('address') == bound['mac_address']
        assert bound['binding:profile']['pci_slot'] == '{}:{}:{}.{}'.format(
            *(address.get(part).removeprefix('0x')
              for part in ('domain', 'bus', 'slot', 'function')))
        return interface


class CapacityTest(base.SriovServersTest):

    def numbers(self):
        found, = self.capacity()
        return found.mode, found.total, found.used, found.free

    def test_follows_boot_and_delete(self):
        mode = 'switchdev'
        self.start_host(mode=mode)
        assert self.numbers() == (mode, 2, 0, 2)
        server = self.boot(self.create_port())
        self._run_periodics()
        assert self.numbers() == (mode, 2, 1, 1)
        self._delete_server(server)
        self._run_periodics()
        assert self.numbers() == (mode, 2, 0, 2)

    def test_is_no_longer_reported_when_turned_off(self):
        self.start_host()
        self.flags(report_capacity=False, group='sriov')
        self.restart_compute_service('compute1')
        assert self.numbers() == ('unknown', None, None, 2)


class UnreadableTest(base.SriovServersTest):
    """For a while the kernel does not show the cards of a host."""

    def setUp(self):
        super().setUp()
        self.assign()

    def reported(self):
        node = objects.ComputeNode.get_by_nodename(
            context.get_admin_context(), 'compute1')
        return document.read(node.stats)

    def test_it_goes_on_as_before(self):
        self.start_host(mode='switchdev')
        before = self.reported()
        assert (before.claim, before.rows[0].mode) == ('assign', 'switchdev')
        log = self.useFixture(base.log_of('nova_sriov_ext', logging.INFO))
        self.useFixture(fixtures.MonkeyPatch(
            'nova_sriov_ext.virt.libvirt.driver.Host', self.unreadable))
        for _ in range(2):
            self._run_periodics()
            assert self.reported() == before
        assert log.output.count('cannot be read') == 1
        self.boot(self.create_port(profile={'capabilities': ['switchdev']},
                                   vif_type='ovs'))
        # A new process knows nothing; what is counted and claimed, it does.
        self.restart_compute_service('compute1')
        found = self.reported()
        assert (found.claim, found.rows[0].mode, found.rows[0].vfs) == (
            'assign', 'unknown', 2)

    @staticmethod
    def unreadable():
        raise OSError(5, 'Input/output error')
