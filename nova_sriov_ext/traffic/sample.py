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
"""What a host says of the packets of its VFs at one moment."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
from typing import TypeVar

from os_vif_vflag import exception as vflag_exception
from os_vif_vflag.host import host
from os_vif_vflag.host import model
from os_vif_vflag.kernel import counters
from os_vif_vflag.ovs import flows
from os_vif_vflag.ovs import vswitchd

_DATAPATHS = 'dpctl/dump-dps'
_DUMP = 'dpctl/dump-flows', '-m'

_Key = TypeVar('_Key')


@dataclasses.dataclass(frozen=True)
class Sample:
    """:ivar flows: of Open vSwitch by their keys, None where it does not say
    :ivar netdevs: name → packets
    :ivar vfs: PCI address → packets, of the VFs whose PF counts them
    :ivar problem: why there are no flows
    """

    flows: Mapping[str, flows.Flow] | None = None
    netdevs: Mapping[str, counters.Counters] = dataclasses.field(
        default_factory=dict)
    vfs: Mapping[str, int] = dataclasses.field(default_factory=dict)
    problem: str | None = None


def take(found: model.HostSnapshot, machine: host.Host,
         switch: vswitchd.Vswitchd | None) -> Sample:
    """:param found: of the same host
    :param switch: None where no VF has a representor
    """
    # mlx5 answers with what it read after the request before
    # (mlx5e_rep_get_stats): this one has it read them.
    _netdevs(machine)
    dump, problem = _flows(switch) if switch else (None, None)
    return Sample(dump, _netdevs(machine), {
        address: packets for pf in found.pfs
        for address, packets in _vfs(pf, machine).items()}, problem)


def between(before: Sample, after: Sample) -> Sample:
    """:returns: what there was of packets from one moment to the other; what
        is new counts as a whole, and so does a counter that went back
    """
    return Sample(
        None if before.flows is None or after.flows is None else {
            key: dataclasses.replace(flow, packets=_more(
                before.flows[key].packets if key in before.flows else 0,
                flow.packets))
            for key, flow in after.flows.items()},
        {name: _difference(before.netdevs.get(name), now)
         for name, now in after.netdevs.items()},
        {address: _more(before.vfs.get(address, 0), now)
         for address, now in after.vfs.items()},
        before.problem or after.problem)


def _flows(switch: vswitchd.Vswitchd
           ) -> tuple[dict[str, flows.Flow] | None, str | None]:
    found = {}
    try:
        # Of several datapaths it has to be named.
        for datapath in switch.run(_DATAPATHS).split():
            for flow in flows.parse(switch.run(*_DUMP, datapath)):
                found[f'{datapath} {flow.key}'] = flow
    except vflag_exception.HostError as e:
        return None, str(e)
    return found, None


def _netdevs(machine: host.Host) -> dict[str, counters.Counters]:
    source = machine.netlink
    found = (source.counters() if source else None) or {}
    links = (source.links() if source else None) or ()
    return {link.name: found[link.ifindex] for link in links
            if link.ifindex in found}


def _vfs(pf: model.PF, machine: host.Host) -> dict[str, int]:
    source = machine.netlink
    found = (source.vf_packets(pf.uplink)
             if source and pf.uplink and pf.vfs else None) or {}
    return {vf.address: found[vf.number] for vf in pf.vfs
            if vf.number in found}


def _more(before: int, now: int) -> int:
    return now - before if now >= before else now


def _difference(before: counters.Counters | None,
                now: counters.Counters) -> counters.Counters:
    if before is None:
        return now
    return counters.Counters(
        _more(before.packets, now.packets),
        None if now.software is None else _more(
            before.software or 0, now.software))
