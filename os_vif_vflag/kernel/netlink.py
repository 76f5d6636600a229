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

"""What the kernel reports by netlink: links, VFs and devlink ports.

Each is one request. Where the kernel lacks one of the families, or this
process lacks the permission, the answer is None: then sysfs is read.
"""

from collections.abc import Callable
import dataclasses
import socket
from typing import ParamSpec
from typing import Protocol

from os_vif_vflag.kernel import counters
from os_vif_vflag.kernel import nlmsg
from os_vif_vflag.kernel import port_name
from os_vif_vflag.kernel import uapi
from os_vif_vflag.kernel import vfinfo
from os_vif_vflag.kernel.port_name import PortName

_PCI = 'pci'
# A dump during which netdevs came or went is not one moment's picture.
_ATTEMPTS = 3
_P = ParamSpec('_P')


@dataclasses.dataclass(frozen=True)
class Link:
    """A netdev, as a link dump or sysfs shows it.

    :ivar name: interface name
    :ivar ifindex: 0 where it was not read; the kernel counts from 1
    :ivar port_name: None where phys_port_name has no known form
    :ivar switch_id: None outside an eswitch. It is the card's: equal on both
        PFs of an mlx5 card.
    :ivar parent: PCI address of the device it is a child of, or None
    :ivar up: whether it has a link: its operational state is up, or unknown
        with a carrier
    :ivar type: a value of uapi.LINK_TYPES, or None
    """

    name: str
    ifindex: int
    port_name: PortName | None = None
    switch_id: str | None = None
    parent: str | None = None
    up: bool = False
    type: str | None = None


@dataclasses.dataclass(frozen=True)
class Port:
    """A devlink port with a netdev.

    :ivar device: PCI address of the devlink instance
    :ivar port_name: as if it had been read from phys_port_name
    :ivar name: interface name of its netdev
    :ivar ifindex: of its netdev
    """

    device: str
    port_name: PortName
    name: str
    ifindex: int


class Source(Protocol):
    """What answers as Netlink does: a kernel, or what a test has in its place.

    Every answer is None where there is none.
    """

    def links(self) -> tuple[Link, ...] | None:
        """Every netdev."""

    def vfs(self, name: str) -> dict[int, vfinfo.Settings] | None:
        """:param name: of an uplink
        :returns: number of a VF → what the driver of its PF reports
        """

    def ports(self, address: str | None = None) -> tuple[Port, ...] | None:
        """:param address: PCI address of the devlink instance, None for all"""

    def eswitch_mode(self, address: str) -> str | None:
        """:param address: PCI address of a PF
        :returns: value of uapi.ESWITCH_MODES
        """

    def counters(self) -> dict[int, counters.Counters] | None:
        """:returns: ifindex of a netdev → its packets"""

    def vf_packets(self, name: str) -> dict[int, int] | None:
        """:param name: of an uplink
        :returns: number of a VF → packets received and sent; of a PF with
            so many VFs that they do not fit into one attribute (more than
            about 200), of some
        """


class Netlink(Source):
    """The kernel of this machine, in this network name space."""

    def links(self) -> tuple[Link, ...] | None:
        # Without IFLA_EXT_MASK: nobody here wants the 250 VFs of each PF.
        answers = _answers(
            nlmsg.request, socket.NETLINK_ROUTE, uapi.RTM_GETLINK,
            nlmsg.LINK.pack(socket.AF_UNSPEC, 0, 0, 0, 0), dump=True)
        return None if answers is None else tuple(map(_link, answers))

    def vfs(self, name: str) -> dict[int, vfinfo.Settings] | None:
        found = _vfs(
            name, uapi.RTEXT_FILTER_VF | uapi.RTEXT_FILTER_SKIP_STATS)
        return None if found is None else vfinfo.decode(found)

    def counters(self) -> dict[int, counters.Counters] | None:
        answers = _answers(
            nlmsg.request, socket.NETLINK_ROUTE, uapi.RTM_GETSTATS,
            counters.HEADER.pack(socket.AF_UNSPEC, 0, 0, counters.FILTER),
            dump=True)
        return None if answers is None else dict(
            one for one in map(counters.decode, answers) if one)

    def vf_packets(self, name: str) -> dict[int, int] | None:
        found = _vfs(name, uapi.RTEXT_FILTER_VF)
        return None if found is None else counters.of_vfs(found)

    def ports(self, address: str | None = None) -> tuple[Port, ...] | None:
        # Before Linux 6.6 a dump takes no heed of whose ports are wanted.
        answers = _devlink(uapi.DEVLINK_CMD_PORT_GET,
                           _handle(address) if address else b'', dump=True)
        return None if answers is None else tuple(
            port for port in map(_port, answers)
            if port is not None and address in (None, port.device))

    def eswitch_mode(self, address: str) -> str | None:
        answers = _devlink(uapi.DEVLINK_CMD_ESWITCH_GET, _handle(address))
        return nlmsg.Attributes(answers[0], nlmsg.GENERIC.size).named(
            uapi.DEVLINK_ATTR_ESWITCH_MODE, uapi.ESWITCH_MODES,
        ) if answers else None


def _answers(request: Callable[_P, list[bytes]],
             *args: _P.args, **kwargs: _P.kwargs) -> list[bytes] | None:
    """None instead of an exception."""
    for _ in range(_ATTEMPTS):
        try:
            return request(*args, **kwargs)
        except InterruptedError:
            continue
        except OSError:
            return None
    return None


def _vfs(name: str, extended: int) -> bytes | None:
    """:param extended: bits of RTEXT_FILTER_*
    :returns: IFLA_VFINFO_LIST
    """
    answers = _answers(
        nlmsg.request, socket.NETLINK_ROUTE, uapi.RTM_GETLINK,
        nlmsg.LINK.pack(socket.AF_UNSPEC, 0, 0, 0, 0)
        + nlmsg.text(uapi.IFLA_IFNAME, name)
        + nlmsg.number(uapi.IFLA_EXT_MASK, extended))
    return None if answers is None else nlmsg.Attributes(
        answers[0], nlmsg.LINK.size).raw(uapi.IFLA_VFINFO_LIST)


def _devlink(command: int, attributes: bytes = b'',
             dump: bool = False) -> list[bytes] | None:
    """None when devlink does not answer."""
    return _answers(
        nlmsg.request_of_family, 'devlink', command, attributes, dump)


def _handle(address: str) -> bytes:
    """The attributes that name a devlink instance."""
    return (nlmsg.text(uapi.DEVLINK_ATTR_BUS_NAME, _PCI)
            + nlmsg.text(uapi.DEVLINK_ATTR_DEV_NAME, address))


def _link(message: bytes) -> Link:
    _, kind, ifindex, _, _ = nlmsg.LINK.unpack_from(message)
    found = nlmsg.Attributes(message, nlmsg.LINK.size)
    parent_bus = found.text(uapi.IFLA_PARENT_DEV_BUS_NAME)
    return Link(
        name=found.text(uapi.IFLA_IFNAME),
        ifindex=ifindex,
        port_name=port_name.parse(found.text(uapi.IFLA_PHYS_PORT_NAME)),
        switch_id=found.raw(uapi.IFLA_PHYS_SWITCH_ID).hex() or None,
        parent=found.text(uapi.IFLA_PARENT_DEV_NAME)
        if parent_bus == _PCI else None,
        up=_is_up(found),
        type=uapi.LINK_TYPES.get(kind))


def _is_up(found: nlmsg.Attributes) -> bool:
    """Drivers that set no operational state leave it unknown: then the
    carrier decides (Documentation/networking/operstates.rst)."""
    state = found.number(uapi.IFLA_OPERSTATE)
    return state == uapi.IF_OPER_UP or (
        state == uapi.IF_OPER_UNKNOWN
        and found.number(uapi.IFLA_CARRIER) == 1)


def _port(message: bytes) -> Port | None:
    """None for a port of another bus or of a flavour that is not known here,
    and for one without a netdev."""
    found = nlmsg.Attributes(message, nlmsg.GENERIC.size)
    name = found.text(uapi.DEVLINK_ATTR_PORT_NETDEV_NAME)
    flavour = found.named(uapi.DEVLINK_ATTR_PORT_FLAVOUR, uapi.PORT_FLAVOURS)
    if (found.text(uapi.DEVLINK_ATTR_BUS_NAME) != _PCI or not name
            or flavour is None):
        return None
    # Linux 5.9 reported «external» before 5.10 reported of which controller.
    controller = (found.number(uapi.DEVLINK_ATTR_PORT_CONTROLLER_NUMBER) or 0
                  if found.number(uapi.DEVLINK_ATTR_PORT_EXTERNAL) else None)
    return Port(
        device=found.text(uapi.DEVLINK_ATTR_DEV_NAME),
        port_name=PortName(
            flavour,
            pf=found.number(uapi.DEVLINK_ATTR_PORT_NUMBER)
            if flavour == uapi.PHYSICAL
            else found.number(uapi.DEVLINK_ATTR_PORT_PCI_PF_NUMBER),
            number=found.number(uapi.DEVLINK_ATTR_PORT_PCI_VF_NUMBER),
            controller=controller),
        name=name,
        ifindex=found.number(uapi.DEVLINK_ATTR_PORT_NETDEV_IFINDEX) or 0)
