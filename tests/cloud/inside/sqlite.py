"""What OpenStack must know about sqlite to share it between processes.

A transaction that has read and then wants to write is refused at once with
«database is locked» if another one has written meanwhile: its snapshot is
old (SQLITE_BUSY_SNAPSHOT). Other databases call that a deadlock, and the
services then repeat the transaction; oslo.db has no such entry for sqlite
(18.1.1). Importing this module adds it.
"""

from oslo_db import exception
from oslo_db.sqlalchemy import exc_filters
import sqlalchemy.exc


@exc_filters.filters('sqlite', sqlalchemy.exc.OperationalError,
                     r'.*database is locked')
def _locked(error, _match, _engine_name, _is_disconnect):
    raise exception.DBDeadlock(error)
