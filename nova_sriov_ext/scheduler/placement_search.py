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

"""Puts what lets Placement search for VFs where nova-scheduler has its own.

Done when the scheduler loads ``SriovCapacityFilter``; with a Nova that it was
not written for, nothing is.
"""

from nova.scheduler import manager
from nova.scheduler import request_filter

from nova_sriov_ext import nova_compat
from nova_sriov_ext.scheduler import no_candidates
from nova_sriov_ext.scheduler import placement_query


def install() -> None:
    """Add a request filter, and replace ``select_destinations`` in
    nova.scheduler.manager; both read ``[sriov] query_placement``."""
    if not nova_compat.works(nova_compat.SEARCH):
        return
    if placement_query.add_vfs not in request_filter.ALL_REQUEST_FILTERS:
        request_filter.ALL_REQUEST_FILTERS.append(placement_query.add_vfs)
    manager.SchedulerManager.select_destinations = (
        no_candidates.select_destinations)
