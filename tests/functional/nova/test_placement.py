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

"""VFs in Placement: what an operator and another scheduler see there."""

from unittest import mock

from nova.cmd import manage
from nova import objects

from nova_sriov_ext.report import document
from nova_sriov_ext.placement import names
from tests.functional.nova import base
from tests.functional.nova import placement

Numbers = placement.Numbers


class UsageTest(placement.PlacementTest):

    def test_comes_and_goes_with_the_server(self):
        self.start_host(num_vfs=4, mode='switchdev')
        assert self.traits_of_ours() == {
            names.physnet_trait(placement.VF_CLASS), placement.VF_CLASS,
            names.SWITCHDEV_TRAIT}
        server = self.boot(self.create_port(1), self.create_port(2))
        assert self.numbers() == Numbers(total=4, reserved=0, used=2)
        self.update()
        assert self.numbers() == Numbers(total=4, reserved=0, used=2)
        # No port requires a mode: in its class the VFs are in use.
        assert self.numbers(vf_class=placement.SWITCHDEV) == Numbers(
            total=4, reserved=2, used=0)
        assert self.nova_sriov('placement', 'show', '-f', 'value')[:2] == (
            0, f'compute1 {placement.SWITCHDEV} 4 2 0 2\n'
            f'compute1 {placement.VF_CLASS} 4 0 2 2\n')
        self._delete_server(server)
        assert self.numbers() == Numbers(total=4, reserved=0, used=0)

    def test_reaches_alternates_and_reschedules(self):
        def check(instance, vif):
            assert self.numbers(instance.host).used == 1

        failing, plug = base.plug_that_fails_once(check)
        for hostname in ('compute1', 'compute2'):
            self.start_host(hostname)
        port = self.create_port(vif_type='ovs')
        with mock.patch('nova.virt.libvirt.vif.LibvirtGenericVIFDriver.'
                        '_plug_os_vif', base.through_os_vif(plug)):
            server = self.boot(port)
        first, = failing
        second = server['OS-EXT-SRV-ATTR:host']
        assert first != second
        assert self.numbers(first) == Numbers(2, reserved=0, used=0)
        assert self.numbers(second) == Numbers(2, reserved=0, used=1)

    def traits_of_ours(self):
        return {t for t in self.traits() if t.startswith((
            'CUSTOM_PHYSNET_', 'CUSTOM_SRIOV_', 'CUSTOM_VF_'))}


class OrderTest(placement.PlacementTest):
    """A host says that VFs can be claimed only while they can."""

    def setUp(self):
        super().setUp()
        self.violations = []
        save, create = objects.ComputeNode.save, objects.ComputeNode.create
        for name, method in ('save', save), ('create', create):
            self.stub_out(f'nova.objects.ComputeNode.{name}',
                          self.checked(method))

    def checked(self, method):
        def check(node, *args, **kwargs):
            done = method(node, *args, **kwargs)
            report = document.read(node.stats)
            if report.placement and not self.is_open(node, report):
                self.violations.append(method)
            return done
        return check

    def is_open(self, node, report):
        answer = self.placement.get(
            f'/resource_providers/{node.uuid}/inventories').body
        names_ = {placement.VF_CLASS,
                  *names.mode_classes(report.published_modes)}
        assert len(names_) == 2
        found = [answer.get('inventories', {}).get(name) for name in names_]
        return all(one and one['reserved'] < one['total'] for one in found)

    def test_a_new_host(self):
        self.start_host(num_vfs=4)
        assert self.invites_claims()
        assert not self.violations

    def test_a_restarted_host_does_not_stop_saying_so(self):
        self.start_host(num_vfs=4)
        self.restart_compute_service('compute1')
        assert self.invites_claims()

    def test_placement_does_not_take_it(self):
        self.flags(claim_in_placement=False, group='sriov')
        self.start_host(num_vfs=4)
        self.flags(claim_in_placement=True, group='sriov')
        with mock.patch('nova.scheduler.client.report.SchedulerReportClient.'
                        'update_from_provider_tree', side_effect=OSError):
            self.update()
        assert not self.invites_claims()
        self.update()
        assert self.invites_claims()
        assert not self.violations

    def test_turned_off(self):
        self.start_host(num_vfs=4)
        self.flags(claim_in_placement=False, group='sriov')
        save = objects.ComputeNode.save
        with mock.patch('nova.objects.ComputeNode.save', side_effect=OSError):
            for _ in range(3):
                self.update()
        assert self.invites_claims()
        assert self.numbers() == Numbers(4, reserved=0, used=0)
        assert objects.ComputeNode.save is save
        for _ in range(2):
            self.update()
        assert not self.invites_claims()
        assert self.numbers() == Numbers(4, reserved=4, used=0)
        assert not self.violations


class FilterAloneTest(placement.PlacementTest):

    COMPUTE_DRIVER = 'libvirt.LibvirtDriver'

    def test_claims_nothing_and_works(self):
        self.start_host(num_vfs=2)
        self.boot(self.create_port(1))
        assert placement.VF_CLASS not in self.inventories()
        self.boot(self.create_port(2), self.create_port(3),
                  expected_state='ERROR')


class DriverAloneTest(placement.PlacementTest):

    ADDITIONAL_FILTERS = ['PciPassthroughFilter']

    def test_all_its_used_vfs_are_reserved(self):
        self.start_host(num_vfs=4)
        server = self.boot(self.create_port(1), self.create_port(2))
        assert self.numbers() == Numbers(4, reserved=2, used=0)
        self._delete_server(server)
        self.update()
        assert self.numbers() == Numbers(4, reserved=0, used=0)


class RepairTest(placement.PlacementTest):

    def setUp(self):
        super().setUp()
        self.start_host(num_vfs=4)

    def test_attached_and_detached(self):
        server = self.boot(self.create_port(1))
        port = self.create_port(2)
        self._attach_interface(server, port)
        self.update()
        assert self.numbers() == Numbers(4, reserved=1, used=1)
        self._detach_interface(server, port)
        self.update()
        assert self.numbers() == Numbers(4, reserved=0, used=1)

    def test_detached_from_what_it_booted_with(self):
        first, second = self.create_port(1), self.create_port(2)
        server = self.boot(first, second)
        self._detach_interface(server, first)
        self._detach_interface(server, second)
        assert self.numbers() == Numbers(4, reserved=0, used=2)
        self.set_task_state(server, 'image_uploading')
        self.update()
        assert self.numbers() == Numbers(4, reserved=0, used=2)
        self.set_task_state(server, None)
        self.update()
        assert self.numbers() == Numbers(4, reserved=0, used=0)
        assert self.usages()['VCPU'] == 1

    def test_detached_from_what_has_nothing_else(self):
        """Placement takes no provider without resources. CPU, memory and
        disk can be of other providers (sharing or nested ones)."""
        port = self.create_port(1)
        server = self.boot(port)
        url = f'/allocations/{server["id"]}'
        payload = self.placement.get(url, version='1.28').body
        found, = payload['allocations'].values()
        found['resources'] = {placement.VF_CLASS: 1}
        assert self.placement.put(url, payload, version='1.28').status == 204
        self._detach_interface(server, port)
        self.update()
        assert self.numbers() == Numbers(4, reserved=0, used=0)
        assert self.placement.get(url).body['allocations'] == {}

    def test_a_write_of_somebody_else_comes_first(self):
        """Repair looks at the server, then conductor begins a move."""
        port = self.create_port(1)
        server = self.boot(port)
        self._detach_interface(server, port)
        url = f'/allocations/{server["id"]}'
        get_by_uuid = objects.Instance.get_by_uuid

        def meanwhile(*args, **kwargs):
            instance = get_by_uuid(*args, **kwargs)
            self.placement.put(url, self.placement.get(
                url, version='1.28').body, version='1.28')
            return instance

        with mock.patch.object(objects.Instance, 'get_by_uuid', meanwhile):
            self.update()
        assert self.numbers() == Numbers(4, reserved=0, used=1)
        self.update()
        assert self.numbers() == Numbers(4, reserved=0, used=0)

    def test_healed_from_the_flavor(self):
        """As "nova-manage placement heal_allocations --force" does."""
        server = self.boot(self.create_port(1), self.create_port(2))
        cli = manage.PlacementCommands()
        assert cli.heal_allocations(instance_uuid=server['id'],
                                    force=True) == 0
        assert self.numbers() == Numbers(4, reserved=0, used=0)
        self.update()
        assert self.numbers() == Numbers(4, reserved=2, used=0)

    def test_forced_past_the_filters(self):
        server = self.boot(self.create_port(1), az='nova:compute1')
        assert self.numbers() == Numbers(4, reserved=1, used=0)
        self._delete_server(server)
        self.update()
        assert self.numbers() == Numbers(4, reserved=0, used=0)

    def set_task_state(self, server, task_state):
        instance = self.record(server)
        instance.task_state = task_state
        instance.save()
