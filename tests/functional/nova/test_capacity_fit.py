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


"""As many servers boot as ``nova-sriov capacity fit`` says, and not one more.
"""

from nova.scheduler.client import report as report_client
from oslo_utils import uuidutils

from nova_sriov_ext.cmd import fits
from nova_sriov_ext.cmd import nic
from nova_sriov_ext.cmd import nodes
from nova_sriov_ext.cmd import rooms
from nova_sriov_ext.cmd import server_request
from nova_sriov_ext.demand import gather
from nova_sriov_ext.placement import api
from tests.functional.nova import neutron
from tests.functional.nova import placement

PLAIN = nic.Nic(network='private-network')
SWITCHDEV = nic.Nic(network='private-network', offload='switchdev')


class CapacityFitTest(placement.PlacementTest):

    # A port that has never been bound has no VIF type there.
    NEUTRON = neutron.BindingNeutron

    def fits(self, *nics, flavor=None):
        """:returns: list of fits.Fit"""
        server = server_request.of_nics(
            nics, flavor or self.flavor, self.fail)
        return list(fits.of(
            nodes.read(), gather.demand_of(
                server.spec.pci_requests.requests,
                server.spec.flavor.extra_specs, server.modes),
            rooms.Rooms(api.Api(report_client.SchedulerReportClient()),
                        server.spec)))

    def setUp(self):
        super().setUp()
        self.flavor = self._create_flavor(
            vcpu=1, memory_mb=64, disk=0)
        self._ports = 0

    def port(self, one):
        """Create what a nic.Nic describes."""
        self._ports += 1
        port = {**self.neutron.network_4_port_1,
                'id': uuidutils.generate_uuid(),
                'mac_address': f'fa:16:3e:00:05:{self._ports:02x}',
                'fixed_ips': [
                    {**self.neutron.network_4_port_1['fixed_ips'][0],
                     'ip_address': f'192.168.4.{self._ports + 20}'}],
                'hardware_offload_type': one.offload}
        self.neutron.create_port({'port': port})
        return port['id']

    def boot_all(self, *nics, flavor=None):
        """Boot as many as fit, and one more, which does not.

        :returns: dict, host → (servers, why not more) of before
        """
        said = self.fits(*nics, flavor=flavor)
        for number in range(sum(fit.servers for fit in said)):
            left = {fit.host: fit.servers for fit in self.fits(
                *nics, flavor=flavor)}
            assert sum(left.values()) == sum(
                fit.servers for fit in said) - number
            server = self.boot(*map(self.port, nics),
                               flavor_id=flavor or self.flavor)
            assert left[server['OS-EXT-SRV-ATTR:host']]
            self._run_periodics()
        server = self.boot(*map(self.port, nics), expected_state='ERROR',
                           flavor_id=flavor or self.flavor)
        assert 'No valid host' in server['fault']['message']
        return {fit.host: (fit.servers, fit.limited_by) for fit in said}

    def test_plain_ports(self):
        self.start_host('compute1', num_vfs=3)
        self.start_host('compute2', num_vfs=1)
        assert self.boot_all(PLAIN, PLAIN) == {
            'compute1': (1, 'VFs of physnet4'),
            'compute2': (0, 'VFs of physnet4')}

    def test_switchdev_ports(self):
        self.assign()
        self.start_host('compute1', num_vfs=2, more_modes=('switchdev',))
        self.start_host('compute2', num_vfs=2)
        assert self.boot_all(SWITCHDEV) == {
            'compute1': (2, 'switchdev VFs of physnet4'),
            'compute2': (0, 'switchdev VFs of physnet4')}

    def test_switchdev_ports_where_nova_claims(self):
        """A server gets the first VF there is, of a legacy PF here."""
        self.start_host('compute1', num_vfs=2, more_modes=('switchdev',))
        found, = self.fits(SWITCHDEV)
        self.boot_all(SWITCHDEV)
        assert (found.servers, found.at_most) in ((0, 2), (2, 2))

    def test_ports_of_both_kinds(self):
        self.assign()
        self.start_host('compute1', num_vfs=2, more_modes=('switchdev',))
        assert self.boot_all(PLAIN, SWITCHDEV) == {
            'compute1': (2, 'switchdev VFs of physnet4')}

    def test_spread(self):
        self.assign()
        self.start_host('compute1', num_vfs=2,
                        more_modes=('legacy', 'legacy'))
        flavor = self._create_flavor(
            vcpu=1, memory_mb=64, disk=0,
            extra_spec={'sriov:pf_policy': 'spread'})
        assert self.boot_all(PLAIN, PLAIN, flavor=flavor) == {
            'compute1': (3, 'VFs of physnet4')}

    def test_a_host_that_is_full(self):
        self.flags(ram=-1, group='quota')
        self.start_host('compute1', num_vfs=4)
        memory = self.inventories()['MEMORY_MB']
        free = (memory['total'] - memory['reserved']) // 2
        flavor = self._create_flavor(vcpu=1, memory_mb=free, disk=0)
        assert self.boot_all(PLAIN, flavor=flavor) == {
            'compute1': (2, 'MEMORY_MB')}
        found, = self.fits(PLAIN, flavor=flavor)
        assert (found.servers, found.at_most) == (0, 0)

    def test_cpus_of_a_server_that_is_too_large(self):
        self.start_host('compute1', num_vfs=4)
        cpus = self.inventories()['VCPU']
        assert cpus['total'] + 1 <= cpus['total'] * cpus['allocation_ratio']
        flavor = self._create_flavor(
            vcpu=cpus['total'] + 1, memory_mb=64, disk=0)
        assert self.boot_all(PLAIN, flavor=flavor) == {'compute1': (
            0, f'VCPU: it does not give {cpus["total"] + 1} to one server '
               '(min_unit, max_unit or step_size)')}

    def test_a_trait_that_is_missing(self):
        self.start_host('compute1')
        flavor = self._create_flavor(
            vcpu=1, memory_mb=64, disk=0,
            extra_spec={'trait:HW_CPU_X86_AVX512F': 'required'})
        assert self.boot_all(PLAIN, flavor=flavor) == {
            'compute1': (0, 'it lacks the trait HW_CPU_X86_AVX512F')}

    def test_vfs_that_placement_keeps_for_others(self):
        """Nova's pools have them, the scheduler could not claim them."""
        self.start_host('compute1', num_vfs=2)
        self.placement.put('/allocations/' + uuidutils.generate_uuid(), {
            'allocations': {self.compute_rp_uuids['compute1']: {
                'resources': {placement.VF_CLASS: 1}}},
            'project_id': 'p', 'user_id': 'u', 'consumer_generation': None,
            'consumer_type': 'INSTANCE'}, version='1.38')
        assert self.boot_all(PLAIN) == {
            'compute1': (1, placement.VF_CLASS)}

    def test_a_host_that_placement_does_not_return(self):
        self.flags(query_placement=True, group='sriov')
        self.start_host('compute1')
        self.flags(claim_in_placement=False, group='sriov')
        self.start_host('compute2')
        assert self.boot_all(PLAIN) == {
            'compute1': (2, 'VFs of physnet4'),
            'compute2': (0, placement.VF_CLASS)}

    def test_a_host_that_is_disabled(self):
        self.start_host('compute1')
        service, = self.admin_api.get_services(host='compute1',
                                               binary='nova-compute')
        self.admin_api.put_service(service['id'], {
            'status': 'disabled', 'disabled_reason': 'new NIC'})
        assert self.boot_all(PLAIN) == {
            'compute1': (0, 'nova-compute is disabled (new NIC)')}

    def test_a_port_stands_for_those_like_it(self):
        self.start_host('compute1', num_vfs=2)
        port = self.port(PLAIN)
        found, = self.fits(nic.Nic(port=port))
        assert found.servers == 2

    def test_nothing_is_written(self):
        self.start_host('compute1')
        before = dict(self.neutron._ports)
        self.fits(PLAIN)
        assert self.neutron._ports == before

    def test_a_network_that_does_not_exist(self):
        with self.assertRaises(server_request.Unanswerable) as caught:
            self.fits(nic.Nic(network='n9'))
        assert 'There is no network n9, neither by id' in str(
            caught.exception)
