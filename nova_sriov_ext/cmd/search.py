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

"""Which hosts Placement returns where it searches for VFs."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
import dataclasses

from keystoneauth1 import exceptions as ksa_exc
from nova import objects
import nova.conf

from nova_sriov_ext import conf
from nova_sriov_ext.cmd import placement_client
from nova_sriov_ext.demand import model
from nova_sriov_ext.placement import free_vfs
from nova_sriov_ext.placement.api import PlacementError
from nova_sriov_ext.report import document
from nova_sriov_ext.scheduler import placement_query

CONF = conf.register(nova.conf.CONF)


@dataclasses.dataclass(frozen=True)
class Search:
    """:ivar requested: resource class → VFs
    :ivar free: resource class → uuid of a host → VFs
    """

    requested: Mapping[str, int] = dataclasses.field(default_factory=dict)
    free: Mapping[str, Mapping[str, int]] = dataclasses.field(
        default_factory=dict)

    def shortage(self, node: objects.ComputeNode) -> str | None:
        """:returns: why Placement does not return a host; None if it does,
            as far as VFs go
        """
        found = [(name, count, self.free[name].get(node.uuid, 0))
                 for name, count in self.requested.items()]
        short = [f'{name}: {count} requested, {free} free'
                 for name, count, free in found if free < count]
        if not short:
            return None
        why = ('' if document.read(node.stats).placement
               else ', the host does not publish its VFs')
        return f'Placement does not return it ({"; ".join(short)}{why})'


# Everything is returned.
NONE = Search()


def of(demand: model.Demand, config_files: list[str] | None,
       warn: Callable[[str], None]) -> Search:
    """What Placement would search for, and what it has.

    :param config_files: as cells.prepare takes them
    :param warn: takes what is wrong with Placement; NONE then
    """
    requested = (placement_query.searched(demand)
                 if CONF.sriov.query_placement else {})
    if not requested:
        return NONE
    try:
        api = placement_client.connect(config_files)
        return Search(requested, {name: free_vfs.by_host(api, name)
                                  for name in requested})
    except (PlacementError, ksa_exc.ClientException) as e:
        warn(f'What Placement would return is not considered: {e}')
        return NONE
