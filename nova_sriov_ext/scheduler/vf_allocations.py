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

"""What the scheduler will claim in Placement on a host."""

from __future__ import annotations

import collections
from collections.abc import Iterator
from collections.abc import Mapping
from typing import TYPE_CHECKING

from nova_sriov_ext.demand import model
from nova_sriov_ext.placement import names
from nova_sriov_ext.report import document

if TYPE_CHECKING:
    from nova.scheduler import host_manager

_TUNNELLED = names.vf_class(None)


def resources(demand: model.Demand) -> dict[str, int]:
    """What a server's ports claim.

    :returns: resource class → VFs: of each physnet all, and those that have
        to be of one eswitch mode
    """
    found: collections.Counter[str] = collections.Counter()
    for request in demand.requests:
        if request.is_vf:
            found.update(dict.fromkeys(_classes(request), request.count))
    return {name: count for name, count in found.items() if count}


def _classes(request: model.Request) -> Iterator[str]:
    yield names.vf_class(request.physnet)
    modes = document.MODES & (request.modes or frozenset())
    # A VF of either would do for a port that requires one of both.
    if len(modes) == 1:
        mode, = modes
        yield names.mode_class(mode, request.physnet)


def is_published(name: str, report: document.Report) -> bool:
    """Whether a host that has its VFs in Placement has those of a class.

    :param name: a resource class, of resources
    """
    if names.is_mode_class(name):
        # It may be of a release that does not publish them, or does not know
        # the modes of all PFs.
        return name in names.mode_classes(report.published_modes)
    # It may be of a release that does not publish them, or its VFs are not
    # tagged for ports.
    return name != _TUNNELLED or report.has_tunnelled


def add_vfs(host_state: host_manager.HostState,
            vfs: Mapping[str, int]) -> None:
    """Let the scheduler claim VFs too, where the host has them in Placement.

    Nova claims a host's first allocation candidate as the filters leave it,
    and hands candidates on to alternates. It keeps the host states, with what
    was added here, from one server of a request to the next; so this may be
    done again and again.

    :param vfs: of :func:`resources`
    """
    report = document.of_host(host_state)
    if not report.placement:
        return
    vfs = {name: count for name, count in vfs.items()
           if is_published(name, report)}
    for candidate in host_state.allocation_candidates:
        # All of a server may be allocated on child providers.
        root = candidate['allocations'].setdefault(
            host_state.uuid, {'resources': {}})
        root['resources'].update(vfs)
