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

"""What is published of the VFs of one physnet."""

from collections.abc import Mapping
from typing import TypedDict

from nova_sriov_ext.placement import tracked_vfs


class Inventory(TypedDict):
    """An inventory of Placement."""

    total: int
    reserved: int
    min_unit: int
    max_unit: int
    step_size: int
    allocation_ratio: float


def record(total: int, reserved: int) -> Inventory:
    """:param total: VFs; Placement does not take an inventory of none
    :param reserved: VFs that must not be allocated
    """
    return {'total': total, 'reserved': reserved,
            'min_unit': 1, 'max_unit': total, 'step_size': 1,
            'allocation_ratio': 1.0}


def closed(total: int) -> Inventory:
    """An inventory of which nothing more can be allocated.

    Allocations that are there stay; Placement lets them move to another
    consumer and shrink (placement.objects.allocation).
    """
    return record(total, total)


def unallocated(vfs: tracked_vfs.Vfs, allocated: Mapping[str, int]) -> int:
    """VFs that are in use though Placement does not know.

    Such were attached to a running server, or are of servers forced to the
    host past the filters, or older than the inventory. They are summed up
    server by server: the difference of the host as a whole is wrong while a
    claim is on its way, whose VFs are allocated and not held yet.

    :param allocated: uuid of a server → VFs
    """
    return vfs.blocked + sum(max(0, count - allocated.get(server, 0))
                             for server, count in vfs.held.items())
