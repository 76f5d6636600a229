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

"""Placement searches for the VFs of a server that moves.

A server has one port of its boot and one attached since, unless a test says
other; it is on compute1, and three hosts without VFs come before any other.
"""

import fixtures
from nova.tests.functional.api import client
from nova.tests.functional.libvirt import base as libvirt_base
import pytest

from tests.functional.nova import base
from tests.functional.nova import placement
from tests.functional.nova import querying

Numbers = placement.Numbers
ONE, TWO = [{placement.VF_CLASS: 1}], [{placement.VF_CLASS: 2}]


class MovingTest(querying.QueryingTest):

    def setUp(self):
        super().setUp()
        # The fixture's servers have no disk to copy.
        self.useFixture(fixtures.MockPatch(
            'nova.virt.libvirt.driver.LibvirtDriver'
            '.migrate_disk_and_power_off', return_value='{}'))
        self.start_plain_hosts()

    def booted(self, num_vfs=2, attached=1):
        self.start_host('compute1', num_vfs=num_vfs)
        server = self.boot(self.new_port())
        for _ in range(attached):
            self._attach_interface(server, self.new_port())
        self.update('compute1')
        assert self.vfs_queried() == ONE
        return server

    def migrated(self, server):
        self._migrate_server(server)
        return self._wait_for_state_change(server, 'VERIFY_RESIZE')

    def no_host(self, action, *args):
        with pytest.raises(client.OpenStackApiException, match='NoValidHost'):
            action(*args)

    def crash(self, hostname):
        self.computes[hostname].stop()
        self.api.put_service(self.api.get_services(
            host=hostname, binary='nova-compute')[0]['id'],
            {'forced_down': True})


class MoveTest(MovingTest):

    def test_a_migration_counts_the_ports_of_now(self):
        server = self.booted()
        self.start_host('compute2', num_vfs=1)
        self.no_host(self.migrated, server)
        assert self.vfs_queried() == TWO
        self.start_host('compute3', num_vfs=2)
        server = self.migrated(server)
        assert self.host_of(server) == 'compute3'
        assert self.vfs_queried() == TWO
        assert self.numbers('compute3') == Numbers(2, 0, used=2)
        self._revert_resize(server)
        self.update('compute3')
        assert self.numbers('compute3') == Numbers(2, 0, used=0)

    def test_none_is_found_without(self):
        server = self.booted()
        self.start_host('compute3', num_vfs=2)
        self.without()
        before = self.host_of(server)
        self.no_host(self.migrated, server)
        assert self.host_of(server) == before

    def test_a_resize_elsewhere(self):
        server = self.booted()
        self.start_host('compute2', num_vfs=2)
        server = self._resize_server(server, self._create_flavor(vcpu=1))
        assert self.host_of(server) == 'compute2'
        self._confirm_resize(server)
        assert self.vfs_queried() == TWO
        assert self.record(server).flavor.extra_specs == {}
        assert self.numbers('compute2') == Numbers(2, 0, used=2)

    def test_a_resize_on_its_own_host(self):
        """For a while the server has its VFs twice; where there are only its
        own, the filter refuses the host as well."""
        self.flags(allow_resize_to_same_host=True)
        server = self.booted(num_vfs=3, attached=0)
        flavor = self._create_flavor(vcpu=1)
        server = self._resize_server(server, flavor)
        assert self.host_of(server) == 'compute1'
        assert self.vfs_queried() == ONE
        assert self.numbers('compute1') == Numbers(3, 0, used=2)
        self._confirm_resize(server)
        self.update('compute1')
        assert self.numbers('compute1') == Numbers(3, 0, used=1)
        for _ in range(2):
            self.boot(self.new_port())
        for number_of_hosts in (3, 9):
            self.flags(max_placement_results=number_of_hosts,
                       group='scheduler')
            self.no_host(self._resize_server, server,
                         self._create_flavor(vcpu=1))
            self.without()

    def test_a_rebuild_stays(self):
        server = self.booted(attached=1)
        self._rebuild_server(server, '155d900f-4e14-4e4c-a73d-069cbf4541e6')
        assert self.vfs_queried() == []
        assert self.numbers('compute1').free == 0

    def test_shelved_and_unshelved(self):
        server = self.booted()
        self._shelve_server(server)
        assert self.numbers('compute1').used == 0
        server = self._unshelve_server(server)
        assert self.host_of(server) == 'compute1'
        assert self.vfs_queried() == TWO
        assert self.numbers('compute1') == Numbers(2, 0, used=2)

    def test_an_evacuation_may_use_the_reserve(self):
        """Placement does not know of it, the filter does."""
        server = self.booted()
        self.start_host('compute2', num_vfs=2)
        self.flags(vf_reserve={base.PHYSNET: '2'}, group='sriov')
        self.crash('compute1')
        self.flags(evacuation_uses_reserve=False, group='sriov')
        self.no_host(self.api.post_server_action, server['id'],
                     {'evacuate': {}})
        assert 'reserved on 1 host(s)' in self.log.output
        self.flags(evacuation_uses_reserve=True, group='sriov')
        self._evacuate_server(
            server, expected_state='ACTIVE', expected_host='compute2')
        assert self.vfs_queried() == TWO * 2
        assert self.numbers('compute2') == Numbers(2, 0, used=2)

    def test_a_detached_port_does_not_count(self):
        server = self.booted(attached=0)
        port, = (one['port_id'] for one in self.api.get_port_interfaces(
            server['id']))
        self._detach_interface(server, port)
        self.start_host('compute2', num_vfs=1)
        # Placement returns no host with VFs for it, and need not.
        self.migrated(server)
        assert self.vfs_queried() == [{}]


class LiveMigrationTest(libvirt_base.LibvirtMigrationMixin, MovingTest):

    def test_it_counts_the_ports_of_now(self):
        self.server = self.booted()
        self.src = self.computes['compute1']
        self.dest = self.computes[self.start_host('compute2', num_vfs=2)]
        self.api.post_server_action(self.server['id'], {
            'os-migrateLive': {'host': None, 'block_migration': 'auto'}})
        self._wait_for_server_parameter(
            self.server, {'OS-EXT-SRV-ATTR:host': 'compute2',
                          'status': 'ACTIVE'})
        assert self.vfs_queried() == TWO
        for hostname, used in ('compute1', 0), ('compute2', 2):
            self.update(hostname)
            assert self.numbers(hostname) == Numbers(2, 0, used)


class PinnedTest(querying.QueryingTest):
    """Nova queries twice for servers with pinned CPUs: for PCPU, and for VCPU
    for hosts that do not have such."""

    def pinned(self, **kwargs):
        flavor = self._create_flavor(
            vcpu=1, extra_spec={'hw:cpu_policy': 'dedicated'})
        return self.boot(self.new_port(), flavor_id=flavor, **kwargs)

    def test_both_queries_have_the_vfs(self):
        self.start_plain_hosts()
        self.flags(cpu_dedicated_set='0-1', group='compute')
        self.start_host('sriov', num_vfs=1)
        assert self.host_of(self.pinned()) == 'sriov'
        assert [sorted(query) for query in self.queries] == [
            sorted(['DISK_GB', 'MEMORY_MB', cpu, placement.VF_CLASS])
            for cpu in ('PCPU', 'VCPU')]
        # One query without an answer is not one line in the log.
        assert self.log.output == ''
        assert self.numbers('sriov') == Numbers(1, 0, used=1)
        self.pinned(expected_state='ERROR')
        assert self.log.output.count('Placement returned no host') == 1
