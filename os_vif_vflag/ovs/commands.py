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

"""What is done to OVSDB, as ovsdbapp commands: each runs in a transaction."""

from ovs.db import idl
from ovsdbapp.backend.ovs_idl import command
from ovsdbapp.backend.ovs_idl import idlutils
from ovsdbapp.schema.open_vswitch import commands

from os_vif_vflag.ovs import ovs_errors
from os_vif_vflag.ovs import ovs_port
from os_vif_vflag.ovs.transactions import Api

# Neutron's: what is in it reaches nobody
# (neutron/plugins/ml2/drivers/openvswitch/agent/common/constants.py).
_DEAD_VLAN = 4095


class UnplugCommand(command.BaseCommand):
    """Take every port with an ``iface-id`` off its bridge.

    :param bridge_to_delete: name of a bridge that goes too, or None
    :ivar devices: after the run, the names of the kernel's netdevs that were
        taken off
    """

    def __init__(self, api: Api, iface_id: str,
                 bridge_to_delete: str | None = None):
        super().__init__(api)
        self.iface_id = iface_id
        self.bridge_to_delete = bridge_to_delete
        self.devices: list[str] = []

    def run_idl(self, txn: idl.Transaction) -> None:
        # A second run may find no more what the first has taken off: its
        # answer was lost.
        for bridge, port in _ports_of(self.api, self.iface_id):
            self.devices += [i.name for i in port.interfaces
                             if i.type == ovs_port.KERNEL]
            _remove(self.api, bridge, port)
        if self.bridge_to_delete:
            commands.DelBridgeCommand(
                self.api, self.bridge_to_delete, if_exists=True).run_idl(txn)


class PlugCommand(command.BaseCommand):
    """Have exactly one port for an ``iface-id``.

    :ivar new: whether the device was not the port of this ``iface-id`` before
    :ivar new_bridge: name of the bridge if it was created, else None
    """

    def __init__(self, api: Api, port: ovs_port.OvsPort):
        super().__init__(api)
        self.port = port
        self.new = False
        self.new_bridge: str | None = None

    def run_idl(self, txn: idl.Transaction) -> None:
        bridge = _row(self.api, 'Bridge', self.port.bridge)
        plugged = is_plugged(self.api, self.port)
        # A second run may see what the first has done: its answer was lost.
        self.new = self.new or not plugged
        self.new_bridge = self.new_bridge or (
            None if bridge else self.port.bridge)
        # Before anything is added: rows that ovsdb-server has not seen yet
        # lack the columns that are looked at.
        kept = self._kept(bridge if plugged else None)
        for other_bridge, other in _ports_of(self.api, self.port.iface_id):
            if other is not kept:
                _remove(self.api, other_bridge, other)
        interface = kept.interfaces[0] if kept else self._add(
            txn, bridge or self._create_bridge(txn))
        interface.type = self.port.type
        interface.options = self.port.options
        if self.port.mtu_request:
            interface.mtu_request = self.port.mtu_request
        for key, value in self.port.external_ids.items():
            interface.setkey('external_ids', key, value)

    def _create_bridge(self, txn: idl.Transaction) -> idl.Row:
        name = self.port.bridge
        if not self.port.create_bridge:
            raise ovs_errors.BridgeNotFound(
                bridge=name, device=self.port.device)
        commands.AddBridgeCommand(
            self.api, name, may_exist=True,
            datapath_type=self.port.datapath).run_idl(txn)
        return _row(self.api, 'Bridge', name)

    def _kept(self, bridge: idl.Row | None) -> idl.Row | None:
        """:param bridge: row that may have this port already
        :returns: the Port row as it was, when it is this port's already;
            another's goes: its VLAN and queues are not for this one
        """
        port = _row(self.api, 'Port', self.port.device)
        if port is None or (bridge and port in bridge.ports):
            return port
        _remove(self.api, _bridge_of(self.api, port), port)
        return None

    def _add(self, txn: idl.Transaction, bridge: idl.Row) -> idl.Row:
        """:returns: Interface row, in a new port of the bridge"""
        port = txn.insert(self.api.tables['Port'])
        port.name = self.port.device
        if self.port.isolated:
            port.tag, port.vlan_mode = _DEAD_VLAN, 'trunk'
            port.trunks = [_DEAD_VLAN]
        if self.port.qos_type:
            port.qos = self._queues(txn)
        bridge.addvalue('ports', port)
        interface = txn.insert(self.api.tables['Interface'])
        interface.name = self.port.device
        port.interfaces = [interface]
        return interface

    def _queues(self, txn: idl.Transaction) -> idl.Row:
        """:returns: new QoS row, marked as os-vif's own plugin does"""
        # Left by a crash of that plugin between its transactions.
        _delete_queues(self.api, self.port.device)
        row = txn.insert(self.api.tables['QoS'])
        row.type = self.port.qos_type
        row.external_ids = {'id': ovs_port.qos_id(self.port.device),
                            '_type': self.port.qos_type}
        return row


def has_bridge(api: Api, name: str) -> bool:
    return _row(api, 'Bridge', name) is not None


def has_port(api: Api, device: str) -> bool:
    return _row(api, 'Port', device) is not None


def check_opened(api: Api, device: str) -> None:
    """:raises ovs_errors.InterfaceRejected: with ovs-vswitchd's own words, it
        could not open the device
    """
    interface = _row(api, 'Interface', device)
    if interface is None:
        error = 'it was removed meanwhile'
    elif interface.error:
        error = interface.error[0]
    elif interface.ofport in ([], [-1]):
        error = 'it got no OpenFlow port'
    else:
        return
    raise ovs_errors.InterfaceRejected(device=device, error=error)


def is_plugged(api: Api, port: ovs_port.OvsPort) -> bool:
    """Whether the device is the port of its ``iface-id`` already."""
    interface = _row(api, 'Interface', port.device)
    return (interface is not None
            and interface.external_ids.get('iface-id') == port.iface_id)


def _row(api: Api, table: str, name: str) -> idl.Row | None:
    return idlutils.row_by_value(api.idl, table, 'name', name, None)


def _bridge_of(api: Api, port: idl.Row) -> idl.Row:
    return next(b for b in api.tables['Bridge'].rows.values()
                if port in b.ports)


def _ports_of(api: Api, iface_id: str) -> list[tuple[idl.Row, idl.Row]]:
    """Bridge row and Port row of each port with this ``iface-id``."""
    ports = {port for row in api.idl.rows_with('Interface', iface_id)
             for port in _ports_with(api, row)}
    return [(bridge, port) for port in ports
            for bridge in api.tables['Bridge'].rows.values()
            if port in bridge.ports]


def _ports_with(api: Api, interface: idl.Row) -> list[idl.Row]:
    """All but a bond's interfaces have the name of their port."""
    port = _row(api, 'Port', interface.name)
    if port is not None and interface in port.interfaces:
        return [port]
    return [port for port in api.tables['Port'].rows.values()
            if interface in port.interfaces]


def _remove(api: Api, bridge: idl.Row, port: idl.Row) -> None:
    """Take the port off the bridge, and away what was made for it.

    Its own rows are ovsdb-server's garbage then. Until that is collected
    they count as references, and python-ovs does not delete them: the port
    has to let go of its queues itself.
    """
    bridge.delvalue('ports', port)
    port.qos = []
    _delete_queues(api, port.name)


def _delete_queues(api: Api, device: str) -> None:
    # They belong to no port in the database's eyes, and would stay for ever.
    for row in api.idl.rows_with('QoS', ovs_port.qos_id(device)):
        row.delete()
