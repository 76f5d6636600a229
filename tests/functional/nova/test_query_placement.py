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

"""Placement searches for VFs."""

import json
from unittest import mock

from keystoneauth1 import exceptions
from nova import context
from nova import objects
from nova.cmd import manage
from nova.tests.fixtures import libvirt as fakelibvirt
from oslo_utils import uuidutils

from nova_sriov_ext.demand import neutron_ports
from tests.functional.nova import base
from tests.functional.nova import placement
from tests.functional.nova import querying

VF_CLASS = placement.VF_CLASS


class FewAmongManyTest(querying.QueryingTest):
    """One host with VFs, behind more hosts without than Placement returns."""

    def setUp(self):
        super().setUp()
        self.flags(max_placement_results=1, group='scheduler')
        self.start_plain_hosts(6)
        self.start_host('sriov', num_vfs=8)

    def boot_8(self, expected_state):
        for _ in range(8):
            self.boot(self.new_port(), expected_state=expected_state)

    def test_none_is_found_without(self):
        self.without()
        self.boot_8('ERROR')
        assert self.vfs_queried() == [{}] * 8

    def test_each_is_found_with(self):
        self.boot_8('ACTIVE')
        assert self.vfs_queried() == [{VF_CLASS: 1}] * 8
        assert self.numbers('sriov') == placement.Numbers(8, 0, used=8)
        self.update('sriov')
        assert self.numbers('sriov') == placement.Numbers(8, 0, used=8)


class OneHostTest(querying.QueryingTest):

    def setUp(self):
        super().setUp()
        self.start_plain_hosts()

    def test_what_placement_knows_is_in_the_log(self):
        self.start_host('sriov1', num_vfs=1)
        self.start_host('sriov2', num_vfs=1)
        server = self.boot(self.new_port(), self.new_port(),
                           expected_state='ERROR')
        line, = self.log.output.splitlines()
        assert line == (
            f'Placement returned no host for server {server["id"]}: '
            f'2 {VF_CLASS} requested, 2 free on 2 host(s), no more than 1 on '
            'one of them. Whether VFs are short or something else is: '
            '"nova-sriov explain" shows it for each host')

    def test_a_physnet_that_no_host_has(self):
        """Placement does not know the class, and says so by an error."""
        port = self.new_port()
        self.boot(port, expected_state='ERROR')
        assert f'1 {VF_CLASS} requested, 0 free on 0 host(s)' in (
            self.log.output)

    def test_other_resources_are_short(self):
        self.start_host('sriov', num_vfs=2)
        flavor = self._create_flavor(disk=10 ** 6)
        self.boot(self.new_port(), flavor_id=flavor, expected_state='ERROR')
        assert f'1 {VF_CLASS} requested, 2 free on 1 host(s)' in (
            self.log.output)

    def test_no_line_where_the_filter_refuses(self):
        """It has a line of its own."""
        self.start_host('sriov', num_vfs=2)
        self.flags(vf_reserve={base.PHYSNET: '2'}, group='sriov')
        self.boot(self.new_port(), expected_state='ERROR')
        line, = self.log.output.splitlines()
        assert 'reserved on 1 host(s)' in line

    def test_nothing_is_saved(self):
        self.start_host('sriov', num_vfs=2)
        flavor = self._create_flavor(extra_spec={'sriov:lag_policy': 'ignore'})
        server = self.boot(self.new_port(), flavor_id=flavor)
        assert self.vfs_queried() == [{VF_CLASS: 1}]
        spec = objects.RequestSpec.get_by_instance_uuid(
            context.get_admin_context(), server['id'])
        record = objects.Instance.get_by_uuid(
            context.get_admin_context(), server['id'],
            expected_attrs=['flavor'])
        assert spec.flavor.extra_specs == record.flavor.extra_specs == {
            'sriov:lag_policy': 'ignore'}
        cli = manage.PlacementCommands()
        assert cli.heal_allocations(instance_uuid=server['id']) == 4
        assert self.numbers('sriov').used == 1

    def test_a_host_that_does_not_publish(self):
        """It is found where it is named, and only there."""
        self.flags(claim_in_placement=False, group='sriov')
        self.start_host('sriov', num_vfs=3)
        self.boot(self.new_port(), expected_state='ERROR')
        self.boot(self.new_port(), host='sriov')
        self.boot(self.new_port(), az='nova:sriov')
        assert self.vfs_queried() == [{VF_CLASS: 1}, {}, {}]
        self.without()
        self.flags(max_placement_results=9, group='scheduler')
        self.boot(self.new_port())

    def test_a_named_host_that_publishes(self):
        """What the filter claims is claimed once; forced servers go past
        it, as ever."""
        self.start_host('sriov', num_vfs=3)
        self.boot(self.new_port(), host='sriov')
        assert self.numbers('sriov') == placement.Numbers(3, 0, used=1)
        self.boot(self.new_port(), az='nova:sriov')
        assert self.numbers('sriov') == placement.Numbers(3, 1, used=1)

    def test_a_flavor_that_requests_the_class_itself(self):
        """What the ports request replaces it, as in the claim."""
        self.start_host('sriov', num_vfs=2)
        flavor = self._create_flavor(
            extra_spec={f'resources:{VF_CLASS}': '9'})
        self.boot(self.new_port(), flavor_id=flavor)
        assert self.vfs_queried() == [{VF_CLASS: 1}]

    def test_numbered_groups(self):
        """All that the flavor requests is in groups of their own."""
        self.start_host('sriov', num_vfs=2)
        flavor = self._create_flavor(vcpu=1, extra_spec={
            'resources1:VCPU': '1', 'resources2:MEMORY_MB': '512',
            'resources3:DISK_GB': '1', 'group_policy': 'none'})
        server = self.boot(self.new_port(), flavor_id=flavor)
        assert self.queries == [{VF_CLASS: 1}]
        allocated = self.placement.get(
            f'/allocations/{server["id"]}').body['allocations']
        found, = allocated.values()
        assert found['resources'] == {
            'VCPU': 1, 'MEMORY_MB': 512, 'DISK_GB': 1, VF_CLASS: 1}

    def test_alternates_have_it_once(self):
        def check(instance, vif):
            assert self.numbers(instance.host).used == 1

        failing, plug = base.plug_that_fails_once(check)
        for hostname in ('sriov1', 'sriov2'):
            self.start_host(hostname)
        port = self.new_port(vif_type='ovs')
        with mock.patch('nova.virt.libvirt.vif.LibvirtGenericVIFDriver.'
                        '_plug_os_vif', base.through_os_vif(plug)):
            second = self.host_of(self.boot(port))
        first, = failing
        assert first != second
        assert self.numbers(first).used == 0
        assert self.numbers(second).used == 1

    def test_neutron_is_silent(self):
        """Which physnets they are is known without it."""
        self.start_host('sriov', num_vfs=2)
        with mock.patch.object(neutron_ports, 'read',
                               side_effect=TimeoutError('no answer')):
            self.boot(self.new_port())
        assert self.vfs_queried() == [{VF_CLASS: 1}]
        line, = self.log.output.splitlines()
        assert 'could not be read from Neutron: no answer' in line

    def test_what_cannot_be_read(self):
        """Then Nova's query is what it is without the option."""
        self.start_host('sriov', num_vfs=2)
        self.flags(max_placement_results=9, group='scheduler')
        with mock.patch('nova_sriov_ext.scheduler.placement_query.searched',
                        side_effect=KeyError('flavor')):
            self.boot(self.new_port())
        assert self.vfs_queried() == [{}]
        assert self.log.output.count(
            'requests could not be read; Placement does not search') == 1

    def test_placement_does_not_answer(self):
        self.start_host('sriov', num_vfs=2)
        with mock.patch('nova.scheduler.client.report.SchedulerReportClient'
                        '.get', side_effect=exceptions.ConnectFailure('-')):
            self.boot(self.new_port(), expected_state='ERROR')
        line, = self.log.output.splitlines()
        assert line == ('Placement returned no host for a server with VFs, '
                        'and did not say how many are free: -')


class SeveralTest(querying.QueryingTest):
    """Servers of one request. Nova's API has no such with ports of their own;
    its scheduler would take it."""

    def test_multi_create_of_aliases(self):
        """Nothing is queried for aliases."""
        self.flags(group='pci', alias=[json.dumps({
            'vendor_id': fakelibvirt.PCI_VEND_ID,
            'product_id': fakelibvirt.VF_PROD_ID, 'name': 'a1',
            'device_type': 'type-VF'})])
        flavor = self._create_flavor(
            vcpu=1, extra_spec={'pci_passthrough:alias': 'a1:1'})
        self.start_host('sriov1', num_vfs=2)
        body = self._build_server(flavor_id=flavor, networks='none')
        body.update(min_count=2, max_count=2)
        self.api.post_server({'server': body})
        for server in self.api.get_servers(detail=False):
            self._wait_for_state_change(server, 'ACTIVE')
        assert self.vfs_queried() == [{}]

    def test_several_servers_with_ports(self):
        self.start_plain_hosts()
        self.start_host('sriov1', num_vfs=2)
        self.start_host('sriov2', num_vfs=2)
        server = self.boot(self.new_port())
        admin = context.get_admin_context()
        spec = objects.RequestSpec.get_by_instance_uuid(admin, server['id'])
        self._delete_server(server)
        self.vfs_queried()
        spec.requested_resources = []
        servers = [uuidutils.generate_uuid() for _ in range(3)]
        selected = self.scheduler.manager.select_destinations(
            admin, spec_obj=spec, instance_uuids=servers,
            return_objects=True, return_alternates=True)
        assert self.vfs_queried() == [{VF_CLASS: 1}]
        assert sum(self.numbers(host).used
                   for host in ('sriov1', 'sriov2')) == 3
        for first, *_ in selected:
            allocated = json.loads(first.allocation_request)['allocations']
            assert allocated[first.compute_node_uuid]['resources'][
                VF_CLASS] == 1
