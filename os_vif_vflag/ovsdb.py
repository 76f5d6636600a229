"""The one place that talks to OVSDB."""

import contextlib
import errno
import os
import threading
import time

from ovs import jsonrpc
from ovs import poller
from ovs import stream
from ovsdbapp import exceptions as ovsdbapp_exc
from ovsdbapp.backend.ovs_idl import connection as ovsdbapp_connection
from ovsdbapp.backend.ovs_idl import idlutils
from ovsdbapp.schema.open_vswitch import impl_idl

from os_vif_vflag import exception
from os_vif_vflag import ovsdb_commands as commands
from os_vif_vflag import replica
from os_vif_vflag import streams

_SCHEMA = 'Open_vSwitch'

# Only what is read or written here is monitored: statistics and status of a
# few hundred interfaces change every five seconds.
_COLUMNS = {
    'Open_vSwitch': ('bridges', 'next_cfg', 'cur_cfg'),
    'Bridge': ('name', 'ports', 'datapath_type'),
    'Port': ('name', 'interfaces', 'tag', 'vlan_mode', 'trunks', 'qos'),
    'Interface': ('name', 'type', 'options', 'mtu_request', 'external_ids',
                  'ofport', 'error'),
    'QoS': ('type', 'external_ids'),
}


class OvsDb:
    """Open vSwitch's database on this host. Connects when first used.

    :param connection: str as in ``ovs-vsctl --db``
    :param timeout: seconds that any one step may take
    :param tls: streams.TlsFiles for an ``ssl:`` connection
    """

    def __init__(self, connection, timeout, tls):
        self._connection = connection
        self._timeout = timeout
        self._tls = tls
        self._connected = None
        self._connecting = threading.Lock()

    def has_bridge(self, name):
        with self._replica() as api:
            return commands.has_bridge(api, name)

    def is_plugged(self, port):
        """Whether the port is there already, for the same ``iface-id``."""
        with self._replica() as api:
            return commands.is_plugged(api, port)

    def has_port(self, device):
        """Whether a device is in Open vSwitch, for whomever."""
        with self._replica() as api:
            return commands.has_port(api, device)

    def interfaces(self):
        """:returns: dict, name → external_ids of every interface
        :raises exception.OvsdbUnreachable
        """
        with self._replica() as api:
            return {row.name: dict(row.external_ids)
                    for row in api.tables['Interface'].rows.values()}

    def plug(self, port):
        """Have exactly this port for its ``iface-id``, in one transaction.

        Any other port with the same ``iface-id`` is taken off its bridge: a
        stale representor of before a reboot, say. Returns when ovs-vswitchd
        has opened the device; when it cannot, the port is taken away again,
        unless it had been there before: a server may be using it.

        :param port: ports.OvsPort
        :raises exception.BridgeNotFound, exception.InterfaceRejected,
            exception.VswitchdTimeout, exception.OvsdbUnreachable
        """
        command = commands.PlugCommand(self._api, port)
        try:
            self._commit(command, port.device)
            if command.error:
                raise exception.InterfaceRejected(
                    device=port.device, error=command.error)
        except (exception.InterfaceRejected, exception.VswitchdTimeout):
            if command.new:
                with contextlib.suppress(exception.HostError):
                    self._commit(
                        commands.UnplugCommand(
                            self._api, port.iface_id, command.new_bridge),
                        port.device, wait=False)
            raise

    def unplug(self, iface_id, bridge_to_delete=None):
        """Take every port with this ``iface-id`` off its bridge.

        :param bridge_to_delete: name of a trunk bridge that goes with it
        :returns: list of names of netdevs of the kernel that were taken off
        :raises exception.VswitchdTimeout, exception.OvsdbUnreachable
        """
        command = commands.UnplugCommand(
            self._api, iface_id, bridge_to_delete)
        self._commit(command, f'iface-id {iface_id}')
        return command.devices

    def _commit(self, command, device, wait=True):
        transaction = _Transaction(
            self._api, self._api.ovsdb_connection, check_error=True,
            log_errors=False)
        transaction.wait = wait
        transaction.add(command)
        try:
            transaction.commit()
        except _VswitchdSilent:
            raise exception.VswitchdTimeout(
                device=device, timeout=self._timeout) from None
        except ovsdbapp_exc.TimeoutException as e:
            raise self._unreachable(e) from None
        except RuntimeError as e:  # ovsdbapp's type for an OVSDB error
            raise exception.OvsdbRefused(device=device, error=e) from None

    @contextlib.contextmanager
    def _replica(self):
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
    def _api(self):
        with self._connecting:
            if self._connected is None:
                self._connected = self._connect()
        return self._connected

    def _connect(self):
        idl = self._idl()
        try:
            return _Api(ovsdbapp_connection.Connection(idl, self._timeout))
        except ovsdbapp_exc.OvsdbConnectionUnavailable:  # has no text at all
            # python-ovs' objects refer to each other: the socket would stay
            # open until Python looks for such circles.
            idl.close()
            raise self._unreachable('it sent no data') from None

    def _idl(self):
        streams.prepare(self._connection, self._tls)
        try:
            schema = _fetch_schema(self._connection, self._timeout)
        except OSError as e:
            raise self._unreachable(e.strerror or e) from None
        # python-ovs on a port beyond 65535, a path beyond 108 characters, and
        # what else is no connection
        except (ValueError, OverflowError, RecursionError) as e:
            raise self._unreachable(e) from None
        helper = idlutils.create_schema_helper(schema)
        for table, columns in _COLUMNS.items():
            helper.register_columns(table, list(columns))
        return replica.Replica(self._connection, helper)

    def _unreachable(self, error):
        return exception.OvsdbUnreachable(
            connection=self._connection, timeout=self._timeout, error=error)


class _Api(impl_idl.OvsdbIdl):
    # ovsdbapp keeps the connection on the class, so that a second instance
    # with another connection string would silently use the first one's.
    ovsdb_connection = None


class _VswitchdSilent(Exception):
    """The database took the change, ovs-vswitchd did not."""


class _Transaction(impl_idl.OvsVsctlTransaction):
    """One that reports ovs-vswitchd's silence instead of logging it."""

    wait = True
    taken = False      # by the database
    abandoned = False  # by its caller

    def commit(self):
        try:
            return super().commit()
        except ovsdbapp_exc.TimeoutException:
            if self.taken:
                raise _VswitchdSilent() from None
            self.abandoned = True
            raise

    def timeout_exceeded(self):
        # do_commit would raise what it raises for errors of the database.
        if super().timeout_exceeded():
            raise ovsdbapp_exc.TimeoutException(
                commands=self.commands, timeout=self.timeout,
                cause='the connection was lost')
        return False

    def do_commit(self):
        # One that waited in the queue while ovsdb-server was silent comes
        # too late: its caller has been told that nothing was done.
        return [] if self.abandoned else super().do_commit()

    def post_commit(self, txn):
        self.taken = True
        if self.wait:
            try:
                self.do_post_commit(txn)
            except ovsdbapp_exc.TimeoutException:
                raise _VswitchdSilent() from None
        for command in self.commands:
            command.post_commit(txn)

    def post_commit_failed_interfaces(self, txn):
        # PlugCommand looks itself, for vswitchd's own words.
        return []


def _fetch_schema(connection, timeout):
    """Ask ovsdb-server for its schema.

    ovsdbapp's own look-up waits for ever for a server that accepts the
    connection and then says nothing (ovsdbapp 3.0, fetch_schema_json).

    :raises OSError: with the reason
    """
    deadline = time.monotonic() + timeout
    error, opening = stream.Stream.open(connection)
    error, opened = stream.Stream.open_block(
        (error, opening), timeout * 1000)
    if error:
        raise OSError(error, streams.words(error, opening))
    rpc = jsonrpc.Connection(opened)
    try:
        rpc.send(jsonrpc.Message.create_request('get_schema', [_SCHEMA]))
        while True:
            rpc.run()
            error, reply = rpc.recv()
            if reply is not None and reply.type == jsonrpc.Message.T_REPLY:
                return reply.result
            if error and error != errno.EAGAIN:
                raise OSError(error, streams.words(error, opened))
            _wait(rpc, deadline)
    finally:
        rpc.close()


def _wait(rpc, deadline):
    left = deadline - time.monotonic()
    if left <= 0:
        raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
    waiter = poller.Poller()
    rpc.wait(waiter)
    rpc.recv_wait(waiter)
    waiter.timer_wait(left * 1000)
    waiter.block()

