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

"""The one place that needs privileges: CAP_NET_ADMIN, for netlink.

Files of sysfs belong to root, who needs no capability to write what its owner
may write (tried on Linux 6.18 without any): for them the daemon must run as
user 0, as it does unless [vif_vflag_privileged] names another.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import copy
import os
import socket

from oslo_privsep import capabilities
from oslo_privsep import priv_context
from pyroute2 import IPRoute
from pyroute2 import netlink

from os_vif_vflag.kernel import ethtool
from os_vif_vflag.kernel import nlmsg
from os_vif_vflag.kernel import uapi
from os_vif_vflag.kernel import vfinfo

INFINIBAND = '/sys/class/infiniband'

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
def set_link(name: str, state: str, mtu: int | None = None,
             address: str | None = None) -> None:
    """Set a netdev up or down, its MTU and its MAC.

    :param name: of the netdev
    :param state: 'up' or 'down'
    :param mtu: bytes, None leaves it as it is
    :param address: MAC, None leaves it as it is
    :raises OSError: the kernel's answer
    """
    # By name, in one request: a look-up of the index first could meet
    # another netdev when representors are being recreated.
    wanted = nlmsg.text(uapi.IFLA_IFNAME, name)
    if mtu is not None:
        wanted += nlmsg.number(uapi.IFLA_MTU, mtu)
    if address is not None:
        wanted += nlmsg.attribute(
            uapi.IFLA_ADDRESS, bytes.fromhex(address.replace(':', '')))
    flags = uapi.IFF_UP if state == 'up' else 0
    nlmsg.request(
        socket.NETLINK_ROUTE, uapi.RTM_NEWLINK, nlmsg.LINK.pack(
            socket.AF_UNSPEC, 0, 0, flags, uapi.IFF_UP) + wanted)


@vif_plug.entrypoint
def set_vf(uplink: str, number: int,
           settings: Mapping[str, vfinfo.Setting]) -> None:
    """Set what the driver of a PF keeps of a VF, in one request.

    :param uplink: name of the PF's netdev
    :param number: of the VF
    :raises OSError: the kernel's answer, to the first that it refuses; those
        before it, in the order of the kernel (do_setvfinfo), are set
    """
    # pyroute2 writes into what it is given.
    wanted = copy.deepcopy({'vf': number, **settings})
    try:
        with IPRoute() as ip:
            ip.link('set', ifname=uplink, vf=wanted)
    # privsep carries builtin exceptions from its daemon to the caller;
    # pyroute2's own would need pyroute2's constructor arguments there.
    except netlink.exceptions.NetlinkError as e:
        raise OSError(e.code, str(e.args[-1])) from None


@vif_plug.entrypoint
def write_iov(device: str, parts: Sequence[str], text: str) -> None:
    """Write what mlx4 lets the host set of a VF.

    :param device: name of an InfiniBand device
    :param parts: path below its folder ``iov``, one name each
    :raises OSError: the kernel's answer
    """
    names = [device, 'iov', *parts]
    if any('/' in name or name in ('', '.', '..') for name in names):
        raise ValueError(f'{names} leads out of {INFINIBAND}')
    file = os.open(os.path.join(INFINIBAND, *names), os.O_WRONLY | os.O_TRUNC)
    try:
        os.write(file, text.encode())
    finally:
        os.close(file)


@vif_plug.entrypoint
def turn_on_tc_offload(names: Sequence[str]) -> dict[str, str]:
    """Let flows be put into the hardware behind netdevs.

    :param names: of netdevs
    :returns: name → why it is still off, for those where it is
    """
    return ethtool.turn_on(names, ethtool.HW_TC_OFFLOAD)
