"""The one place that needs privileges: CAP_NET_ADMIN, for netlink."""

from oslo_privsep import capabilities
from oslo_privsep import priv_context
from pyroute2 import IPRoute
from pyroute2 import netlink

from os_vif_vflag import ethtool

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
    :raises OSError: the kernel's answer. (privsep carries builtin exceptions
        from its daemon to the caller; pyroute2's own would need pyroute2's
        constructor arguments there.)
    """
    wanted = {'state': state} | ({} if mtu is None else {'mtu': mtu})
    try:
        with IPRoute() as ip:
            # By name, in one request: a look-up of the index first could
            # meet another netdev when representors are being recreated.
            ip.link('set', ifname=name, **wanted)
    except netlink.exceptions.NetlinkError as e:
        raise OSError(e.code, str(e.args[-1])) from None


@vif_plug.entrypoint
def turn_on_tc_offload(names):
    """Let flows be put into the hardware behind netdevs.

    :param names: list of names of netdevs
    :returns: dict name → why it is still off, for those where it is
    """
    try:
        with ethtool.Ethtool() as socket:
            return socket.turn_on(names, ethtool.HW_TC_OFFLOAD)
    except netlink.exceptions.NetlinkError as e:  # Linux before 5.7
        return dict.fromkeys(names, str(e.args[-1]))
