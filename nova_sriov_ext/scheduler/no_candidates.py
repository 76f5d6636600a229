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

"""Says what Placement knows of VFs when it returns no host.

Nova ends such a request before it runs a filter, and its log does not say
what was short.
"""

from __future__ import annotations

from collections.abc import Mapping
import functools
from typing import TYPE_CHECKING
from typing import Any

from nova import exception
import nova.conf
from nova.scheduler import manager
from oslo_log import log as logging
import oslo_messaging as messaging

from nova_sriov_ext.placement import api
from nova_sriov_ext.placement import free_vfs
from nova_sriov_ext.scheduler import placement_query

if TYPE_CHECKING:
    from nova import context as nova_context
    from nova import objects

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

# Nova's, whatever stands in its place by now.
STOCK = manager.SchedulerManager.select_destinations


@functools.wraps(STOCK)
def select_destinations(
        scheduler: manager.SchedulerManager,
        context: nova_context.RequestContext, *args: Any,
        **kwargs: Any) -> Any:
    """Nova's, with one line more where Placement returns no host."""
    try:
        return STOCK(scheduler, context, *args, **kwargs)
    except messaging.ExpectedException as e:
        # Where it has returned some, Nova says that not enough of them are
        # left.
        why = e.exc_info[1]
        if ('spec_obj' in kwargs and isinstance(why, exception.NoValidHost)
                and why.kwargs.get('reason') == ''):
            _log(scheduler, kwargs['spec_obj'])
        raise


def _log(scheduler: manager.SchedulerManager,
         spec_obj: objects.RequestSpec) -> None:
    try:
        vfs = placement_query.added(spec_obj)
        if vfs:
            LOG.info('Placement returned no host for server %s: %s. Whether '
                     'VFs are short or something else is: "nova-sriov '
                     'explain" shows it for each host',
                     spec_obj.instance_uuid, _numbers(
                         api.Api(scheduler.placement_client), vfs))
    except Exception as e:
        LOG.warning('Placement returned no host for a server with VFs, and '
                    'did not say how many are free: %s', e)


def _numbers(placement: api.Api, vfs: Mapping[str, int]) -> str:
    """:param vfs: resource class → VFs requested"""
    limit = CONF.scheduler.max_placement_results
    return '; '.join(
        _words(name, count, free_vfs.by_host(placement, name, limit), limit)
        for name, count in vfs.items())


def _words(name: str, count: int, free: Mapping[str, int],
           limit: int) -> str:
    """:param free: host → VFs, of at most so many hosts as limit says"""
    at_least = 'at least ' if len(free) >= limit else ''
    return (f'{count} {name} requested, {at_least}{sum(free.values())} free '
            f'on {at_least}{len(free)} host(s), no more than '
            f'{max(free.values(), default=0)} on one of them')
