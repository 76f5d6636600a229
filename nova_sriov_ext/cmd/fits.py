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


"""How many more servers of one kind each host takes."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
import dataclasses

from nova import servicegroup
import nova.conf

from nova_sriov_ext import conf
from nova_sriov_ext.cmd import nodes
from nova_sriov_ext.cmd import rooms
from nova_sriov_ext.cmd import verdict
from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import bounds
from nova_sriov_ext.fit import how_many
from nova_sriov_ext.fit import pools
from nova_sriov_ext.report import document
from nova_sriov_ext.scheduler import placement_query
from nova_sriov_ext.scheduler import vf_allocations

CONF = conf.register(nova.conf.CONF)


@dataclasses.dataclass(frozen=True)
class Fit:
    """:ivar servers: that the host takes, one after the other
    :ivar at_most: that it could take, by the bounds
    :ivar limited_by: why not more
    """

    host: str
    cell: str
    servers: int
    at_most: int
    limited_by: str
    bounds: tuple[bounds.Bound, ...]


def of(found: Iterable[nodes.Node], demand: model.Demand,
       room: rooms.Rooms) -> Iterator[Fit]:
    """:param demand: of each server
    :param room: for each server
    """
    counting = how_many.Counting(demand)
    api = servicegroup.API()
    for node in found:
        _, trouble = verdict.of_service(node.cell, node.service, api)
        yield _of_node(node, counting, room, demand, trouble)


def _of_node(node: nodes.Node, counting: how_many.Counting,
             room: rooms.Rooms, demand: model.Demand,
             trouble: str | None) -> Fit:
    report = document.read(node.stats)
    has = room.of(node.uuid, _claimed(report, demand))
    count = counting.on(pools.HostPools.of(node.pools(), report),
                        has.servers)
    limits = (*count.bounds, *has.bounds)
    least = min(limits, key=lambda bound: bound.servers, default=None)
    refusal = count.refusal and str(count.refusal)
    return Fit(
        node.host, node.cell_name, 0 if trouble else count.servers,
        0 if has.why or least is None else least.servers,
        trouble or has.why or refusal or (least.name if least else ''),
        limits)


def _claimed(report: document.Report,
             demand: model.Demand) -> dict[str, int]:
    """:returns: resource class → VFs that Placement must have free there, to
        be claimed or for the host to be returned at all
    """
    claimed = {name: count for name, count in vf_allocations.resources(
                   demand).items()
               if report.placement and vf_allocations.is_published(
                   name, report)}
    searched = (placement_query.searched(demand)
                if CONF.sriov.query_placement else {})
    return {**claimed, **searched}
