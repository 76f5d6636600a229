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

"""Devices flow from pools to wants, one after the other, best first.

Each may lead those before it another way, but none away. The sets of devices
that can be served together are a matroid (a gammoid), so best first is best
in all.
"""

import collections
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import max_flow
from nova_sriov_ext.fit import pools
from nova_sriov_ext.fit.wanted import Want

# Gives a sort key of a pool: which come first.
Rank = Callable[[pools.Pool], Any]

# Index of a pool, and the group of wants that it serves.
Part = tuple[int, str | None]

_SPREADING = frozenset((model.SPREAD, model.PREFER_SPREAD))

# Which PFs come first: -1 those with most free VFs, 1 those with fewest.
_FULLNESS = {model.SPREAD: -1, model.PREFER_SPREAD: -1, model.PACK: 1}


class Problem:
    """What is wanted, and what of it is the same for every flow.

    :param policy: as assignment.assign has it
    :param rank: as assignment.assign has it
    :param held: as assignment.assign has it
    """

    def __init__(self, host: pools.HostPools, wants: Sequence[Want],
                 policy: str | None, rank: Rank,
                 held: Collection[tuple[str, str]]) -> None:
        self.host = host
        self.wants = wants
        self.policy = policy
        self._fullness = _FULLNESS.get(policy or '', 0)
        self.rank = rank
        self.held = held
        self.pf_of = list(map(host.pf_of, range(len(host.pools))))
        self.free_vfs: collections.Counter[str] = collections.Counter()
        for pf, pool in zip(self.pf_of, host.pools, strict=True):
            self.free_vfs[pf] += pool.free * pool.is_vf
        # Who wants of a pool: index → group → numbers of wants.
        self.wanted: dict[int, dict[str | None, list[int]]] = {}
        for number, want in enumerate(wants):
            group = self.group(want) if policy in _SPREADING else None
            for index in want.pools:
                self.wanted.setdefault(index, {}).setdefault(
                    group, []).append(number)

    def parts(self) -> Iterator[tuple[int, str | None, list[int]]]:
        """:returns: index of a pool, group of wants, numbers of wants"""
        for index, groups in self.wanted.items():
            for group, numbers in groups.items():
                yield index, group, numbers

    def group(self, want: Want) -> str | None:
        """Whole PFs are neither spread nor packed."""
        return want.group if any(
            self.host.pools[index].is_vf for index in want.pools) else None

    def key(self, index: int) -> tuple[Any, int, int]:
        """For sorting: the best pool first."""
        return (self.rank(self.host.pools[index]),
                self._fullness * self.free_vfs[self.pf_of[index]], index)


class Flow:
    """From sources (pools, or PFs where wants are spread) over pools to
    wants.

    :param caps: most devices of a part
    :ivar complete: whether all wants are met
    :ivar crowded: devices from PFs that serve their group already
    """

    def __init__(self, problem: Problem, caps: Mapping[Part, int]) -> None:
        self._problem = problem
        self._network = max_flow.Network()
        # Source → the best key of its pools, and their devices.
        self._sources: dict[tuple[str | None, str | int],
                            tuple[tuple[Any, int, int], int]] = {}
        self.crowded = 0
        for number, want in enumerate(problem.wants):
            self._network.edge(number, max_flow.END, want.count)
        for index, group, numbers in problem.parts():
            self._add(index, group, numbers, caps)
        self.complete = self._fill()

    def _source(self, index: int,
                group: str | None) -> tuple[str | None, str | int]:
        return group, (index if group is None else self._problem.pf_of[index])

    def _add(self, index: int, group: str | None, numbers: list[int],
             caps: Mapping[Part, int]) -> None:
        problem, part = self._problem, (index, group)
        most = caps.get(part, problem.host.pools[index].free)
        source = self._source(index, group)
        self._network.edge(source, part, most)
        for number in numbers:
            self._network.edge(part, number, problem.wants[number].count)
        key, known = problem.key(index), self._sources.get(source)
        self._sources[source] = (
            (min(key, known[0]), known[1] + most) if known else (key, most))

    def _fill(self) -> bool:
        missing = sum(want.count for want in self._problem.wants)
        for crowded, _, source in sorted(
                self._units(missing), key=lambda unit: unit[:2]):
            if not missing:
                break
            if self._network.send(source):
                missing -= 1
                self.crowded += crowded
        return not missing

    def _units(self, most: int) -> Iterator[
            tuple[bool, tuple[Any, int, int], tuple[str | None, str | int]]]:
        """Every device that may flow: (whether its PF serves the group
        already, key, source)."""
        for source, (key, free) in self._sources.items():
            for number in range(min(free, most)):
                crowded = source[0] is not None and (
                    number > 0 or source in self._problem.held)
                if not crowded or self._problem.policy != model.SPREAD:
                    yield crowded, key, source

    def used(self) -> dict[Part, int]:
        """:returns: devices of each part, none of them 0"""
        flows = {(index, group): self._network.flow(
                     self._source(index, group), (index, group))
                 for index, group, _ in self._problem.parts()}
        return {part: count for part, count in flows.items() if count}

    def taken(self) -> list[dict[int, int]]:
        """:returns: for each want, index of a pool → count"""
        taken: list[dict[int, int]] = [{} for _ in self._problem.wants]
        for index, group, numbers in self._problem.parts():
            for number in numbers:
                count = self._network.flow((index, group), number)
                if count:
                    taken[number][index] = count
        return taken
