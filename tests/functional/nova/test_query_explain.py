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

"""``nova-sriov explain`` where Placement searches for VFs."""

from nova.scheduler.client import report

from nova_sriov_ext.cmd import cells
from nova_sriov_ext.cmd import search
from nova_sriov_ext.cmd import server_request
from nova_sriov_ext.cmd import verdict
from nova_sriov_ext.demand import gather
from nova_sriov_ext.placement import api
from tests.functional.nova import placement
from tests.functional.nova import querying

VF_CLASS = placement.VF_CLASS


class ExplainedTest(querying.QueryingTest):

    def explain(self, *ports):
        """:returns: dict, host → (verdict, reason)"""
        spec = server_request.make(ports, None, self.fail)
        searched = search.of(gather.of_spec(spec), None, self.fail)
        return {found.host: (found.verdict, found.reason)
                for found in verdict.of(cells.hosts(), spec, searched)}

    def setUp(self):
        super().setUp()
        self.stub_out('nova_sriov_ext.cmd.placement_client.connect',
                      lambda _: api.Api(report.SchedulerReportClient()))
        self.start_host('ready', num_vfs=1)
        self.flags(claim_in_placement=False, group='sriov')
        self.start_host('other', num_vfs=2)

    def test_hosts_that_placement_does_not_return(self):
        port = self.create_port(1)
        found = self.explain(port)
        assert found == {
            'ready': ('passes', 'physnet4: 1 VF requested, 1 free of 1'),
            'other': ('not returned', 'Placement does not return it '
                      f'({VF_CLASS}: 1 requested, 0 free, the host does not '
                      'publish its VFs); physnet4: 1 VF requested, 2 free of '
                      '2')}
        assert self.host_of(self.boot(port)) == 'ready'
        port = self.create_port(2)
        word, reason = self.explain(port)['ready']
        assert word == 'refused'
        assert f'({VF_CLASS}: 1 requested, 0 free); physnet4' in reason
        self.boot(port, expected_state='ERROR')
        self.without()
        assert self.explain(port)['other'] == (
            'passes', 'physnet4: 1 VF requested, 2 free of 2')
        assert self.host_of(self.boot(port)) == 'other'
