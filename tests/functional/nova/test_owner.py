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

"""A cache that names another host's VF: at home it is a neighbour's."""

import json
import logging

from nova.tests.fixtures import libvirt as fakelibvirt

from tests.functional.nova import base
from tests.functional.nova import switch

UPLINK = 'enp129s0f0np0'


class OwnerTest(base.SriovServersTest):

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(base.log_of(
            'nova_sriov_ext.virt', logging.INFO))

    def mislead(self, server, port, slot):
        """The source of a live migration has died when the binding of the
        destination was active already."""
        profile = self.neutron.show_port(port)['port']['binding:profile']
        self.neutron.update_port(port, {'port': {
            'binding:profile': {**profile, 'pci_slot': slot}}})
        cache = self.record(server).info_cache
        vif, = network_info = cache.network_info
        vif['profile'] = {**vif['profile'], 'pci_slot': slot}
        cache.network_info = network_info
        cache.save()

    def test_representors_of_others_stay_plugged(self):
        self.start_host(mode='switchdev', num_vfs=3)
        host = self.useFixture(switch.Switch(self.sysfs, self.vfs))
        (one, port, own), (two, other, taken) = (
            self.boot_port(number, vif_type='ovs') for number in (1, 2))
        free, = {f'0000:81:00.{number}' for number in (1, 2, 3)} - {
            own, taken}
        before = host.ovs.dump()
        for slot, whose in ((taken, f'server {two["id"]} has it'),
                            (free, f'this port has {own}')):
            self.mislead(one, port, slot)
            self.restart_compute_service('compute1')
            self._run_periodics()
            assert host.ovs.dump() == before
            assert self.record(one).vm_state == 'active'
            assert self.log.output.count(f'VF {slot}') == 1
            assert whose in self.log.output
        self.mislead(one, port, taken)
        self._delete_server(one)
        assert list(host.iface_ids().values()) == [other]
        self.mislead(two, other, own)
        self._delete_server(two)
        assert host.iface_ids() == {}

    def test_settings_of_others_vfs_stay(self):
        self.flags(device_spec=[json.dumps({
            'vendor_id': fakelibvirt.PCI_VEND_ID,
            'product_id': fakelibvirt.VF_PROD_ID,
            'physical_network': base.PHYSNET, 'trusted': 'true'})],
            group='pci')
        self.start_host(num_vfs=2)
        one, port, own = self.boot_port(1, profile={'trusted': 'true'})
        two, _, taken = self.boot_port(2, profile={'trusted': 'true'})
        before = self.vfs.of(UPLINK)
        assert [vf['trust'] for vf in before.values()] == [1, 1]
        self.mislead(one, port, taken)
        self._delete_server(one)
        assert self.vfs.of(UPLINK) == before
        assert self.log.output.count(
            f'Port {port}: its binding names VF {taken}, but by Nova\'s '
            f'record of this host server {two["id"]} has it') == 1
