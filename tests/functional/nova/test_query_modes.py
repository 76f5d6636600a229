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

"""Placement searches for VFs of an eswitch mode."""

from nova_sriov_ext.placement import names
from tests.functional.nova import base
from tests.functional.nova import placement
from tests.functional.nova import querying

VF_CLASS = placement.VF_CLASS
MODE_CLASS = names.mode_class('switchdev', base.PHYSNET)


class ModesTest(querying.QueryingTest):
    """Hosts with legacy VFs are as many as Placement returns, and come before
    the one with switchdev VFs."""

    def setUp(self):
        super().setUp()
        for number in range(querying.PLAIN_HOSTS):
            self.start_host(f'plain{number}', num_vfs=2, mode='legacy')

    def switchdev_port(self):
        return self.new_port(profile={'capabilities': ['switchdev']})

    def test_a_port_that_requires_switchdev(self):
        self.start_host('sriov', num_vfs=2, mode='switchdev')
        both = {VF_CLASS: 1, MODE_CLASS: 1}
        # What serves VFs of unknown mode, too, is searched for by the physnet.
        self.boot(self.switchdev_port(), expected_state='ERROR')
        self.flags(unknown_mode='reject', group='sriov')
        for state in 'ACTIVE', 'ACTIVE', 'ERROR':
            self.boot(self.switchdev_port(), expected_state=state)
        assert self.vfs_queried() == [{VF_CLASS: 1}, both, both, both]
        assert self.numbers('sriov') == placement.Numbers(2, 0, used=2)
        assert self.numbers('sriov', MODE_CLASS) == placement.Numbers(
            2, 0, used=2)
        for words in (
                f'1 {VF_CLASS} requested, at least 6 free on at least 3 host',
                f'1 {MODE_CLASS} requested, 0 free on 0 host(s)'):
            assert words in self.log.output

    def test_one_that_does_not(self):
        self.boot(self.new_port())
        assert self.vfs_queried() == [{VF_CLASS: 1}]
