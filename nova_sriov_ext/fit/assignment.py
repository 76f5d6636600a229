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
Here devices flow from pools to wants, one after the other, best first; each
may lead those before it another way, but none away. The sets of devices that
can be served together are a matroid (a gammoid), so best first is best in all.

What no flow can express is branched on: a PF and its VFs exclude each other,
and a pool may serve wants that are spread and others that are not.
"""

import collections
import dataclasses

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import infeasible
from nova_sriov_ext.fit import matching
from nova_sriov_ext.fit import max_flow
from nova_sriov_ext.report import tags

_SPREADING = frozenset((model.SPREAD, model.PREFER_SPREAD))

# Which PFs come first: -1 those with most free VFs, 1 those with fewest.
_FULLNESS = {model.SPREAD: -1, model.PREFER_SPREAD: -1, model.PACK: 1}

# Flows tried before giving up. A server of VFs needs one; PFs, and aliases
# on the same pools as ports, seldom more than a few.
MAX_FLOWS = 256


@dataclasses.dataclass(frozen=True)
class Want:
    """Devices that a server wants.

    :ivar count: how many
    :ivar pools: tuple of the indices of the pools that may serve it
    :ivar group: the physnet whose VFs the policy spreads or packs, '' on a
        tunnelled network; None when the policy does not concern it
    :ivar preferred: tuple of those of the pools that come first, see
        preference.py
    """

    count: int
    pools: tuple
    group: str | None = None
    preferred: tuple = ()


def assign(pools, wants, policy=None, rank=None, held=()):
    """Find pools for all wants together.

    :param pools: list of dicts, Nova's: ``address`` (of the PF), ``dev_type``
        and ``count`` matter here
    :param wants: list of Want
    :param policy: model.SPREAD: the VFs of a group come from different PFs;
        PREFER_SPREAD: from as many as possible; PACK: from one if possible;
        None: as Nova, the first that match
    :param rank: function of a pool, gives a sort key: which come first,
        before the fullness of their PFs (given a policy) and their order
    :param held: iterable of (group, PF's address) of VFs that the server has
    :returns: list, for each want a dict index → count; None when there is no
        assignment (or none was found in MAX_FLOWS)
    """
    if (not all(want.pools for want in wants)
            or infeasible.is_hopeless(pools, wants)):
        return None
    problem = _Problem(pools, wants, policy, rank or _alike, frozenset(held))
    if policy == model.PACK:
        problem = problem.packed()
    solutions = problem.solutions()
    best = (min(solutions, key=lambda flow: flow.crowded, default=None)
            if policy == model.PREFER_SPREAD else next(solutions, None))
    return best and best.taken()


def _alike(pool):
    return 0


class _Problem:
    """What is asked, and what of it is the same for every flow."""

    def __init__(self, pools, wants, policy, rank, held):
        self.pools = pools
        self.wants = wants
        self.policy = policy
        self.rank = rank
        self.held = held
        self.free = [matching.free(pool) for pool in pools]
        self.pf_of = [str(pool.get('address') or index)
                      for index, pool in enumerate(pools)]
        self.free_vfs = collections.Counter()
        for index, pf in enumerate(self.pf_of):
            self.free_vfs[pf] += self.free[index] * self.is_vf(index)
        # Who wants of a pool: index → group → numbers of wants.
        self.wanted = {}
        for number, want in enumerate(wants):
            for index in want.pools:
                self.wanted.setdefault(index, {}).setdefault(
                    self.spread_group(want), []).append(number)

    def is_vf(self, index):
        return self.pools[index].get('dev_type') in tags.VFS

    def is_pf(self, index):
        return self.pools[index].get('dev_type') == tags.PF

    def group(self, want):
        """Whole PFs are neither spread nor packed."""
        return want.group if any(map(self.is_vf, want.pools)) else None

    def spread_group(self, want):
        return self.group(want) if self.policy in _SPREADING else None

    def key(self, index):
        """For sorting: the best pool first."""
        return (self.rank(self.pools[index]),
                _FULLNESS.get(self.policy, 0)
                * self.free_vfs[self.pf_of[index]],
                index)

    def solutions(self):
        """Search in depth: a flow that breaks a rule is branched on.

        :returns: iterator of _Flow
        """
        todo, shapes = [{}], set()
        for _ in range(MAX_FLOWS):
            if not todo:
                return
            caps = todo.pop()
            flow = _Flow(self, caps)
            if flow.complete:
                repairs = self._repairs(flow.used())
                if not repairs:
                    yield flow
                for repair in reversed(repairs):
                    repaired = {**caps, **repair}
                    shape = self._shape(repaired)
                    if shape not in shapes:
                        shapes.add(shape)
                        todo.append(repaired)

    def _shape(self, caps):
        """:returns: the same for caps that differ only in which of several
            PFs of a kind they are about: trying one is trying all
        """
        kinds = collections.defaultdict(list)
        for index, groups in self.wanted.items():
            for group, numbers in groups.items():
                pf = self.pf_of[index]
                kinds[pf].append((
                    self.pools[index].get('dev_type'), self.free[index],
                    tuple(numbers), (group, pf) in self.held,
                    caps.get((index, group))))
        return frozenset(collections.Counter(
            frozenset(collections.Counter(kind).items())
            for kind in kinds.values()).items())

    def _repairs(self, used):
        """:param used: dict, (pool, group) → devices, none of them 0
        :returns: list of dicts, (pool, group) → most devices. Of these every
            valid assignment keeps at least one; empty for a valid flow.
        """
        pfs, of_vfs = ({self.pf_of[index] for index, _ in used if kind(index)}
                       for kind in (self.is_pf, self.is_vf))
        if pfs & of_vfs:
            # Whole PFs cost least where they have the fewest VFs.
            pf = min(pfs & of_vfs, key=lambda pf: (self.free_vfs[pf], pf))
            return [self._nothing(pf, self.is_vf),
                    self._nothing(pf, self.is_pf)]
        for index in self.wanted:
            mine = {key: count for key, count in used.items()
                    if key[0] == index}
            if sum(mine.values()) > self.free[index]:
                return [{key: count - 1} for key, count in mine.items()]
        return []

    def _nothing(self, pf, kind):
        return {(index, group): 0
                for index, groups in self.wanted.items() for group in groups
                if self.pf_of[index] == pf and kind(index)}

    def packed(self):
        """:returns: _Problem where as many groups as possible, one after the
            other, may take from one PF only
        """
        problem = self
        for group in dict.fromkeys(map(self.group, self.wants)):
            if group is not None:
                problem = next(problem._on_one_pf(group), problem)
        return problem

    def _on_one_pf(self, group):
        asked = sum(want.count for want in self.wants
                    if self.group(want) == group)
        for pf in sorted(
                {pf for pf in self.pf_of if self.free_vfs[pf] >= asked},
                key=lambda pf: ((group, pf) not in self.held,
                                self.key(self.pf_of.index(pf)))):
            # A want of nothing needs a pool, but takes no device.
            wants = [self._only(want, pf)
                     if want.count and self.group(want) == group
                     else want for want in self.wants]
            problem = _Problem(
                self.pools, wants, self.policy, self.rank, self.held)
            if all(want.pools for want in wants) and any(problem.solutions()):
                yield problem

    def _only(self, want, pf):
        return dataclasses.replace(want, pools=tuple(
            index for index in want.pools if self.pf_of[index] == pf))


class _Flow:
    """From sources (pools, or PFs where wants are spread) over pools to
    wants.

    :param caps: dict, (pool, group) → most devices
    :ivar complete: whether all wants are met
    :ivar crowded: devices from PFs that serve their group already
    """

    def __init__(self, problem, caps):
        self._problem = problem
        self._network = max_flow.Network()
        self._keys = {}
        self.crowded = 0
        for number, want in enumerate(problem.wants):
            self._network.edge(number, max_flow.END, want.count)
        for index, groups in problem.wanted.items():
            for group, numbers in groups.items():
                self._add(index, group, numbers, caps)
        self.complete = self._fill()

    def _source(self, index, group):
        return (group, self._problem.pf_of[index]) if group is not None else (
            group, index)

    def _add(self, index, group, numbers, caps):
        problem, pool = self._problem, (index, group)
        most = caps.get(pool, problem.free[index])
        source = self._source(index, group)
        self._network.edge(source, pool, most)
        for number in numbers:
            self._network.edge(pool, number, problem.wants[number].count)
        key, known = problem.key(index), self._keys.get(source)
        self._keys[source] = (min(key, known[0]) if known else key,
                              (known[1] if known else 0) + most)

    def _fill(self):
        missing = sum(want.count for want in self._problem.wants)
        for crowded, _, source in sorted(
                self._units(missing), key=lambda unit: unit[:2]):
            if not missing:
                break
            if self._network.send(source):
                missing -= 1
                self.crowded += crowded
        return not missing

    def _units(self, most):
        """Every device that may flow: (whether its PF serves the group
        already, key, source)."""
        for source, (key, free) in self._keys.items():
            group = source[0]
            for number in range(min(free, most)):
                crowded = group is not None and (
                    number > 0 or source in self._problem.held)
                if not crowded or self._problem.policy != model.SPREAD:
                    yield crowded, key, source

    def used(self):
        """:returns: dict, (pool, group) → devices, none of them 0"""
        flows = {(index, group): self._network.flow(
                     self._source(index, group), (index, group))
                 for index, groups in self._problem.wanted.items()
                 for group in groups}
        return {pool: count for pool, count in flows.items() if count}

    def taken(self):
        """:returns: list, for each want a dict index → count"""
        taken = [{} for _ in self._problem.wants]
        for index, groups in self._problem.wanted.items():
            for group, numbers in groups.items():
                for number in numbers:
                    count = self._network.flow((index, group), number)
                    if count:
                        taken[number][index] = count
        return taken
