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

"""The right VF on the host that the scheduler chose."""

import logging
from unittest import mock

import fixtures
import nova.conf
from nova import context
from nova import objects
from nova.pci import manager
from nova.tests.functional.api import client
from os_vif import exception as osv_exception
import pytest

from nova_sriov_ext import conf
from nova_sriov_ext.report import document
from nova_sriov_ext.claim import tracker
from os_vif_vflag.host import host
from tests.functional.nova import base

# A test says what it wants before the driver is loaded.
conf.register(nova.conf.CONF)


class AssigningTest(base.SriovServersTest):

    def setUp(self):
        super().setUp()
        self.assign()

    def pfs(self, *ports):
        """:returns: list of the slots of the PFs that the ports' VFs are
            of; the PF and its VFs share a slot here"""
        return [self.slot(port)[-2:] for port in ports]

    def slot(self, port):
        bound = self.neutron.show_port(port)['port']
        return bound['binding:profile']['pci_slot'].rpartition('.')[0]


class ReportTest(AssigningTest):

    def claim(self):
        node = objects.ComputeNode.get_by_nodename(
            context.get_admin_context(), 'compute1')
        return document.read(node.stats).claim

    def test_the_scheduler_is_told(self):
        self.start_host()
        assert self.claim() == 'assign'

    def test_with_another_nova_the_scheduler_is_told_nothing(self):
        class Other(manager.PciDevTracker):
            """Somebody else's."""

        self.useFixture(fixtures.MonkeyPatch(
            'nova.pci.manager.PciDevTracker', Other))
        log = self.useFixture(base.log_of('nova_sriov_ext', logging.ERROR))
        self.start_host()
        assert self.claim() is None
        assert "Nova's own PCI claim stays in place" in log.output
        self.boot(self.create_port(1))
        assert type(self.computes['compute1'].manager.rt.pci_tracker) is Other


class SpreadTest(AssigningTest):

    def setUp(self):
        super().setUp()
        self.flavor = self._create_flavor(
            extra_spec={'sriov:pf_policy': 'spread'})

    def test_two_ports_on_two_pfs(self):
        self.start_host(more_modes=('legacy',))
        ports = self.create_port(1), self.create_port(2)
        self.boot(*ports, flavor_id=self.flavor)
        assert set(self.pfs(*ports)) == {'00', '01'}

    def test_the_other_flavor_packs(self):
        self.start_host(more_modes=('legacy',))
        ports = self.create_port(1), self.create_port(2)
        self.boot(*ports)
        assert len(set(self.pfs(*ports))) == 1

    def test_two_vfs_of_one_pf_that_no_host_has(self):
        self.start_host()
        log = self.useFixture(base.log_of('nova_sriov_ext', logging.INFO))
        server = self.boot(self.create_port(1), self.create_port(2),
                           flavor_id=self.flavor, expected_state='ERROR')
        assert 'No valid host' in server['fault']['message']
        assert 'same_pf on 1 host(s), e.g. compute1: physnet4:' in log.output

    def test_impossible_on_a_host_that_is_forced(self):
        """The filter is not called; the claim refuses, and nothing is lost."""
        self.start_host()
        ports = self.create_port(1), self.create_port(2)
        server = self.boot(*ports, flavor_id=self.flavor, az='nova:compute1',
                           expected_state='ERROR')
        assert ('physnet4: 2 VFs requested from different PFs, they would '
                'come from 1' in server['fault']['message'])
        assert server['OS-EXT-SRV-ATTR:host'] is None
        self._run_periodics()
        assert [row.free for row in self.capacity()] == [2]
        self.boot(*ports, az='nova:compute1')

    def test_a_port_attached_later(self):
        self.start_host(more_modes=('legacy',))
        ports = self.create_port(1), self.create_port(2)
        server = self.boot(ports[0], flavor_id=self.flavor)
        self._attach_interface(server, ports[1])
        assert set(self.pfs(*ports)) == {'00', '01'}
        with pytest.raises(client.OpenStackApiException,
                           match='Failed to claim PCI device') as refused:
            self._attach_interface(server, self.create_port(3))
        assert refused.value.response.status_code == 400
        self._run_periodics()
        assert [row.free for row in self.capacity()] == [2]


class MixedModes:
    """A legacy and a switchdev card on one physnet of one host."""

    def test_the_port_that_asks_for_switchdev(self):
        self.start_host(more_modes=('switchdev',))
        root = str(self.sysfs.root)

        def plug(driver, instance, vif):
            this = host.Host(root)
            pf, number = this.vf(vif.dev_address)
            if not this.representors(pf).only(pf, number):
                raise osv_exception.PlugException(
                    vif=vif, err='no representor')

        port = self.create_port(vif_type='ovs', profile={
            'capabilities': ['switchdev']})
        with mock.patch('nova.virt.libvirt.vif.LibvirtGenericVIFDriver.'
                        '_plug_os_vif', base.through_os_vif(plug)):
            self.boot_and_check(port)


class MixedModesTest(MixedModes, AssigningTest):

    def boot_and_check(self, port):
        self.boot(port)
        assert self.pfs(port) == ['01']


class StockMixedModesTest(MixedModes, base.SriovServersTest):
    """The same with Nova alone."""

    ADDITIONAL_FILTERS = ['PciPassthroughFilter']
    COMPUTE_DRIVER = 'libvirt.LibvirtDriver'

    def boot_and_check(self, port):
        assert manager.PciDevTracker is tracker.AssigningTracker.__base__
        server = self.boot(port, expected_state='ERROR')
        assert ('Exceeded maximum number of retries'
                in server['fault']['message'])
