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

"""VFs of each eswitch mode in Placement: moves, upgrades, other releases."""

import contextlib
import dataclasses
from unittest import mock

from nova_sriov_ext.placement import names
from nova_sriov_ext.placement import tracked_vfs
from nova_sriov_ext.report import document
from nova_sriov_ext.scheduler import vf_allocations
from tests.functional.nova import placement

Numbers = placement.Numbers
MODES = placement.LEGACY, placement.SWITCHDEV


class Modes(placement.PlacementTest):

    def setUp(self):
        super().setUp()
        self.assign()

    def start_mixed(self, hostname='compute1'):
        """Start a host with two VFs of each mode."""
        return self.start_host(hostname, mode='legacy',
                               more_modes=['switchdev'])

    def create_switchdev(self, number=1):
        return self.create_port(
            number, profile={'capabilities': ['switchdev']})

    def of(self, name, hostname='compute1'):
        numbers = self.numbers(hostname, name)
        return numbers.total, numbers.reserved, numbers.used

    def of_modes(self, hostname='compute1'):
        """:returns: (total, reserved, used) of legacy and of switchdev"""
        return [self.of(name, hostname) for name in MODES]


class LifeTest(Modes):

    def test_what_is_required_goes_along(self):
        for hostname in ('compute1', 'compute2'):
            self.start_mixed(hostname)
        server = self.boot_on('compute1', self.create_switchdev())
        assert self.of_modes('compute1') == [(2, 0, 0), (2, 0, 1)]
        server = self.migrate(server)
        assert self.of_modes('compute1') == [(2, 0, 0), (2, 0, 1)]
        assert self.of_modes('compute2') == [(2, 0, 0), (2, 0, 1)]
        self._revert_resize(server)
        assert self.of_modes('compute1') == [(2, 0, 0), (2, 0, 1)]
        assert self.of_modes('compute2') == [(2, 0, 0), (2, 0, 0)]
        server = self.migrate(server)
        self._confirm_resize(server)
        assert self.of_modes('compute1') == [(2, 0, 0), (2, 0, 0)]
        # Until its next update Nova's tracker there does not count it to the
        # servers that a shelve gives back.
        self.update('compute2')
        server = self._unshelve_server(self._shelve_server(server))
        hostname = server['OS-EXT-SRV-ATTR:host']
        assert self.of_modes(hostname) == [(2, 0, 0), (2, 0, 1)]
        self._delete_server(server)
        for hostname in ('compute1', 'compute2'):
            assert self.of_modes(hostname) == [(2, 0, 0), (2, 0, 0)]

    def test_who_requires_none_has_the_other_ones_first(self):
        self.start_mixed()
        self.boot(self.create_port(1), self.create_port(2))
        # Without a claim of a mode, and reserved in the same update.
        assert self.of_modes() == [(2, 2, 0), (2, 0, 0)]
        server = self.boot(self.create_port(3))
        assert self.of_modes() == [(2, 2, 0), (2, 1, 0)]
        assert self.of(placement.VF_CLASS) == (4, 0, 3)
        self._delete_server(server)
        self.update()
        assert self.of_modes() == [(2, 2, 0), (2, 0, 0)]


class ReleasesTest(Modes):
    """With a host, or a scheduler, of a release that knows no modes there."""

    @contextlib.contextmanager
    def host_of_before(self):
        by_class, write = tracked_vfs.by_class, document.write
        with (mock.patch.object(tracked_vfs, 'by_class',
                                lambda tracker, rows: by_class(tracker, ())),
              mock.patch.object(document, 'write', lambda report: write(
                  dataclasses.replace(report, placement_modes=False)))):
            yield

    @contextlib.contextmanager
    def scheduler_of_before(self):
        resources = vf_allocations.resources
        with mock.patch.object(
                vf_allocations, 'resources', lambda demand: {
                    name: count for name, count in resources(demand).items()
                    if not names.is_mode_class(name)}):
            yield

    def test_a_host_is_upgraded(self):
        with self.host_of_before():
            self.start_mixed()
            server = self.boot(self.create_switchdev(), self.create_port(2))
            assert not set(MODES) & self.inventories().keys()
            assert self.of(placement.VF_CLASS) == (4, 0, 2)
        self.restart_compute_service('compute1')
        assert self.of_modes() == [(2, 1, 0), (2, 1, 0)]
        assert self.of(placement.VF_CLASS) == (4, 0, 2)
        later = self.boot(self.create_switchdev(3))
        assert self.of_modes() == [(2, 1, 0), (2, 1, 1)]
        # Moved, it claims what it requires.
        self._delete_server(later)
        server = self._unshelve_server(self._shelve_server(server))
        assert self.of_modes() == [(2, 1, 0), (2, 0, 1)]

    def test_the_schedulers_are_of_before(self):
        self.start_mixed()
        with self.scheduler_of_before():
            server = self.boot(self.create_switchdev())
        assert self.of_modes() == [(2, 0, 0), (2, 1, 0)]
        assert self.of(placement.VF_CLASS) == (4, 0, 1)
        self.boot(self.create_switchdev(2))
        assert self.of_modes() == [(2, 0, 0), (2, 1, 1)]
        self._delete_server(server)
        self.update()
        assert self.of_modes() == [(2, 0, 0), (2, 0, 1)]


class ModeChangeTest(Modes):
    """An operator changes the eswitch mode under a server."""

    def test_it_is_not_mixed_any_more_and_is_again(self):
        self.start_mixed()
        server = self.boot(self.create_switchdev())
        self.sysfs.set_mode('0000:81:01.0', 'legacy')
        self.update()
        assert self.of_modes() == [(4, 1, 0), (2, 2, 0)]
        assert self.of(placement.VF_CLASS) == (4, 0, 1)
        # Nobody is sent there for what is no more, and nova-compute starts.
        refused = self.boot(self.create_switchdev(2), expected_state='ERROR')
        self._delete_server(refused)
        self.restart_compute_service('compute1')
        assert self.of_modes() == [(4, 1, 0), (2, 2, 0)]
        self.sysfs.set_mode('0000:81:01.0', 'switchdev')
        self.update()
        assert self.of_modes() == [(2, 0, 0), (2, 1, 0)]
        self._delete_server(server)
        self.update()
        assert self.of_modes() == [(2, 0, 0), (2, 0, 0)]

    def test_a_mode_is_unknown_when_nova_compute_starts(self):
        self.start_mixed()
        self.boot(self.create_switchdev())
        with mock.patch('os_vif_vflag.host.host.Host.snapshot',
                        side_effect=OSError):
            self.restart_compute_service('compute1')
            self.update()
            assert self.of_modes() == [(2, 2, 0), (2, 2, 0)]
            # No scheduler claims what is not there; the claim decides.
            node, = self.capacity()
            assert node.mode == 'unknown'
            self.boot(self.create_switchdev(2))
            assert self.of(placement.VF_CLASS) == (4, 0, 2)
        self.update()
        assert [numbers[0] for numbers in self.of_modes()] == [2, 2]
        assert self.of(placement.VF_CLASS) == (4, 0, 2)
        assert sum(numbers[1] for numbers in self.of_modes()) == 2
