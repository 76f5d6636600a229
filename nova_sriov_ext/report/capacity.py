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

"""Capacity of a compute host for each physnet: in total, used, free.

nova-compute reports what it has (document.py), Nova's pools show what is free;
this module joins the two.
"""

import collections
from collections.abc import Iterable
from collections.abc import Mapping
import dataclasses

from nova_sriov_ext.report import document
from nova_sriov_ext.report import networks
from nova_sriov_ext.report import tags
from nova_sriov_ext.report.networks import PHYSNET

# Physnet, eswitch mode.
_Key = tuple[str | None, str]


@dataclasses.dataclass(frozen=True)
class Capacity:
    """VFs of one physnet and eswitch mode on one host.

    :ivar physnet: None for tunnelled networks
    :ivar mode: ``legacy``, ``switchdev`` or ``unknown``
    :ivar total: VFs; None when the host does not report it
    :ivar free: VFs
    """

    physnet: str | None
    mode: str
    total: int | None
    free: int

    @property
    def used(self) -> int | None:
        return None if self.total is None else self.total - self.free


def of_host(stats: Mapping[str, str] | None,
            pools: Iterable[tags.Tags]) -> list[Capacity]:
    """Join what a host reports with what is free there.

    :param stats: ``ComputeNode.stats``
    :param pools: Nova's PCI pools of the host
    :returns: sorted by physnet and mode
    """
    totals = collections.Counter[_Key]()
    report = document.read(stats)
    for row in report.rows:
        if row.vfs:
            totals[row.physnet, row.mode] += row.vfs
    free = collections.Counter[_Key]()
    for pool in pools:
        physnet = pool.get(PHYSNET)
        if networks.is_for_ports(pool) and (
                pool.get('dev_type') in tags.VFS):
            found = report.by_pf.get((pool.get('address'), physnet))
            mode = found.mode if found else document.UNKNOWN
            free[physnet, mode] += pool.get('count') or 0
    return [Capacity(physnet, mode, totals.get((physnet, mode)),
                     free[physnet, mode])
            for physnet, mode in sorted(
                totals.keys() | free.keys(),
                key=lambda key: (key[0] or '', key[1]))]
