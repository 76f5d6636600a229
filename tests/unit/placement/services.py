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

"""Placement and a cell's database in this process, each test with its own.

Both are the real ones on SQLite in memory; nothing listens, nothing waits."""

import contextlib

from keystoneauth1 import adapter
from keystoneauth1 import session
from nova.db.main import api as db
from nova.db.main import models
from nova.scheduler.client import report
from oslo_db.sqlalchemy import enginefacade
from placement.tests.functional.fixtures import placement as placement_fixture
import requests
import sqlalchemy

# All tables take four times as long.
TABLES = [models.BASE.metadata.tables[name] for name in (
    'compute_nodes', 'migrations', 'instances', 'instance_id_mappings',
    'instance_extra', 'instance_metadata', 'instance_system_metadata',
    'instance_info_caches', 'security_groups', 'security_group_rules',
    'security_group_instance_association', 'pci_devices')]


class Traffic:
    """What the services were asked for.

    :ivar requests: list of str, as "GET /traits"
    :ivar statements: list of str, SQL
    """

    def __init__(self):
        self._actions = []
        self.clear()

    def clear(self):
        self.requests, self.statements = [], []

    def after(self, request, action):
        """Have somebody else do something between this request of Placement,
        the next one, and what is done with the answer."""
        self._actions.append((request, action))

    def request(self, response, **options):
        method, path = response.request.method, response.request.path_url
        line = f'{method} {path.removeprefix("/placement")}'
        before = [*self.requests, line]
        for one in [one for one in self._actions if one[0] == line]:
            self._actions.remove(one)
            one[1]()
        # What somebody else asks for does not count.
        self.requests = before

    def statement(self, connection, cursor, statement, *rest):
        self.statements.append(statement)


@contextlib.contextmanager
def placement(traffic):
    """:returns: nova.scheduler.client.report.SchedulerReportClient"""
    http = requests.Session()
    http.hooks['response'].append(traffic.request)
    with placement_fixture.PlacementFixture() as service:
        yield report.SchedulerReportClient(adapter.Adapter(
            session.Session(auth=None, session=http, additional_headers={
                'x-auth-token': service.token}),
            endpoint_override=service.endpoint, service_type='placement',
            raise_exc=False))


@contextlib.contextmanager
def cell(traffic):
    """The database that Nova's objects are of without another cell."""
    manager = enginefacade.transaction_context()
    manager.configure(connection='sqlite://')
    engine = manager.writer.get_engine()
    models.BASE.metadata.create_all(engine, tables=TABLES)
    sqlalchemy.event.listen(engine, 'before_cursor_execute', traffic.statement)
    restore = db.context_manager.patch_factory(manager)
    try:
        yield
    finally:
        restore()
        engine.dispose()
