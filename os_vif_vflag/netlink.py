"""What the kernel tells by netlink: links and devlink ports.

Each is one dump. A kernel that lacks one of the families, or a name space
that may not ask, gives None: then sysfs answers.
"""

import dataclasses

from pyroute2 import DL
from pyroute2 import IPRoute
from pyroute2.netlink import NLM_F_DUMP
from pyroute2.netlink import NLM_F_REQUEST
from pyroute2.netlink import devlink
from pyroute2.netlink.exceptions import NetlinkDecodeError
from pyroute2.netlink.exceptions import NetlinkError

from os_vif_vflag import kernel
from os_vif_vflag import portname

_PCI = 'pci'
_FAILURES = (NetlinkError, NetlinkDecodeError, OSError)


@dataclasses.dataclass(frozen=True)
class Link:
    """A netdev, as a link dump or sysfs shows it.

    :ivar name: interface name
    :ivar ifindex: int
    :ivar port: portname.PortName, None where phys_port_name has no known form
    :ivar switch_id: str, None outside an eswitch. It is the card's: equal on
        both PFs of an mlx5 card.
    :ivar parent: PCI address of the device it is a child of, or None
    :ivar up: whether it has a link (operational state up)
    :ivar type: a value of kernel.LINK_TYPES, or None
    """

    name: str
    ifindex: int
    port: portname.PortName | None = None
    switch_id: str | None = None
    parent: str | None = None
    up: bool = False
    type: str | None = None


@dataclasses.dataclass(frozen=True)
class Port:
    """A devlink port with a netdev.

    :ivar device: PCI address of the devlink instance
    :ivar port: portname.PortName, as if it had stood in phys_port_name
    :ivar name: interface name of its netdev
    :ivar ifindex: of its netdev
    """

    device: str
    port: portname.PortName
    name: str
    ifindex: int


class Netlink:
    """The kernel of this machine, in this network name space."""

    def links(self):
        """:returns: tuple of Link, None when it cannot be asked"""
        try:
            with IPRoute() as ip:
                # Without RTEXT_FILTER_VF: nobody here wants 250 VFs a PF.
                return tuple(_link(m) for m in ip.link('dump', ext_mask=0))
        except _FAILURES:
            return None

    def ports(self):
        """:returns: tuple of Port, None when it cannot be asked"""
        answers = _devlink('DEVLINK_CMD_PORT_GET', NLM_F_DUMP)
        return None if answers is None else tuple(
            port for port in map(_port, answers) if port is not None)

    def eswitch_mode(self, address):
        """:param address: PCI address of a PF
        :returns: value of kernel.ESWITCH_MODES, None when it is not told
        """
        answers = _devlink('DEVLINK_CMD_ESWITCH_GET', 0, attrs=[
            ('DEVLINK_ATTR_BUS_NAME', _PCI),
            ('DEVLINK_ATTR_DEV_NAME', address)])
        modes = [m.get_attr('DEVLINK_ATTR_ESWITCH_MODE')
                 for m in answers or ()]
        return kernel.ESWITCH_MODES.get(modes[0]) if modes else None


def _link(message):
    name = message.get_attr('IFLA_IFNAME')
    parent_bus = message.get_attr('IFLA_PARENT_DEV_BUS_NAME')
    return Link(
        name=name,
        ifindex=message['index'],
        port=portname.parse(message.get_attr('IFLA_PHYS_PORT_NAME')),
        switch_id=(message.get_attr('IFLA_PHYS_SWITCH_ID') or '')
        .replace(':', '') or None,
        parent=message.get_attr('IFLA_PARENT_DEV_NAME')
        if parent_bus == _PCI else None,
        up=message.get_attr('IFLA_OPERSTATE') == 'UP',
        type=kernel.LINK_TYPES.get(message['ifi_type']))


class _Message(devlink.devlinkcmd):
    # pyroute2 0.9 ends at PORT_SPLITTABLE (148).
    nla_map = devlink.devlinkcmd.nla_map + (
        ('DEVLINK_ATTR_PORT_EXTERNAL', 'uint8'),
        ('DEVLINK_ATTR_PORT_CONTROLLER_NUMBER', 'uint32'))


def _devlink(command, flags, attrs=()):
    """:returns: list of messages, None when devlink does not answer"""
    number = devlink.DEVLINK_NAMES[command]
    request = _Message()
    request['cmd'] = number
    request['attrs'] = list(attrs)
    try:
        with DL() as socket:
            socket.marshal.msg_map[number] = _Message
            return list(socket.nlm_request(
                request, msg_type=socket.prid,
                msg_flags=NLM_F_REQUEST | flags))
    except _FAILURES:
        return None


def _port(message):
    """:returns: Port, None for one of another bus or without a netdev"""
    flavour = kernel.PORT_FLAVOURS.get(
        message.get_attr('DEVLINK_ATTR_PORT_FLAVOUR'))
    name = message.get_attr('DEVLINK_ATTR_PORT_NETDEV_NAME')
    if message.get_attr('DEVLINK_ATTR_BUS_NAME') != _PCI or not name:
        return None
    # Linux 5.9 said «external» before 5.10 said of which controller.
    controller = (message.get_attr('DEVLINK_ATTR_PORT_CONTROLLER_NUMBER') or 0
                  if message.get_attr('DEVLINK_ATTR_PORT_EXTERNAL') else None)
    return Port(
        device=message.get_attr('DEVLINK_ATTR_DEV_NAME'),
        port=portname.PortName(
            flavour,
            pf=message.get_attr('DEVLINK_ATTR_PORT_NUMBER')
            if flavour == kernel.PHYSICAL
            else message.get_attr('DEVLINK_ATTR_PORT_PCI_PF_NUMBER'),
            number=message.get_attr('DEVLINK_ATTR_PORT_PCI_VF_NUMBER'),
            controller=controller),
        name=name,
        ifindex=message.get_attr('DEVLINK_ATTR_PORT_NETDEV_IFINDEX'))
