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

"""Wants that no assignment can meet, by counting.

The search of assignment.py finds that out, too, but may try all its flows
first: too long for a scheduler that has a thousand such hosts to refuse.
"""

import collections
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
import math

from nova_sriov_ext.fit import pools
from nova_sriov_ext.fit.wanted import Want


def is_hopeless(host: pools.HostPools, wants: Iterable[Want]) -> bool:
    """Whether more is wanted than there can be.

    :returns: False where only a search can decide
    """
    counts: collections.Counter[tuple[int, ...]] = collections.Counter()
    for want in wants:
        counts[want.pools] += want.count
    whole = _given_whole(host, counts)
    return any(count > _most(host, indices, *whole)
               for indices, count in counts.items())


def _given_whole(host: pools.HostPools, counts: Mapping[tuple[int, ...], int]
                 ) -> tuple[Collection[str], int]:
    """PFs that are wanted take their free VFs away.

    :returns: (the PFs that may be given, how many of them must be)
    """
    whole = {indices: count for indices, count in counts.items()
             if all(host.pools[index].is_pf for index in indices)}
    free: collections.Counter[str] = collections.Counter()
    for index in {index for indices in whole for index in indices}:
        if host.pools[index].free:
            free[host.pf_of(index)] += host.pools[index].free
    return free.keys(), math.ceil(
        sum(whole.values()) / max(free.values(), default=1))


def _most(host: pools.HostPools, indices: tuple[int, ...],
          pfs: Collection[str], count: int) -> int:
    """:returns: how many devices of some pools can be had, when `count` of
        the `pfs` are given as a whole
    """
    of_pf: collections.Counter[str] = collections.Counter()
    for index in indices:
        of_pf[host.pf_of(index)] += host.pools[index].free
    most = of_pf.total()
    if all(host.pools[index].is_vf for index in indices):
        most -= sum(sorted(of_pf[pf] for pf in pfs)[:count])
    return most
