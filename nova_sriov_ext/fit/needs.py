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


"""What one server after another needs of the pools of a host."""

from __future__ import annotations

import collections
from collections.abc import Collection
from collections.abc import Hashable
from collections.abc import Iterator
import itertools

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import bounds
from nova_sriov_ext.fit import pools
from nova_sriov_ext.fit import reserve
from nova_sriov_ext.fit import wanted
from nova_sriov_ext.report import document
from nova_sriov_ext.report import states
from nova_sriov_ext.report.networks import PHYSNET

# Of so many sets of pools that overlap, each union has a bound of its own.
_FEW = 4

_Set = frozenset[int]
_Wants = list[tuple[model.Request, wanted.Want]]


class Needs:
    """:ivar wants: as the claim has them"""

    def __init__(self, host: pools.HostPools, demand: model.Demand) -> None:
        self._host = host
        self._demand = demand
        self.wants: list[wanted.Want] = []
        # Pools that suit → who wants of them.
        self._sets: dict[_Set, _Wants] = {}
        # Pools that serve a request and do not suit it.
        self._unsuited: set[int] = set()
        served: list[tuple[model.Request, tuple[int, ...]]] = []
        for request in demand.requests:
            serving = next((indices for other, indices in served
                            if other.specs == request.specs), None)
            if serving is None:
                serving = host.serving(request)
                served.append((request, serving))
            self._add(request, serving)

    def _add(self, request: model.Request, serving: tuple[int, ...]) -> None:
        for want in wanted.by(request, self._host, serving):
            if want.count:
                self._sets.setdefault(frozenset(want.pools), []).append(
                    (request, want))
                self._unsuited.update(set(serving).difference(want.pools))
            self.wants.append(want)

    def limits(self) -> Iterator[bounds.Bound]:
        """Each holds whatever devices are chosen."""
        for parts in self._overlapping():
            for union in _unions(parts):
                yield self._bound(union)
        for physnet, rule in self._demand.reserves.items():
            each = self._demand.vfs.get(physnet)
            kept = reserve.kept(rule, self._host.total(physnet))
            if each and kept:
                yield bounds.Bound(
                    f'all VFs of {physnet or model.NO_PHYSNET}',
                    self._host.vfs(physnet, self._host.free()), each, kept)

    def _overlapping(self) -> list[list[_Set]]:
        """The sets; those that share a pool, by way of others too, together.
        """
        found: list[list[_Set]] = []
        for one in self._sets:
            near = [parts for parts in found
                    if any(one & part for part in parts)]
            found = [parts for parts in found if parts not in near]
            found.append([*itertools.chain(*near), one])
        return found

    def _bound(self, union: _Set) -> bounds.Bound:
        within = [found for some, wants in self._sets.items()
                  if some <= union for found in wants]
        requests = [request for request, _ in within]
        each = sum(want.count for _, want in within)
        is_spread = (self._demand.pf_policy == model.SPREAD and each > 1
                     and len({want.group for _, want in within}) == 1
                     and self._are_vfs(union))
        return bounds.Bound(
            _name(requests),
            tuple(sorted(self._of_pfs(union).values(), reverse=True))
            if is_spread else sum(self._free(union)), each)

    def _free(self, indices: Collection[int]) -> list[int]:
        return [self._host.pools[index].free for index in indices]

    def _are_vfs(self, indices: Collection[int]) -> bool:
        return all(self._host.pools[index].is_vf for index in indices)

    def _of_pfs(self, indices: Collection[int]) -> dict[str, int]:
        """:returns: PF → how many devices of these pools are free, not 0"""
        free: collections.Counter[str] = collections.Counter()
        for index in indices:
            free[self._host.pf_of(index)] += self._host.pools[index].free
        return +free

    @property
    def is_any_choice_good(self) -> bool:
        """Whether the claims reach the least bound: whatever they choose, or
        because their choice is known to be the best."""
        if not self._host.report.claim and (
                self._demand.pf_policy == model.SPREAD
                or any(self._free(self._unsuited))):
            # Nova's own takes what comes first.
            return False
        return not self._excludes and not self._is_reserve_shared and all(
            self._is_good(parts) for parts in self._overlapping())

    @property
    def _excludes(self) -> bool:
        """Whether it may take PFs whose VFs it may take, too."""
        used = set().union(*self._sets)
        pfs, of_vfs = ({self._host.pf_of(index) for index in used
                        if self._host.pools[index].is_pf is is_pf}
                       for is_pf in (True, False))
        return not pfs.isdisjoint(of_vfs)

    @property
    def _is_reserve_shared(self) -> bool:
        """Whether the reserved VFs are not just those of its ports."""
        return bool(self._demand.reserves) and not all(
            request.is_vf and self._host.pools[index].is_vf_on(
                request.physnet)
            for some, wants in self._sets.items()
            for request, _ in wants for index in some)

    def _is_good(self, parts: list[_Set]) -> bool:
        """:param parts: sets that overlap"""
        if self._demand.pf_policy == model.SPREAD:
            return len(parts) == 1 and self._is_spread_well(parts[0])
        return len(parts) == 1 or len(parts) == 2 and self._is_kept(
            *sorted(parts, key=len))

    def _is_spread_well(self, part: _Set) -> bool:
        """The claim takes of the PFs with the most free VFs. That is best
        where these are what it wants, and nothing else comes first."""
        groups = {want.group for _, want in self._sets[part]}
        elsewhere = {want.group for some, wants in self._sets.items()
                     if some != part for _, want in wants}
        mine = self._of_pfs(part)
        every = self._of_pfs([index for index, pool
                              in enumerate(self._host.pools) if pool.is_vf
                              and self._host.pf_of(index) in mine])
        return (len(groups) == 1 and groups.isdisjoint(elsewhere)
                and self._are_vfs(part) and mine == every
                and self._are_of_one_rank(part))

    def _are_of_one_rank(self, indices: Collection[int]) -> bool:
        """Whether none comes first for its LAG."""
        return len({self._host.pools[index].lag in states.UNHEALTHY
                    for index in indices
                    if self._host.pools[index].free}) <= 1

    def _is_kept(self, few: _Set, many: _Set) -> bool:
        """Whether who may have many takes what the others cannot have."""
        return few < many and self._are_of_one_rank(many) and all(
            set(want.preferred) == many - few
            for _, want in self._sets[many])

    @property
    def shape(self) -> Hashable:
        """The same on hosts where the claims choose alike."""
        host = self._host
        pfs = sorted({host.pf_of(index) for index in range(len(host.pools))})
        return (
            host.report.claim, tuple(want.pools for want in self.wants),
            frozenset(self._unsuited),
            tuple(host.total(physnet) for physnet in self._demand.reserves),
            tuple((pool.free, pfs.index(host.pf_of(index)), pool.kind,
                   pool.physnet, pool.mode, pool.lag)
                  for index, pool in enumerate(host.pools)))


def _unions(parts: list[_Set]) -> list[_Set]:
    """Of sets that overlap; small ones first."""
    sizes = range(1, len(parts) + 1) if len(parts) <= _FEW else (
        1, len(parts))
    return sorted({frozenset().union(*some) for size in sizes
                   for some in itertools.combinations(parts, size)}, key=len)


def _name(requests: Collection[model.Request]) -> str:
    """What they have in common, as an operator would say it."""
    modes = {mode for request in requests
             for mode in request.modes or (states.LEGACY, states.SWITCHDEV)
             if mode != document.UNKNOWN}
    mode = f'{next(iter(modes))} ' if len(modes) == 1 else ''
    healthy = (' with a healthy LAG' if all(
        request.lags for request in requests) else '')
    return ' and '.join(dict.fromkeys(
        (f'{mode}{request.unit} of {request.subject}{_tags(request)}{healthy}'
         if request.has_physnet else f'devices of {request.subject}')
        for request in requests))


def _tags(request: model.Request) -> str:
    """What a port requests beside the physnet."""
    more = [f'{key} {value}' for key, value in request.specs[0].items()
            if key not in (PHYSNET, 'dev_type')
            and (key, str(value).lower()) != ('remote_managed', 'false')]
    return f' ({", ".join(more)})' if more else ''
