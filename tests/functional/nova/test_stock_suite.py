"""Nova's own tests of SR-IOV servers, with this project's driver.

Those that take the VIF driver's paths: attach, detach, migrate, evacuate.
"""

from nova.tests.functional.libvirt import test_pci_sriov_servers as stock

from tests.functional.nova import base
from tests.sim import card


class WithOurDriver:

    def setUp(self):
        super().setUp()
        # The libvirt of Nova's fixtures sends no event when a device is
        # gone; Nova waits this long for it.
        self.flags(device_detach_timeout=1, group='libvirt')

    def _setup_compute_service(self):
        super()._setup_compute_service()
        self.flags(compute_driver='sriov_ext.SriovLibvirtDriver')

    def start_compute(self, *args, **kwargs):
        # For macvtap ports, of which plug sets the VF.
        base.simulate(self, card.Card(pfs=(card.Pf(
            '0000:81:00.0', 'enp129s0f0np0', mode='legacy'),)))
        hostname = super().start_compute(*args, **kwargs)
        driver = self.computes[hostname].driver
        assert type(driver.vif_driver).__name__ == 'SriovVIFDriver'
        return hostname

    def run(self, result=None):
        # After a run testtools puts the attributes back to what they were
        # before; pytest set one itself and wants to drop that one.
        outcome = super().run(result)
        setattr(self, self._testMethodName, None)
        return outcome


def only(*names):
    """Class decorator: of the inherited tests, run these."""
    def choose(cls):
        inherited = {name for name in dir(cls) if name.startswith('test_')}
        assert inherited.issuperset(names), set(names) - inherited
        for name in inherited.difference(names):
            setattr(cls, name, None)
        return cls
    return choose


@only('test_cold_migrate_and_rever_server_with_neutron',
      'test_evacuate_server_with_neutron',
      'test_live_migrate_server_with_neutron')
class ServersTest(WithOurDriver, stock.SRIOVServersTest):
    pass


@only('test_detach_macvtap', 'test_detach_direct_physical')
class AttachDetachTest(WithOurDriver, stock.SRIOVAttachDetachTest):
    pass


@only('test_detach_interface', 'test_live_migrate')
class VdpaTest(WithOurDriver, stock.VDPAServersTest):
    pass
