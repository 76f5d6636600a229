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
    it prefers, where that leaves an assignment for all.
    """
    taken = assignment.assign(host, wants, policy, rank, held)
    if taken is None:
        return None
    wants = list(wants)
    for number, want in enumerate(wants):
        if want.preferred and want.preferred != want.pools:
            narrowed = list(wants)
            narrowed[number] = dataclasses.replace(want, pools=want.preferred)
            found = assignment.assign(host, narrowed, policy, rank, held)
            if found is not None:
                wants, taken = narrowed, found
    return taken
