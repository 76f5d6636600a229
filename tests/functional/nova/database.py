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
