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

"""Puts this project's record of a host where nova-scheduler makes its own.

Done when the scheduler loads ``SriovCapacityFilter``, hence only where that
is enabled. With a Nova that it was not written for, nothing is replaced: the
filter then adapts the hosts that it passes, and other filters have to come
after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nova.scheduler import host_manager
from nova.scheduler import request_filter
from oslo_log import log as logging

from nova_sriov_ext import nova_compat
from nova_sriov_ext.scheduler import consume
from nova_sriov_ext.scheduler import requesters

if TYPE_CHECKING:
    from nova import objects

LOG = logging.getLogger(__name__)

# Nova's, whatever stands in its place by now.
STOCK = host_manager.HostState


class HostRecord(host_manager.HostState):
    """Nova's HostState; on hosts with this project's claim its pools serve
    what that claim does."""

    def _update_from_compute_node(self, compute: objects.ComputeNode) -> None:
        super()._update_from_compute_node(compute)
        try:
            consume.adapt(self)
        except Exception:
            LOG.exception("Host %s keeps Nova's own record", self.host)


def install() -> None:
    """Replace ``HostState`` in nova.scheduler.host_manager, and add a request
    filter that changes nothing."""
    if not nova_compat.works(nova_compat.RECORDS):
        return
    host_manager.HostState = HostRecord
    if requesters.remember not in request_filter.ALL_REQUEST_FILTERS:
        request_filter.ALL_REQUEST_FILTERS.append(requesters.remember)
