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

"""Hosts with VFs of physnets, and whether Placement finds them."""

from __future__ import annotations

import collections
from collections.abc import Iterable
from collections.abc import Mapping
import dataclasses
import functools
import operator
from typing import TYPE_CHECKING

import prettytable

from nova_sriov_ext.report import capacity
from nova_sriov_ext.report import document
from nova_sriov_ext.report import networks
from nova_sriov_ext.report import states

# Nova is imported when a command runs, not when its help is requested.
if TYPE_CHECKING:
    from nova import objects

    from nova_sriov_ext.cmd import cells

_NO_REPORT = ('no: nova-compute reports no VFs; it runs another driver, or '
              'report_capacity is off')
_OFF = 'no: claim_in_placement is off, or not yet on for two updates'
_NO_MODES = ('no eswitch mode: nova-compute is of a release that publishes '
             'none, or does not know the mode of each PF')


@dataclasses.dataclass(frozen=True)
class Host:
    """:ivar cell: name of its cell
    :ivar published: ``yes``, or what is missing
    :ivar lost: physnet → VFs that Placement does not find, in total or, where
        the host does not report that, free; empty where it finds all
    :ivar has_totals: whether they are not found only for ports that require a
        mode
    :ivar lags: physnet → state of its VF-LAG, where that is not healthy
    """

    name: str
    cell: str
    published: str
    lost: Mapping[str, int]
    has_totals: bool = False
    lags: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def loss(self) -> str:
        """What it would lose if Placement did the search."""
        what = 'ports that require a mode' if self.has_totals else 'ports'
        vfs = ', '.join(f'{physnet} ({count} VFs)'
                        for physnet, count in self.lost.items())
        return f'not found for {what} on {vfs}' if vfs else 'found'


def of(hosts: Iterable[cells.ComputeHost], needs_modes: bool) -> list[Host]:
    """:param needs_modes: whether Placement is queried for eswitch modes
    :returns: those with VFs of a physnet, by name and cell
    """
    found = [_of_host(host, needs_modes) for host in hosts]
    return sorted(filter(None, found),
                  key=operator.attrgetter('name', 'cell'))


def _of_host(host: cells.ComputeHost, needs_modes: bool) -> Host | None:
    vfs = _vfs(host.node)
    report = document.read(host.node.stats)
    found = functools.partial(Host, host.node.host, host.cell_name,
                              lags=_unhealthy(report.rows))
    if not vfs:
        return None
    if not report.placement:
        return found(_OFF if report.rows else _NO_REPORT, vfs)
    published = {physnet for physnet, _ in report.published_modes}
    lost = {physnet: count for physnet, count in vfs.items()
            if needs_modes and physnet.lower() not in published}
    return found(_NO_MODES if lost else 'yes', lost, has_totals=True)


def _unhealthy(rows: Iterable[document.Row]) -> dict[str, str]:
    """:returns: physnet → the worst state of its LAGs"""
    return {networks.name(row.physnet): row.lag
            # «degraded» is before «inactive», which is worse.
            for row in sorted(rows, key=operator.attrgetter('lag'))
            if row.lag in states.UNHEALTHY}


def _vfs(node: objects.ComputeNode) -> dict[str, int]:
    """:returns: physnet → VFs"""
    found = collections.Counter[str]()
    for one in capacity.of_host(node.stats, [
            pool.to_dict() for pool in node.pci_device_pools or ()]):
        if one.physnet is not None:
            found[one.physnet] += one.free if one.total is None else one.total
    return dict(found)


def table(hosts: Iterable[Host]) -> prettytable.PrettyTable:
    found = prettytable.PrettyTable(
        ('Host', 'Cell', 'In Placement', 'With query_placement'))
    found.align = 'l'
    found.add_rows([[host.name, host.cell, host.published,
                     host.loss] for host in hosts])
    return found
