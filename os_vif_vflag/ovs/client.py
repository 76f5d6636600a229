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

"""The one place that talks to OVSDB."""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import os
import threading
import weakref

from ovs.db import error as ovs_error
from ovsdbapp import exceptions as ovsdbapp_exc
from ovsdbapp.backend.ovs_idl import connection as ovsdbapp_connection

from os_vif_vflag import exception
from os_vif_vflag.ovs import commands
from os_vif_vflag.ovs import indexed_idl
from os_vif_vflag.ovs import ovs_errors
from os_vif_vflag.ovs import ovs_port
from os_vif_vflag.ovs import remotes
from os_vif_vflag.ovs import schema
from os_vif_vflag.ovs import streams
from os_vif_vflag.ovs import transactions

# Only what is read or written here is monitored: statistics and status of a
# few hundred interfaces change every five seconds.
_COLUMNS = {
    'Open_vSwitch': ('bridges', 'next_cfg', 'cur_cfg', 'other_config'),
    'Bridge': ('name', 'ports', 'datapath_type'),
    'Port': ('name', 'interfaces', 'tag', 'vlan_mode', 'trunks', 'qos'),
    'Interface': ('name', 'type', 'options', 'mtu_request', 'external_ids',
                  'ofport', 'error'),
    'QoS': ('type', 'external_ids'),
}


class OvsDb:
    """Open vSwitch's database on this host. Connects when first used, and
    anew in a process that was forked: threads do not come along.

    :param connection: as in ``ovs-vsctl --db``: one remote, or several
        separated by commas
    :param timeout: seconds that any one step may take
    :param tls: for an ``ssl:`` connection
    """

    def __init__(self, connection: str, timeout: float,
                 tls: streams.TlsFiles):
        self._connection = connection
        self._timeout = timeout
        self._tls = tls
        self._connected: transactions.Api | None = None
        self._connecting = threading.Lock()
        forked = weakref.WeakMethod(self._forked)
        os.register_at_fork(after_in_child=lambda: _call(forked))

    def has_bridge(self, name: str) -> bool:
        with self._replica() as api:
            return commands.has_bridge(api, name)

    def is_plugged(self, port: ovs_port.OvsPort) -> bool:
        """Whether the port is there already, for the same ``iface-id``."""
        with self._replica() as api:
            return commands.is_plugged(api, port)

    def has_port(self, device: str) -> bool:
        """Whether a device is in Open vSwitch, for whomever."""
        with self._replica() as api:
            return commands.has_port(api, device)

    def interfaces(self) -> dict[str, dict[str, str]]:
        """:returns: name → external_ids of every interface
        :raises ovs_errors.OvsdbUnreachable
        """
        with self._replica() as api:
            return {row.name: dict(row.external_ids)
                    for row in api.tables['Interface'].rows.values()}

    def other_config(self) -> dict[str, str]:
        """:returns: ``Open_vSwitch:other_config``, where ``hw-offload`` is
        :raises ovs_errors.OvsdbUnreachable
        """
        with self._replica() as api:
            return {key: value
                    for row in api.tables['Open_vSwitch'].rows.values()
                    for key, value in row.other_config.items()}

    def plug(self, port: ovs_port.OvsPort) -> None:
        """Have exactly this port for its ``iface-id``, in one transaction.

        Any other port with the same ``iface-id`` is taken off its bridge: a
        stale representor of before a reboot, say. Returns when ovs-vswitchd
        has opened the device; when it cannot, the port is taken away again,
        unless it had been there before: a server may be using it.

        :raises ovs_errors.BridgeNotFound, ovs_errors.InterfaceRejected,
            ovs_errors.VswitchdTimeout, ovs_errors.OvsdbUnreachable
        """
        command = commands.PlugCommand(self._api, port)
        try:
            if self._commit(command, port.device):
                with self._replica() as api:
                    commands.check_opened(api, port.device)
        except (ovs_errors.InterfaceRejected, ovs_errors.VswitchdTimeout):
            if command.new:
                with contextlib.suppress(exception.HostError):
                    self._commit(
                        commands.UnplugCommand(
                            self._api, port.iface_id, command.new_bridge),
                        port.device, wait=False)
            raise

    def unplug(self, iface_id: str,
               bridge_to_delete: str | None = None) -> list[str]:
        """Take every port with this ``iface-id`` off its bridge.

        :param bridge_to_delete: name of a trunk bridge that goes with it
        :returns: names of the netdevs of the kernel that were taken off
        :raises ovs_errors.VswitchdTimeout, ovs_errors.OvsdbUnreachable
        """
        command = commands.UnplugCommand(
            self._api, iface_id, bridge_to_delete)
        self._commit(command, f'iface-id {iface_id}')
        return command.devices

    def _commit(self, command: commands.PlugCommand | commands.UnplugCommand,
                device: str, wait: bool = True) -> bool:
        """:returns: whether anything was changed"""
        transaction = transactions.Transaction(self._api)
        transaction.add(command)
        try:
            transaction.commit()
        except transactions.Unanswered as e:
            raise self._unreachable(e) from None
        except RuntimeError as e:  # ovsdbapp's type for an OVSDB error
            raise ovs_errors.OvsdbRefused(device=device, error=e) from None
        number = transaction.number
        if wait and number is not None:
            self._wait_for_vswitchd(number, device)
        return number is not None

    def _wait_for_vswitchd(self, number: int, device: str) -> None:
        idl: indexed_idl.IndexedIdl = self._api.idl
        if idl.wait_for_vswitchd(number, self._timeout):
            return
        if not idl.is_connected():
            raise self._unreachable(idl.why_not())
        raise ovs_errors.VswitchdTimeout(device=device, timeout=self._timeout)

    @contextlib.contextmanager
    def _replica(self) -> Iterator[transactions.Api]:
        """The copy of the database, while nobody changes it.

        ovsdbapp holds this lock for as long as ovsdb-server takes to answer
        a change, and its own commands wait for it without a limit.
        """
        api = self._api
        lock = api.ovsdb_connection.lock
        if not lock.acquire(timeout=self._timeout):
            raise self._unreachable('an earlier request is unanswered')
        try:
            yield api
        finally:
            lock.release()

    @property
    def _api(self) -> transactions.Api:
        with self._connecting:
            if self._connected is None:
                self._connected = self._connect()
        return self._connected

    def _connect(self) -> transactions.Api:
        idl = self._idl()
        try:
            return transactions.Api(
                ovsdbapp_connection.Connection(idl, self._timeout))
        except ovsdbapp_exc.OvsdbConnectionUnavailable:  # has no text at all
            error = self._unreachable(idl.why_not())
            # python-ovs' objects refer to each other: the socket would stay
            # open until Python looks for such circles.
            idl.close()
            raise error from None

    def _idl(self) -> indexed_idl.IndexedIdl:
        members = remotes.split(self._connection)
        streams.prepare(members, self._tls)
        try:
            return indexed_idl.IndexedIdl(members, schema.helper(
                schema.fetch(members, self._timeout), _COLUMNS,
                self._connection))
        except (schema.Unavailable, ovs_error.Error) as e:
            raise self._unreachable(e) from None

    def _forked(self) -> None:
        """In the child: the thread of the connection stayed in the parent,
        and any lock may have been held there."""
        self._connecting = threading.Lock()
        if self._connected is not None:
            # Its sockets are the parent's, too, and stay open there.
            self._connected.idl.close()
        self._connected = None

    def _unreachable(self, error: object) -> ovs_errors.OvsdbUnreachable:
        return ovs_errors.OvsdbUnreachable(
            connection=self._connection, timeout=self._timeout, error=error)


def _call(reference: weakref.WeakMethod[Callable[[], None]]) -> None:
    """What a weak reference refers to, if it is still there."""
    method = reference()
    if method is not None:
        method()
