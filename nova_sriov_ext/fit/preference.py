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

"""Wants that prefer some of their pools, and never fail for it."""

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses

from nova_sriov_ext.fit import assignment
from nova_sriov_ext.fit import flow
from nova_sriov_ext.fit import pools
from nova_sriov_ext.fit.wanted import Want


def assign(host: pools.HostPools, wants: Sequence[Want],
           policy: str | None = None, rank: flow.Rank | None = None,
           held: Collection[tuple[str, str]] = ()
           ) -> list[dict[int, int]] | None:
    """As :func:`assignment.assign`; one want after the other takes only what
    it prefers, where that leaves an assignment for all. Who spares VFs for
    others comes last, and takes none for it that ranks behind.
    """
    narrow = dict(sorted(
        _narrow(host, wants, rank).items(),
        key=lambda item: wants[item[0]].sparing))
    if narrow:
        # What goes one after the other goes at once, in most cases.
        taken = assignment.assign(
            host, _narrowed(wants, narrow), policy, rank, held)
        if taken is not None:
            return taken
    taken = assignment.assign(host, wants, policy, rank, held)
    if taken is None or len(narrow) < 2:
        return taken
    kept: dict[int, tuple[int, ...]] = {}
    for number, some in narrow.items():
        found = assignment.assign(
            host, _narrowed(wants, {**kept, number: some}), policy, rank,
            held)
        if found is not None:
            kept[number], taken = some, found
    return taken


def _narrow(host: pools.HostPools, wants: Sequence[Want],
            rank: flow.Rank | None) -> dict[int, tuple[int, ...]]:
    """:returns: number of a want → those of its pools that come first, where
        these are some of them
    """
    found = {number: _first(host, want, rank)
             for number, want in enumerate(wants) if want.preferred}
    return {number: some for number, some in found.items()
            if some and some != wants[number].pools}


def _first(host: pools.HostPools, want: Want,
           rank: flow.Rank | None) -> tuple[int, ...]:
    if rank is None or not want.sparing:
        return want.preferred
    ranks = {index: rank(host.pools[index]) for index in want.pools
             if host.pools[index].free}
    best = min(ranks.values(), default=None)
    return tuple(index for index in want.preferred
                 if index in ranks and ranks[index] == best)


def _narrowed(wants: Sequence[Want],
              narrow: Mapping[int, tuple[int, ...]]) -> list[Want]:
    """:param narrow: number of a want → its pools"""
    return [dataclasses.replace(want, pools=narrow.get(number, want.pools))
            for number, want in enumerate(wants)]
