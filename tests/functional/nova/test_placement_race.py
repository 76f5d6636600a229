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

"""Two schedulers and one last VF, again and again."""

import collections
import concurrent.futures
import threading
from unittest import mock

import fixtures
from nova import context
from nova import exception
from nova import objects
from nova.scheduler import manager
from nova.scheduler import utils
import oslo_messaging as messaging
from oslo_utils import uuidutils

from tests.functional.nova import placement

ROUNDS = 200
# They cost a tenth of a second each, and all are the same.
STOCK_ROUNDS = 50


class RaceTest(placement.PlacementTest):
    """Each round both schedulers have judged the host before either claims
    there; then its PCI tracker claims for whoever was sent there."""

    ADDITIONAL_FILTERS = ['SriovCapacityFilter', 'PciPassthroughFilter']

    def setUp(self):
        super().setUp()
        self.start_host(num_vfs=1)
        server = self.boot(self.create_port())
        self.context = context.get_admin_context()
        self.spec = objects.RequestSpec.get_by_instance_uuid(
            self.context, server['id'])
        self._delete_server(server)
        self.update()

    def race(self, pci_filter, rounds):
        """:returns: Counter of the rounds: (servers sent to the host, servers
            that got the VF) → rounds
        """
        without = {'SriovCapacityFilter', 'PciPassthroughFilter'} - {
            pci_filter}
        self.flags(group='filter_scheduler', enabled_filters=[
            name for name in manager.CONF.filter_scheduler.enabled_filters
            if name not in without])
        schedulers = [manager.SchedulerManager() for _ in range(2)]
        # Nova has one client in a process.
        self.ask_once(schedulers[0].placement_client)
        both, one = threading.Barrier(2), threading.Lock()
        claim = utils.claim_resources

        def claim_after_both(*args, **kwargs):
            both.wait(timeout=60)
            # SQLite has one writer, and no patience under a fixture.
            with one:
                return claim(*args, **kwargs)

        with (concurrent.futures.ThreadPoolExecutor(2) as pool,
              mock.patch.object(utils, 'claim_resources', claim_after_both)):
            return collections.Counter(
                self.round(pool, schedulers) for _ in range(rounds))

    def ask_once(self, client):
        """Candidates are the same in each round: a flavor requests no VF."""
        answer = client.get_allocation_candidates(
            self.context, utils.resources_from_request_spec(
                self.context, self.new_server(), self.scheduler.manager
                .host_manager))
        self.useFixture(fixtures.MockPatchObject(
            client, 'get_allocation_candidates', return_value=answer))

    def round(self, pool, schedulers):
        specs = [self.new_server() for _ in schedulers]
        sent = [spec for spec, is_sent in zip(
            specs, pool.map(self.is_sent, schedulers, specs), strict=True)
            if is_sent]
        tracker = self.computes['compute1'].manager.rt.pci_tracker
        got = [spec for spec in sent if self.gets_vf(tracker, spec)]
        for spec in sent:
            self.placement.delete(f'/allocations/{spec.instance_uuid}')
            tracker.free_instance_claims(
                self.context, {'uuid': spec.instance_uuid})
        return len(sent), len(got)

    def gets_vf(self, tracker, spec):
        try:
            return tracker.claim_instance(self.context, spec.pci_requests,
                                          None)
        except exception.PciDeviceRequestFailed:
            return []

    def new_server(self):
        spec = self.spec.obj_clone()
        spec.instance_uuid = uuidutils.generate_uuid()
        spec.pci_requests.instance_uuid = spec.instance_uuid
        # What conductor computes anew each time.
        spec.requested_resources = []
        return spec

    def is_sent(self, scheduler, spec):
        try:
            return scheduler.select_destinations(
                self.context, spec_obj=spec,
                instance_uuids=[spec.instance_uuid], return_objects=True,
                return_alternates=True)
        except messaging.ExpectedException as e:
            assert isinstance(e.exc_info[1], exception.NoValidHost)
            return []

    def test_one_gets_it_and_none_is_rescheduled(self):
        found = self.race('SriovCapacityFilter', ROUNDS)
        assert found == {(1, 1): ROUNDS}

    def test_with_the_stock_filter_one_is_rescheduled(self):
        found = self.race('PciPassthroughFilter', STOCK_ROUNDS)
        assert found == {(2, 1): STOCK_ROUNDS}
