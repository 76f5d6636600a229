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


"""How many more servers of one demand does a host take? No I/O.

They come one after another, and each takes what the claim there chooses. Where
no choice can be a bad one the sums decide (bounds.py); else one claim after
the other is followed.
"""

from __future__ import annotations

import collections
from collections.abc import Hashable
import dataclasses

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import assigned_claim
from nova_sriov_ext.fit import bounds
from nova_sriov_ext.fit import needs
from nova_sriov_ext.fit import pools
from nova_sriov_ext.fit import reasons
from nova_sriov_ext.fit import reserve
from nova_sriov_ext.fit import stock_claim
from nova_sriov_ext.fit import verdict

_Claims = tuple[int, reasons.Misfit | None]


@dataclasses.dataclass(frozen=True)
class Count:
    """:ivar servers: that the host takes
    :ivar bounds: of its devices; none is below `servers`
    :ivar refusal: why it takes no more, where that is not a bound
    """

    servers: int
    bounds: tuple[bounds.Bound, ...] = ()
    refusal: reasons.Misfit | None = None


class Counting:
    """Counts on one host after the other; hosts that are alike once.

    :param demand: of each of the servers
    """

    def __init__(self, demand: model.Demand) -> None:
        self._demand = demand
        self._claims: dict[Hashable, _Claims] = {}

    def on(self, host: pools.HostPools, most: int) -> Count:
        """:param most: servers that everything but devices is enough for"""
        demand = self._demand
        if not demand.requests:
            return Count(most)
        if demand.unread:
            return Count(0, refusal=reasons.Misfit(reasons.PORTS_UNREAD))
        found = needs.Needs(host, demand)
        limits = tuple(found.limits())
        most = min([most, *(bound.servers for bound in limits)])
        if not most or found.is_any_choice_good:
            return Count(most, limits)
        shape = found.shape, most
        if shape not in self._claims:
            self._claims[shape] = _follow(host, demand, found, most)
        servers, refusal = self._claims[shape]
        return Count(servers, limits, refusal)


def _follow(host: pools.HostPools, demand: model.Demand, found: needs.Needs,
            most: int) -> _Claims:
    """Let one server after the other claim.

    :param most: no more than so many are counted
    """
    for number in range(most):
        left = (_assigned(host, demand, found) if host.report.claim
                else _of_nova(host, demand))
        if isinstance(left, reasons.Misfit):
            return number, left
        host = dataclasses.replace(host, pools=tuple(
            pool._replace(free=free)
            for pool, free in zip(host.pools, left, strict=True)))
    return most, None


def _assigned(host: pools.HostPools, demand: model.Demand,
              found: needs.Needs) -> list[int] | reasons.Misfit:
    """By this project's claim, as AssigningStats has it.

    :returns: the free devices left of each pool, or why it fails
    """
    taken = assigned_claim.choice(host, found.wants, demand.pf_policy)
    if taken is None:
        return assigned_claim.unassignable(host, demand)
    counts: collections.Counter[int] = collections.Counter()
    for one in taken:
        counts.update(one)
    left = stock_claim.left(host, counts)
    return reserve.touched(host, demand, left) or left


def _of_nova(host: pools.HostPools,
             demand: model.Demand) -> list[int] | reasons.Misfit:
    """By Nova's own claim; as _assigned."""
    return verdict.refusal(host, demand) or stock_claim.consume(
        host, demand.requests).left
