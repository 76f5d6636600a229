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

"""``nova-sriov explain`` says of a server what becomes of it."""

from nova_sriov_ext.cmd import cells
from nova_sriov_ext.cmd import server_request
from nova_sriov_ext.cmd import verdict
from tests.functional.nova import base


class ExplainTest(base.SriovServersTest):

    def explain(self, *ports, flavor=None):
        """:returns: dict, host → (verdict, reason)"""
        spec = server_request.make(ports, flavor, self.warnings.append)
        return {found.host: (found.verdict, found.reason)
                for found in verdict.of(cells.hosts(), spec)}

    def setUp(self):
        super().setUp()
        self.warnings = []

    def boot_as_explained(self, *ports):
        """Boot a server, which succeeds where a host was said to pass.

        :returns: verdict of each host, from before
        """
        said = self.explain(*ports)
        passing = {host for host, (word, _) in said.items()
                   if word == 'passes'}
        server = self.boot(
            *ports, expected_state='ACTIVE' if passing else 'ERROR')
        assert server['OS-EXT-SRV-ATTR:host'] in (passing or {None})
        self._run_periodics()
        return {host: word for host, (word, _) in said.items()}

    def test_a_server_boots_where_a_host_passes(self):
        self.start_host('compute1', num_vfs=1)
        self.start_host('compute2', num_vfs=2)
        one, two, three = (self.create_port(n) for n in (1, 2, 3))
        found = self.explain(one, two)
        assert found == {
            'compute1': ('refused', 'physnet4: 2 VFs requested, 1 free of 1 '
                                    f'(port {two})'),
            'compute2': ('passes', 'physnet4: 2 VFs requested, 2 free of 2')}
        assert self.boot_as_explained(one, two) == {
            'compute1': 'refused', 'compute2': 'passes'}
        assert self.boot_as_explained(three) == {
            'compute1': 'passes', 'compute2': 'refused'}

    def test_no_server_boots_where_none_passes(self):
        self.start_host('compute1', num_vfs=1)
        ports = [self.create_port(n) for n in (1, 2)]
        assert self.boot_as_explained(*ports) == {'compute1': 'refused'}

    def test_switchdev_is_asked_for(self):
        self.start_host('compute1', mode='legacy')
        self.start_host('compute2', mode='switchdev')
        port = self.create_port(profile={'capabilities': ['switchdev']})
        word, reason = self.explain(port)['compute1']
        assert (word, 'legacy, switchdev requested' in reason) == (
            'refused', True)
        assert self.boot_as_explained(port) == {
            'compute1': 'refused', 'compute2': 'passes'}

    def test_a_disabled_host_is_said_to_be(self):
        self.start_host('compute1')
        self.start_host('compute2')
        service, = self.admin_api.get_services(host='compute1',
                                               binary='nova-compute')
        self.admin_api.put_service(service['id'], {
            'status': 'disabled', 'disabled_reason': 'new NIC'})
        port = self.create_port()
        assert self.explain(port)['compute1'] == (
            'disabled', 'nova-compute is disabled (new NIC); physnet4: 1 VF '
                        'requested, 2 free of 2')
        assert self.boot_as_explained(port)['compute2'] == 'passes'

    def test_a_host_that_is_down_is_said_to_be(self):
        self.start_host('compute1')
        service, = self.admin_api.get_services(host='compute1',
                                               binary='nova-compute')
        self.admin_api.put_service(service['id'], {'forced_down': True})
        word, reason = self.explain(self.create_port())['compute1']
        assert word == 'down'
        assert 'last seen' in reason

    def test_a_flavors_extra_spec_counts(self):
        """Both VFs of the one PF are free, but it is one PF."""
        self.start_host('compute1', num_vfs=2)
        flavor = self._create_flavor(
            extra_spec={'sriov:pf_policy': 'spread'})
        ports = [self.create_port(n) for n in (1, 2)]
        word, reason = self.explain(*ports, flavor=flavor)['compute1']
        assert word == 'refused'
        assert '2 VFs requested from different PFs' in reason
        server = self.boot(*ports, flavor_id=flavor, expected_state='ERROR')
        assert 'No valid host' in server['fault']['message']

    def test_a_port_that_needs_no_vf(self):
        self.start_host('compute1')
        port = self.create_port(vnic_type='normal')
        assert self.explain(port) == {
            'compute1': ('passes', 'no SR-IOV device requested')}
        assert self.warnings == [f'Port {port} (normal) does not need a VF.']

    def test_nothing_is_written(self):
        """To Neutron, where Nova's functions could."""
        self.start_host('compute1')
        port = self.create_port()
        before = self.neutron.show_port(port)
        self.explain(port)
        assert self.neutron.show_port(port) == before

    def test_a_port_that_is_bound(self):
        self.start_host('compute1')
        port = self.create_port()
        server = self.boot(port)
        with self.assertRaises(server_request.Unanswerable) as caught:
            self.explain(port)
        assert str(caught.exception) == (
            f'Port {port} belongs to {server["id"]} on host compute1 '
            'already; a new server needs a port that is free.')

    def test_what_cannot_be_asked_for(self):
        self.start_host('compute1')
        alias = self._create_flavor(
            extra_spec={'pci_passthrough:alias': 'a9:1'})
        for ports, flavor, problem in (
                (['p9'], None, 'There is no port p9, neither by id nor by'),
                ([], 'f9', 'There is no flavor f9, neither by id nor by'),
                ([], alias, 'The API would refuse the server: PCI alias a9 '
                            'is not defined')):
            with self.assertRaises(server_request.Unanswerable) as caught:
                self.explain(*ports, flavor=flavor)
            assert problem in str(caught.exception)
