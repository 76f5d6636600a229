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

"""A cloud in one process whose computes run this project's driver."""

import json
import re

import fixtures
from lxml import etree
from nova import context
from nova import exception
from nova import objects
from nova.compute import utils
from nova.pci import manager
from nova.tests.fixtures import libvirt as fakelibvirt
from nova.tests.functional.libvirt import base
from os_vif import exception as osv_exception
from oslo_utils import uuidutils

from nova_sriov_ext.report import capacity
from nova_sriov_ext.claim import trial
from nova_sriov_ext.scheduler import host_records
from nova_sriov_ext.scheduler import no_candidates
from os_vif_vflag.host import host
from tests.functional.nova import database
from tests.sim import card
from tests.sim import iproute
from tests.sim import netlink
from tests.sim import sysfs

FILTER = 'nova_sriov_ext.scheduler.filters.SriovCapacityFilter'
PHYSNET = 'physnet4'

# Nova's libvirt fixture writes a VF so, which neither libvirt nor Nova reads.
_SOURCE = re.compile(r"<source hostdev='pci_(\w{4})_(\w\w)_(\w\w)_(\w)'/>")
_AS_LIBVIRT = (r"<source><address type='pci' domain='0x\1' bus='0x\2' "
               r"slot='0x\3' function='0x\4'/></source>")


class SriovServersTest(base.ServersTestBase):
    """One or more computes with a card of one PF and two VFs on PHYSNET."""

    ADMIN_API = True
    microversion = 'latest'

    # Enabled exactly as an operator does.
    AVAILABLE_FILTERS = ['nova.scheduler.filters.all_filters', FILTER]
    ADDITIONAL_FILTERS = ['SriovCapacityFilter']
    COMPUTE_DRIVER = 'sriov_ext.SriovLibvirtDriver'
    NEUTRON = base.LibvirtNeutronFixture

    def setUp(self):
        self.flags(
            device_spec=[json.dumps({
                'vendor_id': fakelibvirt.PCI_VEND_ID,
                'product_id': fakelibvirt.VF_PROD_ID,
                'physical_network': PHYSNET})],
            group='pci')
        self.useFixture(database.KeptConnections())
        super().setUp()
        self.neutron = self.useFixture(self.NEUTRON(self))

    def run(self, result=None):
        # After a run testtools puts the attributes back to what they were
        # before; pytest set one itself and wants to drop that one.
        outcome = super().run(result)
        setattr(self, self._testMethodName, None)
        return outcome

    def _setup_compute_service(self):
        self.flags(compute_driver=self.COMPUTE_DRIVER)

    def _setup_scheduler_service(self):
        # Put back after the test what the filter replaces.
        self.useFixture(fixtures.MonkeyPatch(
            'nova.scheduler.host_manager.HostState', host_records.STOCK))
        self.useFixture(fixtures.MonkeyPatch(
            'nova.scheduler.manager.SchedulerManager.select_destinations',
            no_candidates.STOCK))
        self.flags(available_filters=self.AVAILABLE_FILTERS,
                   group='filter_scheduler')
        return super()._setup_scheduler_service()

    def start_host(self, hostname='compute1', num_vfs=2, mode='legacy',
                   more_modes=(), **pf):
        """Start a compute with a card of num_vfs VFs; `more_modes` are those
        of more cards with as many VFs each.

        :param pf: more of tests.sim.card.Pf
        """
        # The PFs where Nova's HostPCIDevicesInfo puts them.
        modes = (mode, *more_modes)
        self.vfs = simulate(self, *(
            card.Card(switch_id=f'e41d2d0300a1b2c{slot}', pfs=(card.Pf(
                f'0000:81:0{slot}.0', f'enp129s{slot}f0np0', mode=mode,
                vfs=num_vfs, **pf),))
            for slot, mode in enumerate(modes)))
        return self.start_compute(
            hostname=hostname,
            pci_info=fakelibvirt.HostPCIDevicesInfo(
                num_pfs=len(modes), num_vfs=num_vfs * len(modes)))

    def create_port(self, number=1, network=None, **binding):
        """Create one of Neutron's fixture ports on PHYSNET.

        :param number: 1 to 3
        :param network: one of Neutron's fixture, to have it there instead
        :param binding: values of ``binding:<key>``
        :returns: its id
        """
        port = dict(getattr(self.neutron, f'network_4_port_{number}'))
        if network:
            port |= {'network_id': network['id'], 'fixed_ips': [
                {'ip_address': f'192.168.2.{number + 10}',
                 'subnet_id': network['subnets'][0]['id']}]}
        # The fixture's are multicast.
        port['mac_address'] = f'fa:16:3e:00:04:{number:02x}'
        port.update({f'binding:{key}': value
                     for key, value in binding.items()})
        self.neutron.create_port({'port': port})
        return port['id']

    def _create_flavor(self, id=None, **kwargs):
        # A server without a flavor of its own gets the first by id; one that
        # the API makes up may be it.
        return super()._create_flavor(
            id or f'z{uuidutils.generate_uuid()}', **kwargs)

    def boot(self, *ports, expected_state='ACTIVE', **kwargs):
        return self._create_server(
            networks=[{'port': port} for port in ports],
            expected_state=expected_state, **kwargs)

    def boot_port(self, number=1, **binding):
        """:returns: tuple (server, id of its port, address of its VF)"""
        port = self.create_port(number, **binding)
        server = self.boot(port)
        device, = self.record(server).pci_devices
        return server, port, device.address

    @staticmethod
    def record(server):
        """:returns: objects.Instance"""
        return objects.Instance.get_by_uuid(
            context.get_admin_context(), server['id'],
            expected_attrs=['pci_devices', 'info_cache'])

    def assign(self):
        """Computes that start from now on have this project's claim."""
        self.flags(claim_policy='assign', group='sriov')
        # Put back after the test what the driver replaces.
        for name, value in _STOCK.items():
            self.useFixture(fixtures.MonkeyPatch(name, value))

    def interfaces(self, hostname='compute1'):
        """:returns: list of ``<interface>`` elements that libvirt was given"""
        connection = self.computes[hostname].driver._host.get_connection()
        return [interface for domain in connection._vms.values()
                for interface in etree.fromstring(domain.XMLDesc(0))
                .findall('./devices/interface')]

    def write_sources_as_libvirt(self):
        """Nova finds no VF to detach in what its fixture writes."""
        written = fakelibvirt.Domain.XMLDesc
        self.stub_out(
            'nova.tests.fixtures.libvirt.Domain.XMLDesc',
            lambda domain, flags: _SOURCE.sub(
                _AS_LIBVIRT, written(domain, flags)))

    def domain_xml(self):
        """Collect what the driver hands to libvirt from now on.

        :returns: list that grows by one parsed domain per guest created
        """
        from nova.virt.libvirt import guest
        created, create = [], guest.Guest.create.__func__

        def spy(cls, xml, host):
            created.append(etree.fromstring(xml))
            return create(cls, xml, host)

        self.stub_out('nova.virt.libvirt.guest.Guest.create',
                      classmethod(spy))
        return created

    def capacity(self, hostname='compute1'):
        """:returns: list of capacity.Capacity, from Nova's database"""
        node = objects.ComputeNode.get_by_nodename(
            context.get_admin_context(), hostname)
        return capacity.of_host(
            node.stats,
            [pool.to_dict() for pool in node.pci_device_pools or ()])


def simulate(test, *cards):
    """Give the drivers of computes that start from now on a host.

    :param test: whose fixtures undo it
    :param cards: of tests.sim.card.Card; Nova's HostPCIDevicesInfo puts its
        first PF at 0000:81:00.0
    :returns: tests.sim.vfs.Vfs
    """
    sys = sysfs.Sysfs(test.useFixture(fixtures.TempDir()).path, *cards)
    test.sysfs = sys
    vfs, replaced = iproute.patches(sys)
    replaced |= {
        'nova_sriov_ext.virt.libvirt.driver.Host':
            lambda: host.Host(str(sys.root)),
        'nova_sriov_ext.virt.libvirt.vif.Host':
            lambda: host.Host(str(sys.root), netlink.Netlink(sys))}
    for name, value in replaced.items():
        test.useFixture(fixtures.MonkeyPatch(name, value))
    return vfs


# What a driver replaces whose claim is this project's.
_STOCK = {'nova.compute.claims.Claim._claim_test': trial.STOCK,
          'nova.pci.manager.PciDevTracker': manager.PciDevTracker,
          'nova.compute.utils.update_pci_request_with_placement_allocations':
          utils.update_pci_request_with_placement_allocations}


def log_of(name, level):
    """:returns: a fixture that collects a logger's lines in ``output``"""
    return fixtures.FakeLogger(name=name, level=level)


def canonical(element):
    """:returns: bytes, canonical XML of an lxml element"""
    return etree.tostring(element, method='c14n', with_tail=False)


def plug_that_fails_once(check):
    """:param check: function (instance, os-vif VIF), called at each plug
    :returns: tuple (list that gets the name of the host where it failed,
        function for through_os_vif)
    """
    failed = []

    def plug(driver, instance, vif):
        check(instance, vif)
        if not failed:
            failed.append(instance.host)
            raise osv_exception.PlugException(vif=vif, err='no eswitch')
    return failed, plug


def through_os_vif(plug):
    """Nova's ``_plug_os_vif`` with another ``os_vif.plug`` below it.

    Nova's LibvirtFixture stubs ``_plug_os_vif`` away, and with it how Nova
    turns an error of os-vif into its own.

    :param plug: function (driver, instance, os-vif VIF)
    """
    def stub(driver, instance, vif):
        try:
            plug(driver, instance, vif)
        except osv_exception.ExceptionBase as e:
            raise exception.InternalError(f'Failure: {e}')  # noqa: B904
    return stub
