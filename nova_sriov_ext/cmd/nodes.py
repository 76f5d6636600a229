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


"""Compute hosts out of all of Nova's cells, many of them.

Nova's objects take 17 seconds for 10,000 compute nodes of 8 pools, nearly all
of it for the pools. What Nova's database functions return is read here.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING
from typing import Any

from nova import context as nova_context
from nova import objects
from nova.db.main import api as db
from nova.objects import pci_device_pool

from nova_sriov_ext.cmd import cells

if TYPE_CHECKING:
    from nova_sriov_ext.report.tags import Tags


@dataclasses.dataclass(frozen=True)
class Node:
    """A compute node.

    :ivar cell: its mapping
    :ivar uuid: also of its root provider in Placement
    :ivar stats: ``ComputeNode.stats``
    :ivar stored_pools: its PCI pools as the database has them
    :ivar service: that looks after it, if there is one
    """

    cell: objects.CellMapping
    host: str
    uuid: str
    stats: dict[str, str]
    stored_pools: str | None
    service: objects.Service | None

    @property
    def cell_name(self) -> str:
        """Its UUID, where the cell does not have a name."""
        return str(self.cell.name or self.cell.uuid)

    def pools(self) -> list[Tags]:
        """As Nova's scheduler has them."""
        return _pools(self.stored_pools)


def read() -> list[Node]:
    """Read the compute nodes of every cell with their services, once Nova's
    databases are readable here.

    :returns: by host and cell
    :raises cells.DatabaseUnavailable: with the cell and the remedy
    """
    answers = cells.of_all_cells(_rows_and_services)
    # What of_all_cells has just read.
    mappings = {cell.uuid: cell for cell in nova_context.CELLS}
    found = [
        Node(mappings[uuid], row['host'] or row['hypervisor_hostname'],
             row['uuid'], json.loads(row['stats'] or '{}'), row['pci_stats'],
             services.get(row['host']))
        for uuid, (rows, services) in answers.items() for row in rows]
    return sorted(found, key=lambda node: (node.host, node.cell_name))


def _rows_and_services(cctxt: nova_context.RequestContext) -> tuple[
        list[dict[str, Any]], dict[str, objects.Service]]:
    """:returns: rows of nodes; services by host"""
    services = objects.ServiceList.get_by_binary(
        cctxt, 'nova-compute', include_disabled=True)
    return (db.compute_node_get_all(cctxt),
            {service.host: service for service in services})


def _pools(stored: str | None) -> list[Tags]:
    try:
        found = json.loads(stored or 'null')
        return [_pool(one['nova_object.data'])
                for one in found['nova_object.data']['objects']]
    except (KeyError, TypeError, ValueError):
        # None, or of a Nova of before these objects.
        return [pool.to_dict()
                for pool in pci_device_pool.from_pci_stats(stored)]


def _pool(data: dict[str, Any]) -> Tags:
    tags = data.pop('tags')
    return {**data, **tags}
