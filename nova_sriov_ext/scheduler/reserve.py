"""VFs of a physnet that stay free for those who may lift the reserve."""

import math

from nova_sriov_ext import networks
from nova_sriov_ext.scheduler import matching
from nova_sriov_ext.scheduler.demand import PHYSNET


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
               if pool.get('dev_type') in matching.VFS
               and networks.is_for_ports(pool)
               and matching.equal(pool.get(PHYSNET), physnet))


def total(report, physnet):
    """:returns: VFs of the physnet as reported, None where they are not"""
    rows = [row.vfs for row in report.rows
            if row.vfs and matching.equal(row.physnet, physnet)]
    return sum(rows) if rows and report.complete else None
