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

"""Importing this lets OpenStack's services share databases of sqlite.

A transaction that has read and then wants to write is refused at once with
«database is locked» if another one has written meanwhile: its snapshot is
old (SQLITE_BUSY_SNAPSHOT). So a transaction that oslo.db marks as a writer's
takes the write lock when it begins, and waits for it if need be. Should a
transaction be refused all the same, the services take it for what it is
with other databases, a deadlock, and repeat it where they know how to.
"""

from oslo_db import exception
from oslo_db.sqlalchemy import enginefacade
from oslo_db.sqlalchemy import exc_filters
import sqlalchemy
import sqlalchemy.exc

_Factory = enginefacade._TransactionFactory
_create_session = _Factory._create_session


def _take_lock(_session, transaction, connection):
    """oslo.db has just said BEGIN; nothing was read yet."""
    if transaction.nested:  # a savepoint
        return
    connection.exec_driver_sql('ROLLBACK')
    connection.exec_driver_sql('BEGIN IMMEDIATE')


def _create_locking_session(self, mode, bind=None):
    session = _create_session(self, mode, bind)
    if mode is enginefacade._WRITER:
        sqlalchemy.event.listen(session, 'after_begin', _take_lock)
    return session


@exc_filters.filters('sqlite', sqlalchemy.exc.OperationalError,
                     r'.*database is locked')
def _locked(error, _match, _engine_name, _is_disconnect):
    raise exception.DBDeadlock(error)


_Factory._create_session = _create_locking_session
