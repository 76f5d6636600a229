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

"""Ports on networks without a physnet: tunnelled ones, the usual offload."""

import json
import logging

import nova.conf
from nova.tests.fixtures import libvirt as fakelibvirt

from nova_sriov_ext import conf
from nova_sriov_ext.placement import names
from tests.functional.nova import base
from tests.functional.nova import placement
from tests.sim import card

# A test says what it wants before the driver is loaded.
conf.register(nova.conf.CONF)

VF = {'vendor_id': fakelibvirt.PCI_VEND_ID,
      'product_id': fakelibvirt.VF_PROD_ID}


class Tunnelled:
    """Every VF is for tunnelled networks, unless a test says other."""

    def setUp(self):
        super().setUp()
        self.spec(VF | {'physical_network': None})
        self.log = self.useFixture(
            base.log_of('nova_sriov_ext', logging.INFO))

    def spec(self, *specs):
        self.flags(device_spec=list(map(json.dumps, specs)), group='pci')

    def create_port(self, number=1, **binding):
        return super().create_port(number, self.neutron.network_3,
                                   **{'vif_type': 'ovs', **binding})

    def rows(self, hostname='compute1'):
        """:returns: list of tuples, as "nova-sriov capacity list" has them"""
        return [(c.physnet, c.mode, c.total, c.used, c.free)
                for c in self.capacity(hostname)]

    def refused(self, *ports, **kwargs):
        """:returns: what the log says of it"""
        server = self.boot(*ports, expected_state='ERROR', **kwargs)
        assert 'No valid host' in server['fault']['message']
        return self.log.output


class TunnelledTest(Tunnelled, base.SriovServersTest):

    def test_a_host_is_reported_and_chosen(self):
        self.start_host('compute1', num_vfs=4, mode='legacy')
        self.start_host('compute2', num_vfs=1, mode='switchdev')
        assert self.rows('compute1') == [(None, 'legacy', 4, 0, 4)]
        server = self.boot(self.create_port(1))
        assert server['OS-EXT-SRV-ATTR:host'] == 'compute2'
        # What a claim writes is in the pools as Nova's database has them.
        assert self.rows('compute2') == [(None, 'switchdev', 1, 1, 0)]
        assert ('wrong_mode on 1 host(s), e.g. compute1: tunnelled networks: '
                '1 VF requested, none free of 4; 4 more are legacy, '
                'switchdev requested') in self.refused(self.create_port(2))

    def test_a_reserve(self):
        self.flags(vf_reserve={'null': '50%'}, group='sriov')
        self.start_host(num_vfs=2, mode='switchdev')
        self.boot(self.create_port(1))
        assert ('reserved on 1 host(s), e.g. compute1: tunnelled networks: '
                '1 VF requested, 1 free of 2, 1 reserved') in self.refused(
                    self.create_port(2))
        lifting = self._create_flavor(
            extra_spec={'sriov:ignore_reserve': 'true'})
        self.boot(self.create_port(3), flavor_id=lifting)

    def test_vfs_without_the_tag(self):
        """Nova gives them, too; they count for no network."""
        self.spec(VF)
        self.start_host('compute1', mode='legacy')
        self.start_host('compute2', mode='switchdev')
        assert self.rows('compute1') == self.rows('compute2') == []
        server = self.boot(self.create_port(1))
        assert server['OS-EXT-SRV-ATTR:host'] == 'compute2'

    def test_switches_that_tunnel(self):
        self.flags(tunnelled_port_mode='plain', group='sriov')
        self.start_host(mode='legacy')
        self.boot(self.create_port(1))
        assert 'legacy, switchdev requested' in self.refused(self.create_port(
            2, profile={'capabilities': ['switchdev']}))


class LagTest(Tunnelled, base.SriovServersTest):

    def _setup_scheduler_service(self):
        # Free RAM and CPUs would spread the servers.
        self.flags(weight_classes=[
            'nova_sriov_ext.scheduler.weights.all_weighers'],
            group='filter_scheduler')
        return super()._setup_scheduler_service()

    def start_bonded_host(self, hostname):
        pfs = (card.Pf('0000:81:00.0', 'enp129s0np0', vfs=1),
               card.Pf('0000:81:01.0', 'enp129s1np1', vfs=1))
        self.vfs = base.simulate(self, card.Card(pfs, bond=card.Bond(
            'bond0', 'balance-rr', tuple(pf.netdev for pf in pfs))))
        self.start_compute(
            hostname=hostname, pci_info=fakelibvirt.HostPCIDevicesInfo(
                num_pfs=2, num_vfs=2))

    def test_a_bond_that_is_not_offloaded(self):
        self.start_bonded_host('compute1')
        healthy = self._create_flavor(
            extra_spec={'sriov:lag_policy': 'reject'})
        assert ('unhealthy_lag on 1 host(s), e.g. compute1: tunnelled '
                'networks: 1 VF requested, none free of 2; 2 more are on a '
                'PF whose LAG is inactive') in self.refused(
                    self.create_port(1), flavor_id=healthy)
        self.start_host('compute2', num_vfs=4, mode='switchdev')
        # Few free VFs come first, but for the LAG.
        server = self.boot(self.create_port(2))
        assert server['OS-EXT-SRV-ATTR:host'] == 'compute2'


class AssigningTest(Tunnelled, base.SriovServersTest):
    """A legacy and a switchdev card on a host whose claim assigns."""

    def setUp(self):
        super().setUp()
        self.assign()

    def slot(self, port):
        bound = self.neutron.show_port(port)['port']
        return bound['binding:profile']['pci_slot']

    def test_the_port_gets_the_switchdev_vf(self):
        self.start_host(num_vfs=1, more_modes=('switchdev',))
        assert self.rows() == [(None, 'legacy', 1, 0, 1),
                               (None, 'switchdev', 1, 0, 1)]
        port = self.create_port(1)
        self.boot(port)
        assert self.slot(port).startswith('0000:81:01.')
        assert 'wrong_mode' in self.refused(self.create_port(2))
        # Past the filters, the claim refuses.
        self.boot(self.create_port(3), az='nova:compute1',
                  expected_state='ERROR')
        assert self.rows() == [(None, 'legacy', 1, 0, 1),
                               (None, 'switchdev', 1, 1, 0)]


class PlacementTest(Tunnelled, placement.PlacementTest):

    VF_CLASS = names.vf_class(None)

    def counted(self):
        return self.numbers(vf_class=self.VF_CLASS)

    def test_claimed_there(self):
        self.start_host(num_vfs=2, mode='switchdev')
        assert self.physnet_traits() == {names.physnet_trait(self.VF_CLASS)}
        server = self.boot(self.create_port(1))
        assert self.counted() == placement.Numbers(2, reserved=0, used=1)
        self.boot(self.create_port(2), az='nova:compute1')
        assert self.counted() == placement.Numbers(2, reserved=1, used=1)
        self._delete_server(server)
        assert self.counted() == placement.Numbers(2, reserved=1, used=0)
        self.switch(False, 'compute1')
        self.update()
        status, out, _ = self.nova_sriov(
            'placement', 'purge', '--host', 'compute1', '-f', 'value')
        assert (status, out) == (
            0, f'compute1 {names.mode_class("switchdev", None)} 0 0 removed\n'
            f'compute1 {self.VF_CLASS} 0 0 removed\n')
        assert self.physnet_traits() == set()

    def test_vfs_without_the_tag_are_not_there(self):
        self.spec(VF)
        self.start_host(num_vfs=2, mode='switchdev')
        self.boot(self.create_port(1))
        assert self.VF_CLASS not in self.inventories()
