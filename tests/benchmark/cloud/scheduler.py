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

"""Nova's scheduler manager with its database and its Placement, all real."""

import contextlib
import json
import logging
import random

import fixtures
from nova import context
from nova import test
import nova.conf
from nova.scheduler import manager
from nova.scheduler import request_filter
from nova.scheduler import utils
from nova.tests.functional import fixtures as nova_fixtures
import oslo_messaging as messaging

from nova_sriov_ext import conf
from nova_sriov_ext.claim import trial
from nova_sriov_ext.demand import neutron_ports
from nova_sriov_ext.scheduler import host_records
from nova_sriov_ext.scheduler import no_candidates
from tests.benchmark.cloud import computes
from tests.benchmark.cloud import hosts
from tests.benchmark.cloud import instruments
from tests.benchmark.cloud import neutron
from tests.benchmark.cloud import result
from tests.benchmark.cloud import rows
from tests.benchmark.cloud import stopwatch
from tests.benchmark.cloud import trackers
from tests.functional.nova import database

conf.register(nova.conf.CONF)

_FILTERS = ('ComputeFilter', 'ComputeCapabilitiesFilter',
            'ImagePropertiesFilter', 'ServerGroupAntiAffinityFilter',
            'ServerGroupAffinityFilter', 'NUMATopologyFilter')
_STOCK = {'enabled_filters': [*_FILTERS, 'PciPassthroughFilter']}
_OURS = {
    'enabled_filters': [*_FILTERS, 'SriovCapacityFilter'],
    'available_filters': [
        'nova.scheduler.filters.all_filters',
        'nova_sriov_ext.scheduler.filters.SriovCapacityFilter'],
    'weight_classes': ['nova.scheduler.weights.all_weighers',
                       'nova_sriov_ext.scheduler.weights.all_weighers']}


class Scheduler(test.TestCase):
    """One nova-scheduler and its cloud; not a test, but made as one.

    :param shapes: of the hosts
    :param ours: whether filter, weighers and claims are this project's
    :param sriov: options of ``[sriov]``
    :ivar neutron: where ports are created
    """

    def __init__(self, shapes, ours, **sriov):
        super().__init__('run_nothing')
        self._given = shapes
        self._ours = ours
        self._options = sriov
        self.clock = stopwatch.Clock()
        self.neutron = neutron.Neutron(self.clock)

    def run_nothing(self):
        """What unittest wants to find."""

    def setUp(self):
        self.useFixture(database.KeptConnections())
        super().setUp()
        self._configure()
        self._put_back_later()
        placement = self.useFixture(nova_fixtures.PlacementFixture())
        # As Placement's manual wants it where there are more hosts than
        # candidates.
        placement.conf_fixture.config(
            group='placement', randomize_allocation_candidates=True)
        cell = self.cell_mappings['cell1']
        shapes = rows.create(cell, placement.api, self._given)
        self._computes = computes.Computes(
            cell, shapes,
            trackers.assigning if self._ours else trackers.stock)
        self._start(len(shapes))

    def _configure(self):
        self.flags(group='filter_scheduler', **(
            _OURS if self._ours else _STOCK))
        self.flags(group='sriov', **self._options)
        self.flags(group='pci', device_spec=list(
            map(json.dumps, hosts.DEVICE_SPEC)))
        # Nobody is there to say that the hosts are up while this lasts.
        self.flags(service_down_time=7 * 24 * 3600)
        self.flags(group='notifications', notification_format='unversioned')
        # Nova's fixture logs at DEBUG, which costs more than what is logged.
        logging.disable(logging.DEBUG)
        self.addCleanup(logging.disable, logging.NOTSET)

    def _put_back_later(self):
        """What is replaced here, or by what is loaded."""
        for name, value in {
                'nova.scheduler.host_manager.HostState': host_records.STOCK,
                'nova.scheduler.request_filter.ALL_REQUEST_FILTERS': list(
                    request_filter.ALL_REQUEST_FILTERS),
                'nova.scheduler.manager.SchedulerManager.select_destinations':
                    no_candidates.STOCK,
                'nova.compute.claims.Claim._claim_test':
                    trial.claim_test if self._ours else trial.STOCK,
                'nova.network.neutron.get_client':
                    lambda context, admin: self.neutron,
                'nova_sriov_ext.demand.neutron_ports.BREAKER':
                    neutron_ports.Breaker(),
                # It reads all servers of all hosts, ten hosts at a time.
                'nova.scheduler.host_manager.HostManager'
                '._init_instance_info': lambda *args: None}.items():
            self.useFixture(fixtures.MonkeyPatch(name, value))

    def _start(self, number):
        self.manager = manager.SchedulerManager()
        # As after a message of each nova-compute: none has servers.
        self.manager.host_manager._instance_info = {
            f'compute{n}': {'instances': {}, 'updated': True}
            for n in range(number)}
        self.watch = stopwatch.Stopwatch(self.clock)
        self.instruments = self.useFixture(
            instruments.Instruments(self.manager, self.watch))

    def replay(self, requests, seed, progress):
        """:param requests: iterable of trace.Request
        :param progress: is called with the number of each request
        :returns: result.Result
        """
        # Fixtures draw the names of databases, which must not come again.
        self.addCleanup(random.setstate, random.getstate())
        random.seed(seed)
        found = result.Result(self.watch.seconds, self.instruments.ours)
        for number, request in enumerate(requests, 1):
            found.requests[request.kind.name] += 1
            before = found.seconds.total()
            chosen = self._choose(request)
            found.took[request.kind.name] += found.seconds.total() - before
            if chosen is None:
                found.refused[request.kind.name] += len(request.uuids)
            else:
                self._build_all(request, chosen, found)
            progress(number)
        found.lookups = self.neutron.calls
        return found

    def _choose(self, request):
        """:returns: a list of Selections for each server; None without a
            host
        """
        with contextlib.suppress(messaging.ExpectedException), (
                self.watch.request()):
            return self.manager.select_destinations(
                context.RequestContext('user', 'project'),
                spec_obj=request.spec, instance_uuids=request.uuids,
                return_objects=True, return_alternates=True)
        # NoValidHost, on its way to the conductor.
        return None

    def _build_all(self, request, chosen, found):
        # What the claims look up and wait for is not the scheduler's.
        before = self.neutron.calls, self.clock.waited
        for server, selections in zip(request.uuids, chosen, strict=True):
            self._build(request, server, selections, found)
        self.neutron.calls, self.clock.waited = before

    def _build(self, request, server, selections, found):
        """As nova-compute and the cell's conductor do, one host after the
        other."""
        for number, selection in enumerate(selections):
            if number and not self._claimed(request, server, selection):
                continue
            node = selection.compute_node_uuid
            devices = self._computes.claim(node, request, server)
            if devices is not None:
                found.placed[request.kind.name] += 1
                found.unsuited[request.kind.name] += (
                    not self._computes.suits(node, request, devices))
                return
            found.rescheduled[request.kind.name] += 1
            self.manager.placement_client.delete_allocation_for_instance(
                context.get_admin_context(), server, force=True)
        found.refused[request.kind.name] += 1

    def _claimed(self, request, server, selection):
        """Of an alternate, in Placement."""
        return utils.claim_resources(
            context.get_admin_context(), self.manager.placement_client,
            request.spec, server,
            json.loads(selection.allocation_request),
            allocation_request_version=(
                selection.allocation_request_version))
