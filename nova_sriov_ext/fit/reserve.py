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

import math

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import matching
from nova_sriov_ext.fit import reasons
from nova_sriov_ext.report import networks
from nova_sriov_ext.report import tags
from nova_sriov_ext.report.networks import PHYSNET


def kept(rule, total):
    """How many VFs stay free.

    :param rule: str, a number or a percentage of the VFs in total (``10%``)
    :param total: VFs that the host reports for the physnet, None if it does
        not: nothing is kept then by a percentage
    :returns: int
    """
    if rule.endswith('%'):
        return math.ceil((total or 0) * int(rule[:-1]) / 100)
    return int(rule)


def free(pools, physnet, counts):
    """:param physnet: str, None for tunnelled networks
    :param counts: devices of each of the pools
    :returns: VFs of the physnet among them
    """
    return sum(number for pool, number in zip(pools, counts, strict=True)
               if pool.get('dev_type') in tags.VFS
               and networks.is_for_ports(pool)
               and tags.equal(pool.get(PHYSNET), physnet))


def total(report, physnet):
    """:returns: VFs of the physnet as reported, None where they are not"""
    rows = [row.vfs for row in report.rows
            if row.vfs and tags.equal(row.physnet, physnet)]
    return sum(rows) if rows and report.complete else None


def touched(pools, report, demand, left, returned=()):
    """Tell which reserve would be touched.

    :param pools: list of dicts
    :param report: document.Report of the host
    :param demand: model.Demand
    :param left: iterable of int, devices left in each of the pools
    :param returned: list of pools, one for each VF that the server has here
        for the same requests: a move on its host gives these back
    :returns: reasons.Misfit, None where all are left alone
    """
    left = list(left)
    for physnet, rule in demand.reserves.items():
        requested = demand.vfs.get(physnet, 0)
        back = free(returned, physnet, [1] * len(returned))
        all_vfs = total(report, physnet)
        if (requested > back
                and free(pools, physnet, left) + back < kept(rule, all_vfs)):
            return reasons.Misfit(
                reasons.RESERVED, subject=physnet or model.NO_PHYSNET,
                unit='VFs', total=all_vfs, asked=requested,
                others=kept(rule, all_vfs), free=free(
                    pools, physnet, map(matching.free, pools)))
    return None
