"""What is done to OVSDB, as ovsdbapp commands: each runs in a transaction."""

from ovsdbapp.backend.ovs_idl import command
from ovsdbapp.backend.ovs_idl import idlutils
from ovsdbapp.schema.open_vswitch import commands

from os_vif_vflag import exception


class UnplugCommand(command.BaseCommand):
    """Take every port with an ``iface-id`` off its bridge.

    :param bridge_to_delete: name of a bridge that goes too, or None
    :ivar devices: after the run, the names of the devices taken off
    """

    def __init__(self, api, iface_id, bridge_to_delete=None):
        super().__init__(api)
        self.iface_id = iface_id
        self.bridge_to_delete = bridge_to_delete
        self.devices = []

    def run_idl(self, txn):
        self.devices = [
            _remove(bridge, port) for bridge, port
            in _ports_of(self.api, self.iface_id)]
        if self.bridge_to_delete:
            commands.DelBridgeCommand(
                self.api, self.bridge_to_delete, if_exists=True).run_idl(txn)


class PlugCommand(command.BaseCommand):
    """Have exactly one port for an ``iface-id``.

    :param port: ovsdb.OvsPort
    :ivar new: whether the device was not the port of this ``iface-id`` before
    :ivar error: after the commit, ovs-vswitchd's words when it could not
        open the device, else None
    """

    def __init__(self, api, port):
        super().__init__(api)
        self.port = port
        self.new = False
        self.error = None

    def run_idl(self, txn):
        bridge = self._bridge(txn)
        self.new = not is_plugged(self.api, self.port)
        for other_bridge, other in _ports_of(self.api, self.port.iface_id):
            if (other_bridge, other.name) != (bridge, self.port.device):
                _remove(other_bridge, other)
        interface = self._interface(txn, bridge)
        for key, value in self.port.external_ids.items():
            interface.setkey('external_ids', key, value)

    def post_commit(self, txn):
        interface = _row(self.api, 'Interface', self.port.device)
        if interface is None:
            self.error = 'it was removed meanwhile'
        elif interface.error:
            self.error = interface.error[0]
        elif interface.ofport == [-1]:
            self.error = 'it got no OpenFlow port'

    def _bridge(self, txn):
        name = self.port.bridge
        if _row(self.api, 'Bridge', name) is None:
            if not self.port.create_bridge:
                raise exception.BridgeNotFound(
                    bridge=name, device=self.port.device)
            commands.AddBridgeCommand(
                self.api, name, may_exist=True, datapath_type=None,
            ).run_idl(txn)
        return _row(self.api, 'Bridge', name)

    def _interface(self, txn, bridge):
        """The device's interface, in a port of the bridge."""
        device = self.port.device
        port = _row(self.api, 'Port', device)
        if port is not None and port in bridge.ports:
            return port.interfaces[0]
        if port is not None:
            _remove(_bridge_of(self.api, port), port)
        port = txn.insert(self.api.tables['Port'])
        port.name = device
        bridge.addvalue('ports', port)
        interface = txn.insert(self.api.tables['Interface'])
        interface.name = device
        port.interfaces = [interface]
        return interface


def has_bridge(api, name):
    return _row(api, 'Bridge', name) is not None


def has_port(api, device):
    return _row(api, 'Port', device) is not None


def is_plugged(api, port):
    """Whether the device is the port of its ``iface-id`` already."""
    interface = _row(api, 'Interface', port.device)
    return (interface is not None
            and interface.external_ids.get('iface-id') == port.iface_id)


def _row(api, table, name):
    return idlutils.row_by_value(api.idl, table, 'name', name, None)


def _bridge_of(api, port):
    return next(b for b in api.tables['Bridge'].rows.values()
                if port in b.ports)


def _ports_of(api, iface_id):
    """:returns: list of (Bridge row, Port row) with this ``iface-id``"""
    # One column of each interface is looked at, and the ports of those found
    # only: a column costs 20 microseconds in ovs-python.
    found = [row for row in api.tables['Interface'].rows.values()
             if row.external_ids.get('iface-id') == iface_id]
    ports = {port for row in found for port in _ports_with(api, row)}
    return [(bridge, port) for port in ports
            for bridge in api.tables['Bridge'].rows.values()
            if port in bridge.ports]


def _ports_with(api, interface):
    """All but a bond's interfaces have the name of their port."""
    port = _row(api, 'Port', interface.name)
    if port is not None and interface in port.interfaces:
        return [port]
    return [port for port in api.tables['Port'].rows.values()
            if interface in port.interfaces]


def _remove(bridge, port):
    """Take the port off the bridge; ovsdb-server collects its rows.

    :returns: name of its device
    """
    bridge.delvalue('ports', port)
    name = port.name
    for interface in port.interfaces:
        interface.delete()
    port.delete()
    return name
