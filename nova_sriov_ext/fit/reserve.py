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

"""VFs of a physnet that stay free for those who may lift the reserve."""

from collections.abc import Iterable
import math

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import pools
from nova_sriov_ext.fit import reasons


def kept(rule: str, total: int | None) -> int:
    """How many VFs stay free.

    :param rule: a number or a percentage of the VFs in total (``10%``)
    :param total: VFs that the host reports for the physnet, None if it does
        not: nothing is kept then by a percentage
    """
    if rule.endswith('%'):
        return math.ceil((total or 0) * int(rule[:-1]) / 100)
    return int(rule)


def touched(host: pools.HostPools, demand: model.Demand, left: Iterable[int],
            returned: Iterable[pools.Pool] = ()) -> reasons.Misfit | None:
    """Which reserve would be touched.

    :param left: devices left in each of the pools
    :param returned: the pool of each VF that the server has here for the
        same requests: a move on its host gives these back
    :returns: None where all are left alone
    """
    left, returned = list(left), list(returned)
    for physnet, rule in demand.reserves.items():
        requested = demand.vfs.get(physnet, 0)
        back = sum(pool.is_vf_on(physnet) for pool in returned)
        total = host.total(physnet)
        if (requested > back
                and host.vfs(physnet, left) + back < kept(rule, total)):
            return reasons.Misfit(
                reasons.RESERVED, subject=physnet or model.NO_PHYSNET,
                unit='VFs', total=total, requested=requested,
                others=kept(rule, total),
                free=host.vfs(physnet, host.free()))
    return None
