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

"""A cloud whose scheduler lets Placement search for VFs."""

import logging
from urllib import parse

from nova.scheduler.client import report
from oslo_utils import uuidutils
from placement.objects import research_context

from tests.functional.nova import base
from tests.functional.nova import placement

PLAIN_HOSTS = 3


class QueryingTest(placement.PlacementTest):
    """Hosts without VFs come first, and Placement returns no more hosts than
    there are of those.

    :ivar queries: list, what Placement was queried for in the unsuffixed
        group: dicts, resource class → amount
    """

    def setUp(self):
        super().setUp()
        self.flags(query_placement=True, group='sriov')
        self.flags(max_placement_results=PLAIN_HOSTS, group='scheduler')
        self.log = self.useFixture(
            base.log_of('nova_sriov_ext', logging.INFO))
        self.order_candidates()
        self.queries = []
        self.record_queries()

    def order_candidates(self):
        """As bad as can be; Placement's own order is one of chance."""
        limit_results = research_context.RequestWideSearchContext.limit_results

        def plain_ones_first(search, candidates, summaries):
            return limit_results(
                search, sorted(candidates, key=has_vfs), summaries)

        def has_vfs(candidate):
            plain = {uuid for name, uuid in self.compute_rp_uuids.items()
                     if name.startswith('plain')}
            return candidate.anchor_root_provider_uuid not in plain

        self.stub_out('placement.objects.research_context.'
                      'RequestWideSearchContext.limit_results',
                      plain_ones_first)

    def record_queries(self):
        get = report.SchedulerReportClient.get

        def recorded(client, url, *args, **kwargs):
            path, _, query = url.partition('?')
            # Those of the scheduler have more than VFs.
            if path == '/allocation_candidates' and 'root_required' in query:
                amounts = parse.parse_qs(query)['resources'][0]
                self.queries.append({
                    name: int(amount) for name, _, amount in (
                        one.partition(':') for one in amounts.split(','))})
            return get(client, url, *args, **kwargs)

        self.stub_out('nova.scheduler.client.report.SchedulerReportClient.get',
                      recorded)

    def vfs_queried(self):
        """:returns: list, what the queries since the last call have of VFs"""
        found = [{name: amount for name, amount in query.items()
                  if name.startswith('CUSTOM_SRIOV_')}
                 for query in self.queries]
        self.queries.clear()
        return found

    def start_plain_hosts(self, count=PLAIN_HOSTS):
        for number in range(count):
            self.start_host(f'plain{number}', num_vfs=0)

    def new_port(self, **binding):
        """As many as a test wants."""
        port = dict(self.neutron.network_4_port_1)
        number = len(self.neutron._ports)
        port.update(id=uuidutils.generate_uuid(),
                    mac_address=f'fa:16:3e:00:00:{number:02x}',
                    fixed_ips=[{**port['fixed_ips'][0],
                                'ip_address': f'192.168.4.{number + 100}'}],
                    **{f'binding:{key}': value
                       for key, value in binding.items()})
        self.neutron.create_port({'port': port})
        return port['id']

    def without(self):
        """The option is off from now on."""
        self.flags(query_placement=False, group='sriov')

    @staticmethod
    def host_of(server):
        return server['OS-EXT-SRV-ATTR:host']
