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

"""Databases of Nova's fixtures whose connections are kept."""

import functools

import fixtures
from oslo_db.sqlalchemy import engines
from sqlalchemy import pool

_create = engines.create_engine
_target = engines._create_engine


class KeptConnections(fixtures.Fixture):
    """Under native threads Nova's fixtures keep each database in a file, and
    oslo.db opens such a file anew for each query: half of a test's time."""

    def _setUp(self):
        self.useFixture(fixtures.MonkeyPatch(
            'oslo_db.sqlalchemy.engines.create_engine', _create_kept))


def keep_connections():
    """For all tests of this process."""
    engines.create_engine = _create_kept


@functools.wraps(_create)
def _create_kept(*args, **kwargs):
    # What is lost with the machine, nobody misses.
    kwargs |= {'sqlite_synchronous': False, '_engine_target': _keep}
    return _create(*args, **kwargs)


def _keep(url, **kwargs):
    if kwargs.get('poolclass') is pool.NullPool:
        kwargs |= {'poolclass': pool.QueuePool, 'max_overflow': -1}
    return _target(url, **kwargs)
