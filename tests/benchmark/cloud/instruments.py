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

"""Which parts of nova-scheduler are timed."""

import pkgutil

import fixtures
from nova.scheduler import request_filter

QUERY, CLAIM = 'Placement: query', 'Placement: claim'
DATABASE, RECORDS = 'host states: database', 'host states: records'
NEUTRON = 'Neutron'
FILTERS = 'request filters'
OUR_RECORDS = 'SchedulerPciStats in records'
LOG = 'what Placement has, for the log'

# Function → part.
_PARTS = {
    'nova.scheduler.client.report.SchedulerReportClient'
    '.get_allocation_candidates': QUERY,
    'nova.scheduler.utils.claim_resources': CLAIM,
    'nova.scheduler.host_manager.HostManager._get_computes_for_cells':
        DATABASE,
    'nova.scheduler.host_manager.HostManager.get_host_states_by_uuids':
        RECORDS,
    'nova.scheduler.request_filter.process_reqspec': FILTERS,
    'nova_sriov_ext.demand.neutron_ports.read': NEUTRON,
    'nova_sriov_ext.scheduler.consume.adapt': OUR_RECORDS,
    'nova_sriov_ext.scheduler.no_candidates._log': LOG,
}
_OURS = 'nova_sriov_ext.'


class Instruments(fixtures.Fixture):
    """Times a SchedulerManager.

    :ivar ours: the parts that are this project's, or done for it
    """

    def __init__(self, manager, watch):
        self._manager = manager
        self._watch = watch
        self.ours = {NEUTRON, OUR_RECORDS, LOG}

    def _setUp(self):
        for name, part in _PARTS.items():
            self._time(name, part)
        host_manager = self._manager.host_manager
        for found in host_manager.enabled_filters:
            self._time_method(found, 'filter_all')
        for found in host_manager.weighers:
            self._time_method(found, 'weigh_objects')
            if type(found).__module__.startswith(_OURS):
                self._time_method(found, 'weight_multiplier')
        listed = request_filter.ALL_REQUEST_FILTERS
        self.useFixture(fixtures.MonkeyPatch(
            'nova.scheduler.request_filter.ALL_REQUEST_FILTERS',
            [self._our_request_filter(one) for one in listed]))

    def _time(self, name, part):
        self.useFixture(fixtures.MonkeyPatch(
            name, self._watch.timed(part, pkgutil.resolve_name(name))))

    def _time_method(self, found, name):
        part = type(found).__name__
        if type(found).__module__.startswith(_OURS):
            self.ours.add(part)
        setattr(found, name, self._watch.timed(part, getattr(found, name)))

    def _our_request_filter(self, found):
        if not found.__module__.startswith(_OURS):
            return found
        part = f'request filter {found.__name__}'
        self.ours.add(part)
        return self._watch.timed(part, found)

