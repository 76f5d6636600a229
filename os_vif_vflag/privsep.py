"""The one place that needs privileges: CAP_NET_ADMIN, for netlink."""

import socket
import struct

from oslo_privsep import capabilities
from oslo_privsep import priv_context

from os_vif_vflag import ethtool
from os_vif_vflag import kernel
from os_vif_vflag import nlsocket

vif_plug = priv_context.PrivContext(
    'os_vif_vflag',
    cfg_section='vif_vflag_privileged',
    pypath=__name__ + '.vif_plug',
    capabilities=[capabilities.CAP_NET_ADMIN],
    # Seconds. A link takes milliseconds to set; a daemon that is killed while
    # it has a request is waited for without end (oslo.privsep 3.12).
    timeout=30,
)


@vif_plug.entrypoint
def set_link(name, state, mtu=None):
    """Set a netdev up or down, and its MTU.

    :param name: name of the netdev
    :param state: 'up' or 'down'
    :param mtu: bytes, None leaves it as it is
    :raises OSError: the kernel's answer
    """
    # By name, in one request: a look-up of the index first could meet
    # another netdev when representors are being recreated.
    wanted = nlsocket.text(kernel.IFLA_IFNAME, name)
    if mtu is not None:
        wanted += nlsocket.attribute(
            kernel.IFLA_MTU, struct.pack('=I', mtu))
    flags = kernel.IFF_UP if state == 'up' else 0
    nlsocket.ask(
        socket.NETLINK_ROUTE, kernel.RTM_NEWLINK, nlsocket.LINK.pack(
            socket.AF_UNSPEC, 0, 0, flags, kernel.IFF_UP) + wanted)


@vif_plug.entrypoint
def turn_on_tc_offload(names):
    """Let flows be put into the hardware behind netdevs.

    :param names: list of names of netdevs
    :returns: dict name → why it is still off, for those where it is
    """
    return ethtool.turn_on(names, ethtool.HW_TC_OFFLOAD)
