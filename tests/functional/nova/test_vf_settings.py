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

"""API → … → plug: what the VF has while a server has it, and afterwards."""

from tests.functional.nova import base

PF = 'enp129s0f0np0'
GUIDS = ('ib_node_guid', 'ib_port_guid')
LIMITS = {'quota:vif_outbound_average': '12500',
          'quota:vif_outbound_peak': '125000'}


class VfSettingsTest(base.SriovServersTest):

    def setUp(self):
        super().setUp()
        self.domains = self.domain_xml()

    def settings(self):
        """:returns: list of what the PF's driver says of each VF"""
        return [self.vfs.of(PF)[number] for number in range(2)]

    def changed(self, new):
        """:returns: what the one VF that changed has now"""
        found, = [now for was, now in zip(new, self.settings(), strict=True)
                  if was != now]
        return found

    def boot_port(self, flavor=None, **binding):
        """:returns: tuple (server, MAC of its port)"""
        port = self.create_port(**binding)
        mac = self.neutron.show_port(port)['port']['mac_address']
        options = {} if flavor is None else {
            'flavor_id': self._create_flavor(extra_spec=flavor)}
        return self.boot(port, **options), mac

    def test_mac_and_vlan_behind_a_macvtap(self):
        self.start_host()
        new = self.settings()
        server, mac = self.boot_port(vnic_type='macvtap')
        plugged = self.changed(new)
        assert (plugged['mac'], plugged['vlan']['vlan']) == (mac, 42)
        self._reboot_server(server, hard=True)
        assert self.changed(new) == plugged
        self._delete_server(server)
        assert self.settings() == new

    def test_guids_of_an_infiniband_port(self):
        self.start_host(infiniband=True)
        new = self.settings()
        server, mac = self.boot_port(vif_type='ib_hostdev')
        plugged = self.changed(new)
        expected = f'{mac[:8]}:00:00:{mac[9:]}'
        assert [plugged[name] for name in GUIDS] == [expected] * 2
        assert self.domains[-1].findall('./devices/hostdev')
        self._delete_server(server)
        assert self.settings() == new

    def test_rates_of_a_flavor(self):
        self.start_host()
        new = self.settings()
        server, _ = self.boot_port(LIMITS)
        assert self.changed(new)['rate'] == {
            'min_tx_rate': 100, 'max_tx_rate': 1000}
        assert not self.domains[-1].findall('.//bandwidth')
        self.restart_compute_service('compute1')
        assert self.changed(new)['rate']['max_tx_rate'] == 1000
        self._delete_server(server)
        assert self.settings() == new


class RefusedTest(base.SriovServersTest):

    def test_another_host_is_tried(self):
        """And the log says why: the PF here is without a netdev."""
        self.start_host()
        self.stub_out('os_vif_vflag.host.host.Host.uplink', lambda host,
                      pf: None)
        log = self.useFixture(base.log_of('nova.compute.manager', 'ERROR'))
        port = self.create_port(vnic_type='macvtap')
        server = self.boot(port, expected_state='ERROR')
        assert 'Exhausted all hosts' in server['fault']['message']
        assert f'Port {port} could not be plugged into VF 0000:81:00.' in (
            log.output)
        assert 'PF 0000:81:00.0' in log.output
        assert 'has no network device' in log.output
