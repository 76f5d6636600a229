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

"""Devices that a server wants, and the pools that may give them."""

import collections
from collections.abc import Iterable
import dataclasses

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import pools
from nova_sriov_ext.report import states


@dataclasses.dataclass(frozen=True)
class Want:
    """Devices that a server wants.

    :ivar count: how many
    :ivar pools: indices of the pools that may serve it
    :ivar group: the physnet whose VFs the policy spreads or packs, '' on a
        tunnelled network; None when the policy does not concern it
    :ivar preferred: those of the pools that come first, see preference.py
    :ivar sparing: whether they do for the sake of others: VFs in switchdev
        mode stay for ports that require them
    """

    count: int
    pools: tuple[int, ...]
    group: str | None = None
    preferred: tuple[int, ...] = ()
    sparing: bool = False


def by(request: model.Request, host: pools.HostPools,
       accepted: Iterable[int]) -> list[Want]:
    """What a request wants of a host.

    :param accepted: indices of the pools from which Nova would serve it; of
        these, devices of the right eswitch mode and LAG state are wanted
    """
    suiting = tuple(index for index in accepted
                    if not host.pools[index].unsuitable_because(request))
    if request.rp_uuids:
        # As Placement chose: so many of each resource provider.
        return [Want(count, tuple(index for index in suiting
                                  if host.pools[index].provider == provider))
                for provider, count
                in collections.Counter(request.rp_uuids).items()]
    modes = {host.pools[index].mode for index in suiting}
    sparing = (request.is_vf and request.preferred is None
               and {states.LEGACY, states.SWITCHDEV} <= modes)
    preferred = states.LEGACY if sparing else request.preferred
    return [Want(
        request.count, suiting,
        (request.physnet or '') if request.is_vf else None,
        tuple(index for index in suiting
              if host.pools[index].mode == preferred), sparing)]
