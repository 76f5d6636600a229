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

"""What the kernel tells by netlink: links, VFs and devlink ports.

Each is one question. A kernel that lacks one of the families, or a name space
that may not ask, gives None: then sysfs answers.
"""

import dataclasses
import socket

from os_vif_vflag.kernel import nlmsg
from os_vif_vflag.kernel import port_name
from os_vif_vflag.kernel import uapi
from os_vif_vflag.kernel import vfinfo

_PCI = 'pci'
# A dump during which netdevs came or went is not one moment's picture.
_ATTEMPTS = 3


@dataclasses.dataclass(frozen=True)
class Link:
    """A netdev, as a link dump or sysfs shows it.

    :ivar name: interface name
    :ivar ifindex: int, None where it was not asked for
    :ivar port: port_name.PortName, None where phys_port_name has no known form
    :ivar switch_id: str, None outside an eswitch. It is the card's: equal on
        both PFs of an mlx5 card.
    :ivar parent: PCI address of the device it is a child of, or None
    :ivar up: whether it has a link (operational state up)
    :ivar type: a value of uapi.LINK_TYPES, or None
    """

    name: str
    ifindex: int
    port: port_name.PortName | None = None
    switch_id: str | None = None
    parent: str | None = None
    up: bool = False
    type: str | None = None


@dataclasses.dataclass(frozen=True)
class Port:
    """A devlink port with a netdev.

    :ivar device: PCI address of the devlink instance
    :ivar port: port_name.PortName, as if it had stood in phys_port_name
    :ivar name: interface name of its netdev
    :ivar ifindex: of its netdev
    """

    device: str
    port: port_name.PortName
    name: str
    ifindex: int


class Netlink:
    """The kernel of this machine, in this network name space."""

    def links(self):
        """:returns: tuple of Link, None when it cannot be asked"""
        # Without IFLA_EXT_MASK: nobody here wants the 250 VFs of each PF.
        answers = _ask(
            nlmsg.request, socket.NETLINK_ROUTE, uapi.RTM_GETLINK,
            nlmsg.LINK.pack(socket.AF_UNSPEC, 0, 0, 0, 0), dump=True)
        return None if answers is None else tuple(map(_link, answers))

    def vfs(self, name):
        """:param name: of an uplink
        :returns: dict number of a VF → dict as of vfinfo.decode, None when
            it cannot be asked
        """
        answers = _ask(
            nlmsg.request, socket.NETLINK_ROUTE, uapi.RTM_GETLINK,
            nlmsg.LINK.pack(socket.AF_UNSPEC, 0, 0, 0, 0)
            + nlmsg.text(uapi.IFLA_IFNAME, name)
            + nlmsg.number(
                uapi.IFLA_EXT_MASK,
                uapi.RTEXT_FILTER_VF | uapi.RTEXT_FILTER_SKIP_STATS))
        return None if answers is None else vfinfo.decode(
            nlmsg.Attributes(answers[0], nlmsg.LINK.size).bytes(
                uapi.IFLA_VFINFO_LIST))

    def ports(self, address=None):
        """:param address: PCI address of the devlink instance, None for all
        :returns: tuple of Port, None when it cannot be asked
        """
        # Before Linux 6.6 a dump takes no heed of whose ports are wanted.
        answers = _devlink(uapi.DEVLINK_CMD_PORT_GET,
                           _handle(address) if address else b'', dump=True)
        return None if answers is None else tuple(
            port for port in map(_port, answers)
            if port is not None and address in (None, port.device))

    def eswitch_mode(self, address):
        """:param address: PCI address of a PF
        :returns: value of uapi.ESWITCH_MODES, None when it is not told
        """
        answers = _devlink(uapi.DEVLINK_CMD_ESWITCH_GET, _handle(address))
        modes = [nlmsg.Attributes(answer, nlmsg.GENERIC.size).number(
            uapi.DEVLINK_ATTR_ESWITCH_MODE) for answer in answers or ()]
        return uapi.ESWITCH_MODES.get(modes[0]) if modes else None


def _ask(ask, *args, **kwargs):
    """:returns: see nlmsg.request, None instead of an exception"""
    for _ in range(_ATTEMPTS):
        try:
            return ask(*args, **kwargs)
        except InterruptedError:
            continue
        except OSError:
            break
    return None


def _devlink(command, attributes=b'', dump=False):
    """:returns: list of bytes, None when devlink does not answer"""
    return _ask(nlmsg.request_of_family, 'devlink', command, attributes, dump)


def _handle(address):
    """:returns: bytes, the attributes that name a devlink instance"""
    return (nlmsg.text(uapi.DEVLINK_ATTR_BUS_NAME, _PCI)
            + nlmsg.text(uapi.DEVLINK_ATTR_DEV_NAME, address))


def _link(message):
    _, kind, ifindex, _, _ = nlmsg.LINK.unpack_from(message)
    said = nlmsg.Attributes(message, nlmsg.LINK.size)
    parent_bus = said.text(uapi.IFLA_PARENT_DEV_BUS_NAME)
    return Link(
        name=said.text(uapi.IFLA_IFNAME),
        ifindex=ifindex,
        port=port_name.parse(said.text(uapi.IFLA_PHYS_PORT_NAME)),
        switch_id=said.bytes(uapi.IFLA_PHYS_SWITCH_ID).hex() or None,
        parent=said.text(uapi.IFLA_PARENT_DEV_NAME)
        if parent_bus == _PCI else None,
        up=said.number(uapi.IFLA_OPERSTATE) == uapi.IF_OPER_UP,
        type=uapi.LINK_TYPES.get(kind))


def _port(message):
    """:returns: Port, None for one of another bus or without a netdev"""
    said = nlmsg.Attributes(message, nlmsg.GENERIC.size)
    name = said.text(uapi.DEVLINK_ATTR_PORT_NETDEV_NAME)
    if said.text(uapi.DEVLINK_ATTR_BUS_NAME) != _PCI or not name:
        return None
    flavour = uapi.PORT_FLAVOURS.get(
        said.number(uapi.DEVLINK_ATTR_PORT_FLAVOUR))
    # Linux 5.9 said «external» before 5.10 said of which controller.
    controller = (said.number(uapi.DEVLINK_ATTR_PORT_CONTROLLER_NUMBER) or 0
                  if said.number(uapi.DEVLINK_ATTR_PORT_EXTERNAL) else None)
    return Port(
        device=said.text(uapi.DEVLINK_ATTR_DEV_NAME),
        port=port_name.PortName(
            flavour,
            pf=said.number(uapi.DEVLINK_ATTR_PORT_NUMBER)
            if flavour == uapi.PHYSICAL
            else said.number(uapi.DEVLINK_ATTR_PORT_PCI_PF_NUMBER),
            number=said.number(uapi.DEVLINK_ATTR_PORT_PCI_VF_NUMBER),
            controller=controller),
        name=name,
        ifindex=said.number(uapi.DEVLINK_ATTR_PORT_NETDEV_IFINDEX))
