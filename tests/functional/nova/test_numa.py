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

"""Guests with NUMA cells: the scheduler and the claim assign as one."""

import json

from tests.functional.nova import base
from tests.functional.nova import test_claim

# One VF each on two PFs of node 0, more of them on the one PF of node 1:
# Nova tries that node first (hardware.numa_fit_instance_to_host).
NODE_0 = ('*:81:00.1', '*:81:02.1')
NODE_1 = '*:81:01.*'


class NumaTest(test_claim.AssigningTest):

    FILTERS = ('SriovCapacityFilter', 'NUMATopologyFilter')

    @property
    def ADDITIONAL_FILTERS(self):
        return list(self.FILTERS)

    def start_host(self):
        """The trusted VF is what Nova gives to any port first: its pool has
        the fewest tags."""
        plain = {'physical_network': base.PHYSNET, 'rack': '7', 'row': '1'}
        trusted = {'physical_network': base.PHYSNET, 'trusted': 'true'}
        self.flags(group='pci', device_spec=[
            json.dumps({'address': address} | tags) for address, tags in (
                (NODE_0[0], plain), (NODE_0[1], trusted), (NODE_1, plain))])
        return super().start_host(num_vfs=3, more_modes=('legacy',) * 2)

    def flavor(self, **extra_specs):
        return self._create_flavor(vcpu=2, extra_spec={
            'hw:numa_nodes': '1', **extra_specs})

    def test_spread_and_joint(self):
        self.start_host()
        ports = self.create_port(1), self.create_port(2)
        server = self.boot(
            *ports, flavor_id=self.flavor(**{'sriov:pf_policy': 'spread'}))
        assert set(self.pfs(*ports)) == {'00', '02'}
        self._delete_server(server)
        ports = self.create_port(1), self.create_port(
            2, profile={'trusted': 'true'})
        self.boot(*ports, flavor_id=self.flavor())
        assert self.pfs(*ports) == ['00', '02']


class NumaFirstTest(NumaTest):
    """Where NUMATopologyFilter comes first, nothing of ours is called yet."""

    FILTERS = ('NUMATopologyFilter', 'SriovCapacityFilter')
