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

"""A change on its way to ovsdb-server, and on to ovs-vswitchd."""

from ovs.db import idl
from ovsdbapp import exceptions as ovsdbapp_exc
from ovsdbapp.backend.ovs_idl import connection
from ovsdbapp.schema.open_vswitch import impl_idl

from os_vif_vflag.ovs import indexed_idl


class Api(impl_idl.OvsdbIdl):
    # ovsdbapp keeps the connection on the class, so that a second instance
    # with another connection string would silently use the first one's.
    ovsdb_connection: connection.Connection = None


class Unanswered(Exception):
    """ovsdb-server did not answer in time; str: to what."""


class Transaction(impl_idl.OvsVsctlTransaction):
    """One that ends when the database has it.

    ovsdbapp's waits for ovs-vswitchd after that, in the thread that all
    transactions of a process need, and logs its silence only.

    :ivar number: after the commit, of the configuration that ovs-vswitchd
        has to take up; None where nothing changed
    """

    number: int | None = None
    _begun = False      # it is no longer in the queue
    _abandoned = False  # by its caller

    def __init__(self, api: Api):
        super().__init__(api, api.ovsdb_connection, check_error=True,
                         log_errors=False)

    def commit(self) -> list[object]:
        """:raises Unanswered: names what was waited for
        :raises RuntimeError: ovsdbapp's type for an error of the database
        """
        try:
            results: list[object] = super().commit()
            return results
        except ovsdbapp_exc.TimeoutException:
            self._abandoned = True
            # Its own text is the representation of the commands.
            raise Unanswered(self._cause()) from None

    def timeout_exceeded(self) -> bool:
        # do_commit would raise what it raises for errors of the database.
        if super().timeout_exceeded():
            raise ovsdbapp_exc.TimeoutException()
        return False

    def do_commit(self) -> list[object]:
        # One that waited in the queue while ovsdb-server was silent comes
        # too late: for its caller it has failed, and nothing was done.
        if self._abandoned:
            return []
        self._begun = True
        results: list[object] = super().do_commit()
        return results

    def post_commit(self, txn: idl.Transaction) -> None:
        self.number = txn.get_increment_new_value()

    def _cause(self) -> str:
        copy: indexed_idl.IndexedIdl = self.api.idl
        if not copy.is_connected():
            return copy.why_not()
        return ('the change is unanswered' if self._begun
                else 'an earlier request is unanswered')
