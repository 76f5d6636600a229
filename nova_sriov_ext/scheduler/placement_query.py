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

"""What a server's ports request, in Nova's query to Placement.

Nova queries Placement for at most ``[scheduler] max_placement_results`` hosts
and filters those. Where few hosts have VFs, none of them may be among these.
Request filters are the one place before the query, and extra specs of the
flavor the one part of a RequestSpec that lands in the query's unsuffixed
group, which the root provider of a host can serve. The RequestSpec is the
scheduler's own copy: what is added goes into the query and the scheduler's
notifications, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
from typing import TYPE_CHECKING

import nova.conf
from oslo_log import log as logging

from nova_sriov_ext import conf
from nova_sriov_ext.demand import gather
from nova_sriov_ext.demand import model
from nova_sriov_ext.placement import names
from nova_sriov_ext.report import document
from nova_sriov_ext.scheduler import vf_allocations

if TYPE_CHECKING:
    from nova import context as nova_context
    from nova import objects

CONF = conf.register(nova.conf.CONF)
LOG = logging.getLogger(__name__)

# How an extra spec begins that has an amount for the unsuffixed group
# (nova.scheduler.utils.ResourceRequest).
_AMOUNT = 'resources:'


def add_vfs(context: nova_context.RequestContext | None,
            spec_obj: objects.RequestSpec) -> bool:
    """A request filter: Nova calls these before it queries Placement.

    :returns: whether it changed something
    """
    if not CONF.sriov.query_placement:
        return False
    try:
        vfs = {} if _has_host(spec_obj) else searched(
            gather.of_spec(spec_obj))
        if vfs:
            _add(spec_obj, vfs)
        return bool(vfs)
    except Exception:
        LOG.exception('What %s requests could not be read; Placement does not '
                      'search for its VFs', spec_obj)
        return False


def searched(demand: model.Demand) -> dict[str, int]:
    """What a host has to have free in Placement.

    Not the VFs of tunnelled networks: their ports get VFs that are meant for
    aliases, too, and such are not published. Nor those of a mode for ports
    that get VFs of unknown mode as well: hosts with such do not publish it.

    :returns: resource class → VFs
    """
    return vf_allocations.resources(dataclasses.replace(demand, requests=tuple(
        request if document.UNKNOWN not in (request.modes or ())
        else dataclasses.replace(request, modes=None)
        for request in demand.requests if request.physnet is not None)))


def added(spec_obj: objects.RequestSpec) -> dict[str, int]:
    """What a query has of VFs.

    :param spec_obj: after the request filters
    :returns: as searched
    """
    amounts = {key.removeprefix(_AMOUNT): int(amount) for key, amount
               in _extra_specs(spec_obj.flavor).items()
               if key.startswith(_AMOUNT)}
    return {name: amount for name, amount in amounts.items()
            if names.counts_vfs(name)}


def _has_host(spec_obj: objects.RequestSpec) -> bool:
    """Whether there is nothing to search: the host is named, and may well be
    one that does not publish its VFs."""
    destination = ('requested_destination' in spec_obj
                   and spec_obj.requested_destination)
    return any(
        field in one and getattr(one, field)
        for one, fields in ((spec_obj, ('force_hosts', 'force_nodes')),
                            (destination, ('host', 'node'))) if one
        for field in fields)


def _add(spec_obj: objects.RequestSpec, vfs: Mapping[str, int]) -> None:
    flavor = spec_obj.flavor.obj_clone()
    flavor.extra_specs = {
        **_extra_specs(flavor),
        **{f'{_AMOUNT}{name}': str(count) for name, count in vfs.items()}}
    spec_obj.flavor = flavor
    # As Nova does with what it changes here: nobody saves it, and if one did,
    # this would be no reason to.
    spec_obj.obj_reset_changes(['flavor'], recursive=True)


def _extra_specs(flavor: objects.Flavor) -> dict[str, str]:
    return (flavor.extra_specs if 'extra_specs' in flavor else None) or {}
