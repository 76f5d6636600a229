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

"""Which pool serves which request of a server: all of them at once.

Nova serves one request after the other from the first pool that matches, and
fails where another order would do (nova/pci/stats.py, ``consume_requests``).
Here devices flow to all wants together (flow.py). What no flow can express is
branched on: a PF and its VFs exclude each other, and a pool may serve wants
that are spread and others that are not.
"""

import collections
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Hashable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import flow
from nova_sriov_ext.fit import infeasible
from nova_sriov_ext.fit import pools
from nova_sriov_ext.fit.wanted import Want

# Flows tried before giving up. A server of VFs needs one; PFs, and aliases
# on the same pools as ports, seldom more than a few.
MAX_FLOWS = 256


def assign(host: pools.HostPools, wants: Sequence[Want],
           policy: str | None = None, rank: flow.Rank | None = None,
           held: Collection[tuple[str, str]] = ()
           ) -> list[dict[int, int]] | None:
    """Find pools for all wants together.

    :param policy: model.SPREAD: the VFs of a group come from different PFs;
        PREFER_SPREAD: from as many as possible; PACK: from one if possible;
        None: as Nova, the first that match
    :param rank: which pools come first, before the fullness of their PFs
        (given a policy) and their order
    :param held: (group, PF's address) of VFs that the server has
    :returns: for each want, index of a pool → count; None when there is no
        assignment (or none was found in MAX_FLOWS)
    """
    if (not all(want.pools for want in wants)
            or infeasible.is_hopeless(host, wants)):
        return None
    problem = flow.Problem(host, wants, policy, rank or _alike,
                           frozenset(held))
    if policy == model.PACK:
        problem = _packed(problem)
    solutions = _solutions(problem)
    best = (min(solutions, key=lambda found: found.crowded, default=None)
            if policy == model.PREFER_SPREAD else next(solutions, None))
    return best.taken() if best else None


def _alike(pool: pools.Pool) -> int:
    return 0


def _solutions(problem: flow.Problem) -> Iterator[flow.Flow]:
    """Search in depth: a flow that breaks a rule is branched on."""
    todo: list[dict[flow.Part, int]] = [{}]
    shapes = set()
    for _ in range(MAX_FLOWS):
        if not todo:
            return
        caps = todo.pop()
        found = flow.Flow(problem, caps)
        if found.complete:
            repairs = _repairs(problem, found.used())
            if not repairs:
                yield found
            for repair in reversed(repairs):
                repaired = {**caps, **repair}
                shape = _shape(problem, repaired)
                if shape not in shapes:
                    shapes.add(shape)
                    todo.append(repaired)


def _shape(problem: flow.Problem, caps: Mapping[flow.Part, int]) -> Hashable:
    """:returns: the same for caps that differ only in which of several PFs of
        a kind they are about: trying one is trying all
    """
    kinds = collections.defaultdict(list)
    for index, group, numbers in problem.parts():
        pf, pool = problem.pf_of[index], problem.host.pools[index]
        kinds[pf].append((
            pool.kind, pool.free, tuple(numbers),
            (group, pf) in problem.held, caps.get((index, group))))
    return frozenset(collections.Counter(
        frozenset(collections.Counter(kind).items())
        for kind in kinds.values()).items())


def _repairs(problem: flow.Problem,
             used: Mapping[flow.Part, int]) -> list[dict[flow.Part, int]]:
    """:param used: devices of each part, none of them 0
    :returns: most devices of parts. Of these every valid assignment keeps at
        least one; empty for a valid flow.
    """
    pfs, of_vfs = ({problem.pf_of[index] for index, _ in used
                    if is_kind(problem.host.pools[index])}
                   for is_kind in (_is_pf, _is_vf))
    if pfs & of_vfs:
        # Whole PFs cost least where they have the fewest VFs.
        pf = min(pfs & of_vfs, key=lambda pf: (problem.free_vfs[pf], pf))
        return [_nothing(problem, pf, _is_vf), _nothing(problem, pf, _is_pf)]
    for index in problem.wanted:
        mine = {part: count for part, count in used.items()
                if part[0] == index}
        if sum(mine.values()) > problem.host.pools[index].free:
            return [{part: count - 1} for part, count in mine.items()]
    return []


def _is_pf(pool: pools.Pool) -> bool:
    return pool.is_pf


def _is_vf(pool: pools.Pool) -> bool:
    return pool.is_vf


def _nothing(problem: flow.Problem, pf: str,
             is_kind: Callable[[pools.Pool], bool]) -> dict[flow.Part, int]:
    return {(index, group): 0 for index, group, _ in problem.parts()
            if problem.pf_of[index] == pf
            and is_kind(problem.host.pools[index])}


def _packed(problem: flow.Problem) -> flow.Problem:
    """:returns: a problem where as many groups as possible, one after the
        other, may take from one PF only
    """
    for group in dict.fromkeys(map(problem.group, problem.wants)):
        if group is not None:
            problem = next(_on_one_pf(problem, group), problem)
    return problem


def _on_one_pf(problem: flow.Problem, group: str) -> Iterator[flow.Problem]:
    count = sum(want.count for want in problem.wants
                if problem.group(want) == group)
    for pf in sorted(
            {pf for pf in problem.pf_of if problem.free_vfs[pf] >= count},
            key=lambda pf: ((group, pf) not in problem.held,
                            problem.key(problem.pf_of.index(pf)))):
        # A want of nothing needs a pool, but takes no device.
        wants = [_only(problem, want, pf)
                 if want.count and problem.group(want) == group
                 else want for want in problem.wants]
        narrowed = flow.Problem(problem.host, wants, problem.policy,
                                problem.rank, problem.held)
        if all(want.pools for want in wants) and any(_solutions(narrowed)):
            yield narrowed


def _only(problem: flow.Problem, want: Want, pf: str) -> Want:
    return dataclasses.replace(want, pools=tuple(
        index for index in want.pools if problem.pf_of[index] == pf))
