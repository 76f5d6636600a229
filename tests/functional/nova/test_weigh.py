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

"""Where the API's servers go when several hosts have free VFs."""

from tests.functional.nova import base

WEIGHERS = ['nova.scheduler.weights.all_weighers',
            'nova_sriov_ext.scheduler.weights.all_weighers']


class WeighTest(base.SriovServersTest):
    """compute1 has two VFs, compute2 four; stock's weigher is off.

    Free RAM and CPUs would spread the servers: each test goes against that.
    """

    def start_hosts(self, **options):
        self.flags(group='sriov', **options)
        self.start_host('compute1', num_vfs=2)
        self.start_host('compute2', num_vfs=4)

    def _setup_scheduler_service(self):
        self.flags(weight_classes=WEIGHERS, pci_weight_multiplier=0.0,
                   group='filter_scheduler')
        return super()._setup_scheduler_service()

    def boot_two(self):
        """:returns: list of the servers' hosts"""
        return [self.boot(self.create_port(n))['OS-EXT-SRV-ATTR:host']
                for n in (1, 2)]

    def test_a_negative_multiplier_packs(self):
        self.start_hosts(capacity_weight_multiplier=-1000.0)
        assert self.boot_two() == ['compute1', 'compute1']

    def test_a_positive_multiplier_spreads(self):
        self.start_hosts(capacity_weight_multiplier=1000.0)
        assert self.boot_two() == ['compute2', 'compute2']

    def test_an_aggregate_spreads(self):
        self.start_hosts()
        aggregate = self.admin_api.post_aggregate(
            {'aggregate': {'name': 'a', 'availability_zone': None}})
        for host in ('compute1', 'compute2'):
            self.admin_api.add_host_to_aggregate(aggregate['id'], host)
        self.admin_api.post_aggregate_action(aggregate['id'], {
            'set_metadata': {'metadata': {
                'sriov_capacity_weight_multiplier': '1000'}}})
        assert self.boot_two() == ['compute2', 'compute2']

    def test_servers_without_ports_stay_away(self):
        self.start_hosts(avoidance_weight_multiplier=1000.0)
        hosts = [self._create_server(networks='none')['OS-EXT-SRV-ATTR:host']
                 for _ in range(2)]
        assert hosts == ['compute1', 'compute1']
