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
"""Packets of netdevs and of VFs, as the kernel counts them."""

import dataclasses
import struct

from os_vif_vflag.kernel import nlmsg
from os_vif_vflag.kernel import uapi

HEADER = struct.Struct('=BxHII')     # struct if_stats_msg
FILTER = (1 << (uapi.IFLA_STATS_LINK_64 - 1)
          | 1 << (uapi.IFLA_STATS_LINK_OFFLOAD_XSTATS - 1))
# struct rtnl_link_stats64 begins with these.
_PACKETS = struct.Struct('=QQ')


@dataclasses.dataclass(frozen=True)
class Counters:
    """Packets since the netdev was made.

    :ivar packets: received and sent; of a representor the VF's
    :ivar software: of them, those that the processor has seen; None where the
        driver does not count them
    """

    packets: int
    software: int | None = None


def decode(message: bytes) -> tuple[int, Counters] | None:
    """:param message: RTM_NEWSTATS without its netlink header
    :returns: ifindex, counters; None for a netdev without any
    """
    _, _, ifindex, _ = HEADER.unpack_from(message)
    found = nlmsg.Attributes(message, HEADER.size)
    packets = _packets(found.raw(uapi.IFLA_STATS_LINK_64))
    if packets is None:
        return None
    return ifindex, Counters(packets, _packets(nlmsg.Attributes(
        found.raw(uapi.IFLA_STATS_LINK_OFFLOAD_XSTATS), 0).raw(
            uapi.IFLA_OFFLOAD_XSTATS_CPU_HIT)))


def of_vfs(attribute: bytes) -> dict[int, int]:
    """:param attribute: IFLA_VFINFO_LIST with statistics
    :returns: number of a VF → packets received and sent, as far as they are
        whole; empty where the driver counts none: rtnl_fill_vfinfo
        (net/core/rtnetlink.c) then leaves zeros
    """
    found = {}
    for kind, info in nlmsg.attributes(attribute):
        if kind == uapi.IFLA_VF_INFO:
            vf = nlmsg.Attributes(info, 0)
            stats = nlmsg.Attributes(vf.raw(uapi.IFLA_VF_STATS), 0)
            both = (stats.raw(uapi.IFLA_VF_STATS_RX_PACKETS)
                    + stats.raw(uapi.IFLA_VF_STATS_TX_PACKETS))
            mac = vf.raw(uapi.IFLA_VF_MAC)
            if mac and len(both) == _PACKETS.size:
                found[struct.unpack_from('=I', mac)[0]] = sum(
                    _PACKETS.unpack(both))
    return found if any(found.values()) else {}


def _packets(stats: bytes) -> int | None:
    if len(stats) < _PACKETS.size:
        return None
    received, sent = _PACKETS.unpack_from(stats)
    total: int = received + sent
    return total
