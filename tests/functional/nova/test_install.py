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

"""Installed where servers run, and taken away again: nothing changes."""

import contextlib
import json

from nova.tests.fixtures import libvirt as fakelibvirt

from nova_sriov_ext.claim import tracker
from tests.functional.nova import base
from tests.functional.nova import switch

UPLINK = 'enp129s0f0np0'
STOCK, OURS = 'libvirt.LibvirtDriver', 'sriov_ext.SriovLibvirtDriver'
# What stock Nova ignores for such a port, and what no card could do.
LIMITS = {'quota:vif_outbound_average': '12500',
          'quota:vif_outbound_peak': '125000'}
SENSELESS = {'quota:vif_outbound_average': '12500',
             'quota:vif_outbound_peak': '1250'}
AGENTS = {'rate': {'min_tx_rate': 0, 'max_tx_rate': 7}}


class InstallTest(base.SriovServersTest):

    AVAILABLE_FILTERS = ['nova.scheduler.filters.all_filters']
    ADDITIONAL_FILTERS = ['PciPassthroughFilter']
    COMPUTE_DRIVER = STOCK

    def setUp(self):
        super().setUp()
        self.flags(device_spec=[json.dumps({
            'vendor_id': fakelibvirt.PCI_VEND_ID,
            'product_id': fakelibvirt.VF_PROD_ID,
            'physical_network': base.PHYSNET, 'trusted': 'true'})],
            group='pci')
        self.use_stock_claim()
        self.start_host(mode='switchdev', num_vfs=3)
        self.switch = self.useFixture(switch.Switch(self.sysfs, self.vfs))
        self.stub_out('nova.virt.libvirt.vif.set_vf_trusted', self.trust)
        self.stub_out('nova.virt.libvirt.vif.set_vf_interface_vlan',
                      self.set_vlan)

    def use_stock_claim(self):
        self.stub_out('nova.pci.manager.PciDevTracker',
                      tracker.AssigningTracker.__base__)

    # What stock Nova's functions of these names give ip

    def trust(self, slot, trusted):
        self.vfs.set(UPLINK, self.number(slot), {'trust': int(trusted)})

    def set_vlan(self, slot, mac_addr, vlan=0):
        number = self.number(slot)
        self.vfs.set(UPLINK, number, {
            'mac': mac_addr, 'vlan': {'vlan': int(vlan), 'qos': 0}})
        with contextlib.suppress(OSError):     # check_exit_code
            self.vfs.set_netdev(f'enp129s0f0v{number}', mac_addr,
                                'up' if int(vlan) else 'down')

    @staticmethod
    def number(slot):
        return int(slot[-1]) - 1

    def boot_port(self, number, flavor=None, **binding):
        options = {} if flavor is None else {
            'flavor_id': self._create_flavor(extra_spec=flavor)}
        server = self.boot(self.create_port(number, **binding), **options)
        device, = self.record(server).pci_devices
        return server, device.address

    def state(self, servers):
        """All that a user or an operator sees of the servers."""
        connection = self.computes['compute1'].driver._host.get_connection()
        return {
            'VFs': self.vfs.of(UPLINK),
            'netdevs': {link.name: self.vfs.netdev(link.name)
                        for link in self.sysfs.links()},
            'domains': {domain.UUIDString(): domain.XMLDesc(0)
                        for domain in connection._vms.values()},
            'Open vSwitch': self.switch.ovs.dump(),
            'servers': [self.api.get_server(server['id'])
                        for server in servers],
            'ports': [self.neutron.show_port(
                getattr(self.neutron, f'network_4_port_{number}')['id'])
                for number in (1, 2, 3)]}

    def test_all_is_as_it_was(self):
        trusted, slot = self.boot_port(
            1, LIMITS, profile={'trusted': 'true'})
        macvtap, _ = self.boot_port(2, vnic_type='macvtap')
        offloaded, vf = self.boot_port(3, SENSELESS, vif_type='ovs')
        servers = trusted, macvtap, offloaded
        # libvirt, Neutron's agents and OVN.
        self.vfs.set(UPLINK, self.number(slot), AGENTS)
        device = self.sysfs.representor(vf).name
        assert self.switch.iface_ids().keys() == {device}
        self.switch.ovs.vsctl(
            '--no-wait', 'set', 'Port', device, 'tag=7',
            'other_config:net_uuid=1', '--', 'set', 'Interface', device,
            'external_ids:ovn-installed=true')
        before = self.state(servers)
        for driver in (OURS, STOCK):
            self.flags(compute_driver=driver)
            self.COMPUTE_DRIVER = driver
            if driver == STOCK:
                self.use_stock_claim()
            self.restart_compute_service('compute1')
            assert type(self.computes['compute1'].driver).__name__ == (
                driver.rpartition('.')[2])
            self._run_periodics()
            after = self.state(servers)
            for part, was in before.items():
                assert (part, after[part]) == (part, was)
        for server in servers:
            self._delete_server(server)
        assert self.switch.iface_ids() == {}
        left = self.vfs.of(UPLINK)
        assert left.pop(self.number(slot))['rate'] == AGENTS['rate']
        assert {(vf['trust'], vf['mac']) for vf in left.values()} == {
            (0, '00:00:00:00:00:00')}
