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

"""Wants that no assignment can meet, told by counting.

The search of assignment.py finds that out, too, but may try all its flows
first: too long for a scheduler that has a thousand such hosts to refuse.
"""

import collections
import math

from nova_sriov_ext.fit import matching
from nova_sriov_ext.report import tags


def is_hopeless(pools, wants):
    """Whether more is wanted than there can be.

    :param pools: list of dicts, as assignment.assign takes them
    :param wants: list of assignment.Want
    :returns: bool, False where only a search can tell
    """
    asked = collections.Counter()
    for want in wants:
        asked[want.pools] += want.count
    whole = _given_whole(pools, asked)
    return any(count > _most(pools, indices, *whole)
               for indices, count in asked.items())


def _given_whole(pools, asked):
    """PFs that are asked for take their free VFs away.

    :returns: (set of the PFs that may be given, how many of them must be)
    """
    whole = {indices: count for indices, count in asked.items() if all(
        pools[i].get('dev_type') == tags.PF for i in indices)}
    free = collections.Counter()
    for i in set().union(*whole):
        if matching.free(pools[i]):
            free[_pf(pools, i)] += matching.free(pools[i])
    return free.keys(), math.ceil(
        sum(whole.values()) / max(free.values(), default=1))


def _most(pools, indices, pfs, count):
    """:returns: how many devices of some pools can be had, when `count` of
        the `pfs` are given as a whole
    """
    of_pf = collections.Counter()
    for i in indices:
        of_pf[_pf(pools, i)] += matching.free(pools[i])
    most = sum(of_pf.values())
    if all(pools[i].get('dev_type') in tags.VFS for i in indices):
        most -= sum(sorted(of_pf[pf] for pf in pfs)[:count])
    return most


def _pf(pools, index):
    return str(pools[index].get('address') or index)
