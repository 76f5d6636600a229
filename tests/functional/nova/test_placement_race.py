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
import copy
import dataclasses
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

from nova_sriov_ext.report import document
from tests.functional.nova import placement

ROUNDS = 200
MODE_ROUNDS = 50
# They cost a tenth of a second each, and all are the same.
STOCK_ROUNDS = 50


class Race(placement.PlacementTest):
    """Each round both schedulers have judged the host before either claims
    there; then its PCI tracker claims for whoever was sent there."""

    ADDITIONAL_FILTERS = ['SriovCapacityFilter', 'PciPassthroughFilter']

    def setUp(self):
        super().setUp()
        self.context = context.get_admin_context()

    def spec_of(self, *args, **kwargs):
        """:param args: of a port
        :returns: nova.objects.RequestSpec of a server that requests it
        """
        server = self.boot(self.create_port(*args, **kwargs))
        spec = objects.RequestSpec.get_by_instance_uuid(
            self.context, server['id'])
        self._delete_server(server)
        self.update()
        return spec

    def race(self, pci_filter, rounds, *specs):
        """:param specs: of the two servers
        :returns: Counter of the rounds: (servers sent to the host, servers
            that got the VF) → rounds
        """
        without = {'SriovCapacityFilter', 'PciPassthroughFilter'} - {
            pci_filter}
        self.flags(group='filter_scheduler', enabled_filters=[
            name for name in manager.CONF.filter_scheduler.enabled_filters
            if name not in without])
        schedulers = [manager.SchedulerManager() for _ in range(2)]
        # Nova has one client in a process.
        self.ask_once(schedulers[0].placement_client, specs[0])
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
                self.round(pool, schedulers, specs) for _ in range(rounds))

    def ask_once(self, client, spec):
        """Candidates are the same in each round: a flavor requests no VF."""
        answer = client.get_allocation_candidates(
            self.context, utils.resources_from_request_spec(
                self.context, self.new_server(spec), self.scheduler.manager
                .host_manager))
        self.useFixture(fixtures.MockPatchObject(
            client, 'get_allocation_candidates',
            side_effect=lambda *args: copy.deepcopy(answer)))

    def round(self, pool, schedulers, specs):
        specs = list(map(self.new_server, specs))
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

    @staticmethod
    def new_server(spec):
        spec = spec.obj_clone()
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


class RaceTest(Race):

    def setUp(self):
        super().setUp()
        self.start_host(num_vfs=1)
        self.spec = self.spec_of()

    def test_one_gets_it_and_none_is_rescheduled(self):
        found = self.race('SriovCapacityFilter', ROUNDS, self.spec, self.spec)
        assert found == {(1, 1): ROUNDS}

    def test_with_the_stock_filter_one_is_rescheduled(self):
        found = self.race('PciPassthroughFilter', STOCK_ROUNDS, self.spec,
                          self.spec)
        assert found == {(2, 1): STOCK_ROUNDS}


class ModeRaceTest(Race):
    """One VF of each eswitch mode, both on one physnet."""

    def start(self):
        self.assign()
        self.start_host(num_vfs=1, mode='switchdev', more_modes=['legacy'])
        self.switchdev = self.spec_of(
            1, profile={'capabilities': ['switchdev']})
        self.plain = self.spec_of(2)

    def race(self, *specs):
        return super().race('SriovCapacityFilter', MODE_ROUNDS, *specs)

    def test_one_gets_the_last_of_a_mode_and_none_is_rescheduled(self):
        self.start()
        assert self.race(self.switchdev, self.switchdev) == {
            (1, 1): MODE_ROUNDS}

    def test_who_requires_none_is_not_in_the_way(self):
        """Also where it claims on the host first."""
        self.start()
        assert self.race(self.plain, self.switchdev) == {
            (2, 2): MODE_ROUNDS}

    def test_two_that_require_none_have_all(self):
        self.start()
        assert self.race(self.plain, self.plain) == {(2, 2): MODE_ROUNDS}

    def test_without_the_classes_of_modes_one_is_rescheduled(self):
        """On a host that does not report them, as of a release before."""
        write = document.write
        self.stub_out('nova_sriov_ext.report.document.write',
                      lambda report: write(dataclasses.replace(
                          report, placement_modes=False)))
        self.start()
        assert self.race(self.switchdev, self.switchdev) == {
            (2, 1): MODE_ROUNDS}
