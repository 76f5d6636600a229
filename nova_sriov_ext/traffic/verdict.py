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
"""Is the traffic of a VF in hardware?

Of a VF in switchdev mode two things are read, each on its own: the flows of
Open vSwitch that its representor is part of, and the packets of the
representor that the processor has seen (``IFLA_OFFLOAD_XSTATS_CPU_HIT``, mlx5
and others). The first packet of each flow is always among the latter: it
makes Open vSwitch look up what to do with the flow.
"""

from __future__ import annotations

import dataclasses
import enum

from nova_sriov_ext.traffic import sample
from os_vif_vflag.kernel import counters
from os_vif_vflag.ovs import flows

# Of all packets, those that the processor may see though all flows are in
# hardware: the first one of each flow.
_FIRST_PACKETS = 0.01


class Verdict(enum.StrEnum):
    HARDWARE = 'hardware'
    PARTLY = 'partly'
    SOFTWARE = 'software'
    # No traffic to judge.
    IDLE = 'idle'
    UNKNOWN = 'unknown'


@dataclasses.dataclass(frozen=True)
class Traffic:
    """Of one VF between two moments.

    :ivar packets: of its flows
    :ivar offloaded: of them, those that the hardware has forwarded
    :ivar flows: that have had packets
    :ivar offloaded_flows: of them, those that the hardware carries
    :ivar seen: packets that the processor has seen, None where the driver
        does not count them
    :ivar total: packets of the VF by its representor, None without one
    :ivar layers: where the other flows are, as Flow.layer
    """

    packets: int = 0
    offloaded: int = 0
    flows: int = 0
    offloaded_flows: int = 0
    seen: int | None = None
    total: int | None = None
    layers: frozenset[str] = frozenset()

    @property
    def share(self) -> float | None:
        """:returns: of the packets, in hardware: 0 to 1; None without any"""
        return self.offloaded / self.packets if self.packets else None

    @property
    def verdict(self) -> Verdict:
        """Never HARDWARE where a flow with packets is in software, or where
        the processor has seen more packets than there are flows and more than
        one of a hundred."""
        if not self.packets:
            return self._without_flows()
        if not self.offloaded:
            # Open vSwitch before 2.12 says of no flow where it is.
            return (Verdict.UNKNOWN if self.layers == {''}
                    else Verdict.SOFTWARE)
        if self.offloaded < self.packets or self._seen_too_often():
            return Verdict.PARTLY
        return Verdict.HARDWARE

    def _without_flows(self) -> Verdict:
        """Packets of which no flow is left, or never was, do not show where
        they were, unless the processor has seen them all."""
        if self.seen and self.total and self.seen >= self.total:
            return Verdict.SOFTWARE
        return Verdict.UNKNOWN if self.total else Verdict.IDLE

    def _seen_too_often(self) -> bool:
        if self.seen is None:
            return False
        first_packets = max(self.flows, _FIRST_PACKETS * self.packets)
        return self.seen > first_packets


def of(representor: str, found: sample.Sample) -> Traffic | None:
    """:param found: what there was between two moments
    :returns: None where Open vSwitch's flows could not be read
    """
    if found.flows is None:
        return None
    mine = [flow for flow in found.flows.values()
            if flow.packets and flow.touches(representor)]
    hardware = [flow for flow in mine if flow.offloaded]
    netdev = found.netdevs.get(representor, counters.Counters(0))
    return Traffic(
        packets=_packets(mine), offloaded=_packets(hardware),
        flows=len(mine), offloaded_flows=len(hardware),
        seen=netdev.software,
        total=netdev.packets if representor in found.netdevs else None,
        layers=frozenset(flow.layer for flow in mine if not flow.offloaded))


def _packets(some: list[flows.Flow]) -> int:
    return sum(flow.packets for flow in some)
