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

"""A copy of the database: finds rows by an external id, waits for vswitchd."""

import collections
from collections.abc import Sequence
import threading
import uuid

from ovs.db import idl

_KEYS = {'Interface': 'iface-id', 'QoS': 'id'}

# Milliseconds. A member of a cluster that hangs keeps its connections, and
# only silence shows that another one has become the leader. A single server
# has no other one to turn to.
_PROBE_INTERVAL = 5000


class IndexedIdl(idl.Idl):
    """python-ovs' copy, with an index of the external ids in _KEYS.

    python-ovs' own indexes are of no use here: they fail on a row that is
    new in a transaction and lacks the column yet (custom_index.py, remove).

    :param remotes: of several, the leader is followed
    """

    def __init__(self, remotes: Sequence[str],
                 schema_helper: idl.SchemaHelper):
        super().__init__(','.join(remotes), schema_helper)
        self._uuids: dict[tuple[str, str | None], set[uuid.UUID]] = (
            collections.defaultdict(set))
        self._cur_cfg = 0
        self._refusal: str | None = None
        self._taken_up = threading.Condition()
        if len(remotes) > 1:
            # Session.open_multiple leaves probes out for streams without need.
            self._session.reconnect.set_probe_interval(_PROBE_INTERVAL)

    def notify(self, event: str, row: idl.Row,
               updates: idl.Row | None = None) -> None:
        self._refusal = None
        table = row._table.name
        if table == 'Open_vSwitch':
            with self._taken_up:
                self._cur_cfg = row.cur_cfg
                self._taken_up.notify_all()
        if table not in _KEYS:
            return
        place = table, row.external_ids.get(_KEYS[table])
        if event != idl.ROW_DELETE:
            self._uuids[place].add(row.uuid)
        elif place in self._uuids:
            self._uuids[place].discard(row.uuid)
            if not self._uuids[place]:
                del self._uuids[place]

    def wait_for_vswitchd(self, number: int, timeout: float) -> bool:
        """Wait until ovs-vswitchd has taken up a configuration.

        In the thread of whoever wants to know. ovsdbapp waits in the one
        thread that talks to ovsdb-server (do_post_commit), and all others
        would wait for that, and blame ovsdb-server.

        :param number: of ``next_cfg``
        :param timeout: seconds
        :returns: whether it has
        """
        with self._taken_up:
            return self._taken_up.wait_for(
                lambda: self.vswitchd_has_completed(number), timeout)

    def vswitchd_has_completed(self, number: int) -> bool:
        return self._cur_cfg >= number

    def is_connected(self) -> bool:
        """Whether a server, of a cluster the leader, is at the other end."""
        return bool(self.state == self.IDL_S_MONITORING
                    and self._session.is_connected())

    def why_not(self) -> str:
        """Why it is not connected, as far as the server that was tried last
        has stated it."""
        return self._refusal or (
            'the connection was lost' if self.has_ever_connected()
            else 'it sent no data')

    def force_reconnect(self) -> None:
        """What python-ovs does with a server that it has no use for."""
        self._refusal = self._problem_of_member()
        super().force_reconnect()

    def _problem_of_member(self) -> str | None:
        databases = (self.server_tables or {}).get('Database')
        for row in databases.rows.values() if databases else ():
            if row.name == self._db.name and row.model == idl.CLUSTERED:
                problem = ('is not the leader of its cluster'
                           if row.connected else 'is cut off from its cluster')
                return (f'{self._session.get_name()} {problem}, all of whose '
                        'members have to be named, separated by commas')
        return None

    def rows_with(self, table: str, value: str) -> list[idl.Row]:
        """:param table: one of _KEYS
        :param value: of the table's external id

        That a row has gone, or has another value now, is seen here: after
        a lost connection all rows are new, and none is reported as gone.
        """
        rows = self.tables[table].rows
        found = [rows[uuid] for uuid in self._uuids.get((table, value), ())
                 if uuid in rows]
        return [row for row in found
                if row.external_ids.get(_KEYS[table]) == value]
