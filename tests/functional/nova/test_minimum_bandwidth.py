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

"""A port's VF is of the PF that has its minimum bandwidth."""

import uuid

import fixtures
from nova import context
from nova import objects
import nova.conf
from nova.tests.functional.libvirt import base as libvirt_base
import os_resource_classes as orc

from nova_sriov_ext import conf
from tests.functional.nova import base
from tests.functional.nova import test_claim

# A test says what it wants before the driver is loaded.
conf.register(nova.conf.CONF)

# As Neutron has it: SriovNicSwitchMechanismDriver and
# neutron_lib.placement.utils.
NAMESPACE = uuid.UUID('87f1895c-73bb-11e8-9008-c4d987b2a692')
EXTENSION = {'alias': 'port-resource-request-groups', 'description': '',
             'name': 'Port Resource Request Groups', 'links': [],
             'updated': '2021-08-02T10:00:00-00:00'}
PHYSNET = f'CUSTOM_PHYSNET_{base.PHYSNET.upper()}'
VNIC_TYPES = ['CUSTOM_VNIC_TYPE_DIRECT', 'CUSTOM_VNIC_TYPE_MACVTAP']


def resources(kilobit):
    return {orc.NET_BW_EGR_KILOBIT_PER_SEC: kilobit,
            orc.NET_BW_IGR_KILOBIT_PER_SEC: kilobit}


class BandwidthTest(libvirt_base.LibvirtMigrationMixin,
                    test_claim.AssigningTest):
    """Computes with two PFs on one physnet, ``00`` and ``01``."""

    def setUp(self):
        super().setUp()
        extensions = self.neutron.list_extensions()['extensions']
        self.neutron.list_extensions = lambda *_, **__: {
            'extensions': [*extensions, EXTENSION]}
        for trait in (PHYSNET, *VNIC_TYPES):
            self._create_trait(trait)

    def start_host(self, hostname, pfs=(0, 1), **kwargs):
        """:param pfs: numbers of those with bandwidth in Placement"""
        super().start_host(hostname, more_modes=('legacy',), **kwargs)
        agent = self._provide(
            'NIC Switch agent', self._get_provider_uuid_by_host(hostname),
            hostname)
        for number in pfs:
            netdev = f'enp129s{number}f0np0'
            pf = self._provide(
                f'NIC Switch agent:{netdev}', agent, hostname, netdev)
            self._update_inventory(pf, {
                'resource_provider_generation': 0, 'inventories': {
                    name: {'total': amount}
                    for name, amount in resources(10000).items()}})
            self._set_provider_traits(pf, [PHYSNET, *VNIC_TYPES])
        return self.computes[hostname]

    def _provide(self, name, parent, *device):
        """A provider as Neutron's server makes it for an SR-IOV agent."""
        provider = str(uuid.uuid5(NAMESPACE, ':'.join(device)))
        self.placement.post('/resource_providers', version='1.20', body={
            'name': f'{device[0]}:{name}', 'uuid': provider,
            'parent_provider_uuid': parent})
        return provider

    def create_port(self, number=1, kilobit=1000, **binding):
        port = super().create_port(number, **binding)
        # The group's id is made of the port's and that of the QoS rule.
        self.neutron._ports[port]['resource_request'] = {
            'same_subtree': [], 'request_groups': [{
                'id': str(uuid.uuid5(uuid.UUID(port), str(uuid.uuid4()))),
                'required': [PHYSNET, 'CUSTOM_VNIC_TYPE_' + binding.get(
                    'vnic_type', 'direct').upper()],
                'resources': resources(kilobit)}]}
        return port

    def bandwidths(self, hostname, *ports):
        """:returns: list of the PFs that have the bandwidth of ports"""
        pfs = {str(uuid.uuid5(NAMESPACE, f'{hostname}:enp129s{n}f0np0')):
               f'0{n}' for n in range(2)}
        return [pfs[provider] for port in ports for provider in
                self.neutron.show_port(port)['port']['binding:profile'][
                    'allocation'].values()]

    def assert_tied(self, hostname, *ports):
        assert self.pfs(*ports) == self.bandwidths(hostname, *ports)

    def test_stock_claim_takes_another_pf(self):
        """The oracle, and the same with this project's claim."""
        self.flags(claim_policy='stock', group='sriov')
        self.start_host('compute1', pfs=[1])
        self.flags(claim_policy='assign', group='sriov')
        self.start_host('compute2', pfs=[1])
        for number, hostname, pfs in (
                (1, 'compute1', ['00']), (2, 'compute2', ['01'])):
            port = self.create_port(number)
            self.boot(port, host=hostname)
            assert self.bandwidths(hostname, port) == ['01']
            assert self.pfs(port) == pfs

    def test_the_candidate_whose_pf_has_a_vf(self):
        self.start_host('compute1', num_vfs=1)
        ports = [self.create_port(number) for number in (1, 2)]
        for port in ports:
            self.boot(port)
        self.assert_tied('compute1', *ports)
        assert sorted(self.pfs(*ports)) == ['00', '01']

    def test_vf_and_bandwidth_move_together(self):
        """All of them take a VF of the PF that the next allocation is on."""
        # The fixture's libvirt sends no event when a device is gone.
        self.flags(device_detach_timeout=1, group='libvirt')
        self.useFixture(fixtures.MockPatch(
            'nova.virt.libvirt.driver.LibvirtDriver'
            '.migrate_disk_and_power_off', return_value='{}'))
        self.start_host('compute1', pfs=[1])
        self.start_host('compute2', pfs=[0])
        port = self.create_port(1)
        server = self.boot(port, host='compute1')
        self.assert_tied('compute1', port)
        self._migrate_server(server)
        self.assert_tied('compute2', port)
        self._revert_resize(server)
        self.assert_tied('compute1', port)
        attached = self.create_port(2)
        self._attach_interface(server, attached)
        self.assert_tied('compute1', port, attached)
        self._detach_interface(server, attached)
        self._shelve_server(server)
        server = self._unshelve_server(server)
        self.assert_tied(server['OS-EXT-SRV-ATTR:host'], port)
        assert not self.netdevs_in_database(server)

    def netdevs_in_database(self, server):
        """What stock Nova would demand of the next host."""
        found = objects.InstancePCIRequests.get_by_instance_uuid(
            context.get_admin_context(), server['id'])
        return [spec for request in found.requests for spec in request.spec
                if 'parent_ifname' in spec]

    def test_vf_and_bandwidth_are_evacuated_together(self):
        self.start_host('compute1', pfs=[0])
        server = self.boot(port := self.create_port(1))
        self.assert_tied('compute1', port)
        self.start_host('compute2', pfs=[1])
        self.computes['compute1'].stop()
        self.api.put_service(self.api.get_services(
            host='compute1', binary='nova-compute')[0]['id'],
            {'forced_down': True})
        self._evacuate_server(server, expected_host='compute2')
        self.assert_tied('compute2', port)

    def test_live_migration(self):
        self.start_host('compute1', pfs=[0])
        self.start_host('compute2', pfs=[1])
        self.src, self.dest = (self.computes[hostname] for hostname in
                               ('compute1', 'compute2'))
        port = self.create_port(1)
        self.server = self.boot(port, host='compute1')
        self.assert_tied('compute1', port)
        self._live_migrate(self.server, 'completed')
        self.assert_tied('compute2', port)
