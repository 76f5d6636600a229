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

"""How many queries of Nova's databases the scheduler makes to learn what a
server requests: for a boot none, for a move one, for the ports of now."""

import contextlib

import fixtures
from nova.tests.functional.libvirt import base as libvirt_base
import sqlalchemy
from sqlalchemy import engine

from nova_sriov_ext.demand import gather
from tests.functional.nova import placement


class QueriesTest(libvirt_base.LibvirtMigrationMixin,
                  placement.PlacementTest):
    """Two hosts with four VFs.

    :ivar queries: list of the texts of queries, for each request that was
        gathered
    """

    def setUp(self):
        super().setUp()
        # The fixture's servers have no disk to copy.
        self.useFixture(fixtures.MockPatch(
            'nova.virt.libvirt.driver.LibvirtDriver'
            '.migrate_disk_and_power_off', return_value='{}'))
        self.queries = []
        stock = gather._gather

        def spy(spec_obj):
            self.queries.append([])
            with queries(self.queries[-1].append):
                return stock(spec_obj)

        self.stub_out('nova_sriov_ext.demand.gather._gather', spy)
        for hostname in 'compute1', 'compute2':
            self.start_host(hostname, num_vfs=4)
        self.src, self.dest = (self.computes[name]
                               for name in ('compute1', 'compute2'))

    def counts(self):
        """:returns: list, queries for each request since the last time"""
        found = [len(texts) for texts in self.queries]
        self.queries.clear()
        return found

    def assert_one_query(self):
        (query,), = self.queries
        assert 'FROM instance_extra' in query
        self.queries.clear()

    def attached(self):
        """A server without a port of its boot, and one attached since."""
        self.server = self._create_server(networks='none', host='compute1')
        assert self.counts() == [0]
        self._attach_interface(self.server, self.create_port(1))
        self.update('compute1')

    def is_on(self, hostname):
        """The server and its VF."""
        for name in 'compute1', 'compute2':
            self.update(name)
        assert [self.numbers(name).used for name in (
            'compute1', 'compute2')] == [hostname == 'compute1',
                                         hostname == 'compute2']

    def test_boots(self):
        self.boot(self.create_port(1))
        self.boot(self.create_port(2), host='compute2')
        self._create_server(networks='none')
        assert self.counts() == [0, 0, 0]

    def test_many_servers_of_one_request(self):
        body = self._build_server(networks='none')
        body.update(min_count=3, max_count=3)
        self.api.post_server({'server': body})
        for server in self.api.get_servers(detail=False):
            self._wait_for_state_change(server, 'ACTIVE')
        assert self.counts() == [0]

    def test_migrate_and_resize(self):
        self.attached()
        self._migrate_server(self.server)
        self._wait_for_state_change(self.server, 'VERIFY_RESIZE')
        self.assert_one_query()
        self._confirm_resize(self.server)
        self.is_on('compute2')
        self.server = self._resize_server(
            self.server, self._create_flavor(vcpu=1))
        self.assert_one_query()
        self._confirm_resize(self.server)
        self.is_on('compute1')

    def test_migrate_to_a_host(self):
        self.attached()
        self._migrate_server(self.server, host='compute2')
        self._wait_for_state_change(self.server, 'VERIFY_RESIZE')
        self.assert_one_query()

    def test_live_migrate(self):
        self.attached()
        self._live_migrate(self.server)
        self.assert_one_query()
        self.is_on('compute2')

    def test_unshelve(self):
        self.attached()
        self._shelve_server(self.server)
        self._unshelve_server(self.server)
        self.assert_one_query()

    def test_evacuate(self):
        self.attached()
        self.computes['compute1'].stop()
        self.api.put_service(self.api.get_services(
            host='compute1', binary='nova-compute')[0]['id'],
            {'forced_down': True})
        self._evacuate_server(self.server, expected_host='compute2')
        self.assert_one_query()
        assert self.numbers('compute2').used == 1


@contextlib.contextmanager
def queries(note):
    """:param note: is called with the text of each query meanwhile"""
    def listener(connection, cursor, statement, *args):
        if statement != 'BEGIN':
            note(statement)

    sqlalchemy.event.listen(engine.Engine, 'before_cursor_execute', listener)
    try:
        yield
    finally:
        sqlalchemy.event.remove(
            engine.Engine, 'before_cursor_execute', listener)
