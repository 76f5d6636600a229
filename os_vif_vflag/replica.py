"""A copy of the database that finds rows by an external id."""

import collections

from ovs.db import idl

_KEYS = {'Interface': 'iface-id', 'QoS': 'id'}


class Replica(idl.Idl):
    """python-ovs' copy, with an index of the external ids in _KEYS.

    python-ovs' own indexes are of no use here: they fail on a row that is
    new in a transaction and lacks the column yet (custom_index.py, remove).
    """

    def __init__(self, connection, schema_helper):
        super().__init__(connection, schema_helper)
        self._uuids = collections.defaultdict(set)

    def notify(self, event, row, updates=None):
        table = row._table.name
        if table not in _KEYS:
            return
        place = table, row.external_ids.get(_KEYS[table])
        if event != idl.ROW_DELETE:
            self._uuids[place].add(row.uuid)
        elif place in self._uuids:
            self._uuids[place].discard(row.uuid)
            if not self._uuids[place]:
                del self._uuids[place]

    def rows_with(self, table, value):
        """:param table: one of _KEYS
        :param value: of the table's external id
        :returns: list of the rows that have it

        That a row has gone, or has another value now, is seen here: after
        a lost connection all rows are new, and none is said to have gone.
        """
        rows = self.tables[table].rows
        found = [rows[uuid] for uuid in self._uuids.get((table, value), ())
                 if uuid in rows]
        return [row for row in found
                if row.external_ids.get(_KEYS[table]) == value]
