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

"""What a port requested survives its binds: moves, release, reuse.

Nova's fixtures bind nothing and know no features of VFs; here both are as in
a real cloud, so Nova overwrites what people wrote.
"""

import fixtures
import nova.conf
from nova.tests.fixtures import libvirt as fakelibvirt
from nova.tests.functional.api import client
from nova.tests.functional.libvirt import base as libvirt_base
import pytest

from nova_sriov_ext import conf
from tests.functional.nova import base
from tests.functional.nova import neutron
from tests.sim import card

# A test says what it wants before the driver is loaded.
conf.register(nova.conf.CONF)

FEATURES = ['rx', 'tx', 'sg', 'tso', 'gso', 'gro', 'rxvlan', 'txvlan']
FIRST_BUS = 0x81

LEGACY, SWITCHDEV = 'legacy', 'switchdev'
MIXED = (LEGACY, SWITCHDEV)


class Cloud(libvirt_base.LibvirtMigrationMixin, base.SriovServersTest):
    """Computes whose cards, of two VFs each, have the modes of HOSTS."""

    NEUTRON = neutron.BindingNeutron
    HOSTS = {}

    def setUp(self):
        super().setUp()
        self.assign()
        # The fixture's servers have no disk to copy.
        self.useFixture(fixtures.MockPatch(
            'nova.virt.libvirt.driver.LibvirtDriver'
            '.migrate_disk_and_power_off', return_value='{}'))
        self.stub_out('nova.virt.libvirt.host.Host._get_pcinet_info',
                      self.features)
        buses = dict(enumerate(self.HOSTS.items(), FIRST_BUS))
        self.modes = {(bus, slot): mode for bus, (_, modes) in buses.items()
                      for slot, mode in enumerate(modes)}
        # One tree for all hosts: each sees what is on its own bus.
        base.simulate(self, *(
            card.Card(switch_id=f'e41d2d0300a1{bus:02x}{slot:02x}',
                      pfs=(card.Pf(f'0000:{bus:02x}:0{slot}.0',
                                   f'enp{bus}s{slot}f0np0', mode=mode,
                                   vfs=2),))
            for (bus, slot), mode in self.modes.items()))
        for bus, (hostname, modes) in buses.items():
            self.start_compute(
                hostname=hostname, pci_info=fakelibvirt.HostPCIDevicesInfo(
                    num_pfs=len(modes), num_vfs=2 * len(modes), bus=bus))

    def features(self, host, dev, net_devs):
        """As libvirt has them of a VF with a netdev."""
        bus, slot = (int(part, 16) for part in dev.name().split('_')[2:4])
        return FEATURES + [SWITCHDEV] * (self.modes[bus, slot] == SWITCHDEV)

    def profile(self, port):
        return self.neutron.show_port(port)['port']['binding:profile']

    def where(self, server, port):
        """:returns: (host, mode of the VF, Neutron's vif_type)"""
        found = self.neutron.show_port(port)['port']
        bus, slot = (int(part, 16) for part in found['binding:profile'][
            'pci_slot'].replace('.', ':').split(':')[1:3])
        server = self.api.get_server(server['id'])
        assert server['OS-EXT-SRV-ATTR:host'] == found['binding:host_id']
        return (found['binding:host_id'], self.modes[bus, slot],
                found['binding:vif_type'])

    def migrate(self, server):
        self._migrate_server(server)
        self._wait_for_state_change(server, 'VERIFY_RESIZE')

    def switch_off(self, hostname):
        self.computes[hostname].stop()
        self.set_service(hostname, forced_down=True)

    def set_service(self, hostname, **what):
        self.api.put_service(self.api.get_services(
            host=hostname, binary='nova-compute')[0]['id'], what)


class RequestedTest(Cloud):
    """Two mixed hosts, and one that is legacy only."""

    HOSTS = {'compute1': MIXED, 'compute2': MIXED, 'compute3': (LEGACY,)}

    def assert_switchdev_for_life(self, port):
        server = self.boot(port, host='compute1')
        on = {number: (f'compute{number}', SWITCHDEV, 'ovs')
              for number in (1, 2)}
        assert self.where(server, port) == on[1]
        # The trap: what a person wrote is gone.
        assert self.profile(port)['capabilities'] == [*FEATURES, SWITCHDEV]

        self.migrate(server)
        assert self.where(server, port) == on[2]
        self._revert_resize(server)
        assert self.where(server, port) == on[1]
        self.migrate(server)
        self._confirm_resize(server)
        assert self.where(server, port) == on[2]

        self.set_service('compute1', status='disabled')
        with pytest.raises(client.OpenStackApiException, match='NoValidHost'):
            self._migrate_server(server)
        self.set_service('compute1', status='enabled')

        server = self._shelve_server(server)
        assert 'pci_slot' not in self.profile(port)
        server = self._unshelve_server(server)
        here = self.where(server, port)
        assert here in on.values()

        self.switch_off(here[0])
        server = self._evacuate_server(server)
        assert self.where(server, port)[1:] == (SWITCHDEV, 'ovs')

    def test_by_capabilities(self):
        self.assert_switchdev_for_life(self.create_port(
            profile={'capabilities': [SWITCHDEV]}))

    def test_by_the_word(self):
        """Refused with nothing but a legacy host; moved while it runs."""
        port = self.create_port(profile={'capabilities': SWITCHDEV})
        for hostname in ('compute1', 'compute2'):
            self.set_service(hostname, status='disabled')
        server = self.boot(port, expected_state='ERROR')
        assert 'No valid host' in server['fault']['message']
        self._delete_server(server)
        self.set_service('compute2', status='enabled')
        server = self.boot(port)
        assert self.where(server, port) == ('compute2', SWITCHDEV, 'ovs')
        self.set_service('compute1', status='enabled')
        self.src, self.dest = (self.computes[f'compute{number}']
                               for number in (2, 1))
        self.server = server
        self._live_migrate(server)
        assert self.where(server, port) == ('compute1', SWITCHDEV, 'ovs')


class OlderTest(Cloud):
    """A server from before the extension, where all hosts are switchdev and
    other ports shall have legacy VFs."""

    HOSTS = {'compute1': (SWITCHDEV,), 'compute2': (SWITCHDEV,)}

    def test_its_port_moves_and_is_used_again(self):
        port = self.create_port(1)
        server = self.boot(port, host='compute1')
        self.flags(plain_port_mode='legacy', group='sriov')
        refused = self.boot(self.create_port(2), expected_state='ERROR')
        assert 'No valid host' in refused['fault']['message']

        server = self._unshelve_server(self._shelve_server(server))
        self.migrate(server)
        assert self.where(server, port)[1:] == (SWITCHDEV, 'ovs')
        self._delete_server(server)
        server = self.boot(port)
        here = self.where(server, port)
        assert here[1:] == (SWITCHDEV, 'ovs')
        self.switch_off(here[0])
        server = self._evacuate_server(server)
        assert self.where(server, port)[1:] == (SWITCHDEV, 'ovs')


class ReleasedTest(Cloud):
    """What a released port had last is preferred, and no more."""

    HOSTS = {'compute1': MIXED}

    def test_first_what_it_had(self):
        had = self.create_port(1, profile={'capabilities': [SWITCHDEV]})
        plain = [self.create_port(number) for number in (2, 3)]
        self._delete_server(self.boot(had))
        assert self.profile(had)['capabilities'] == [*FEATURES, SWITCHDEV]
        server = self.boot(had)
        assert self.where(server, had)[1:] == (SWITCHDEV, 'ovs')
        self._delete_server(server)
        # The VFs in switchdev mode go to others.
        for port in plain:
            self.neutron.update_port(
                port, {'port': {'binding:profile': {
                    'capabilities': [SWITCHDEV]}}})
        others = self.boot(*plain)
        assert [self.where(others, port)[1] for port in plain] == [
            SWITCHDEV] * 2
        server = self.boot(had)
        assert self.where(server, had)[1:] == (LEGACY, 'hw_veb')
