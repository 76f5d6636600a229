"""Hands Nova's tests to the loader, after putting this project in place."""

import fixtures
from nova import exception
from nova.pci import utils
from nova.tests.functional.libvirt import base
from nova.tests.functional.libvirt import test_pci_in_placement
from nova.tests.functional.libvirt import test_pci_sriov_servers

from nova_sriov_ext.claim import tracker
from nova_sriov_ext.scheduler.filters import SriovCapacityFilter
from nova_sriov_ext.virt.libvirt import driver
from os_vif_vflag import host
from tests.functional.nova.base import simulate
from tests.lab import paste
from tests.sim import card
from tests.sim import netlink

FILTER = 'nova_sriov_ext.scheduler.filters.SriovCapacityFilter'

paste.link()


class _Host(host.Host):

    def netdev(self, address):
        """Nova's tests say in a function of Nova where one is missing."""
        try:
            utils.get_ifname_by_pci_address(address)
        except exception.PciDeviceNotFoundById:
            return None
        return super().netdev(address)


def _setup_compute_service(test):
    test.flags(compute_driver='sriov_ext.SriovLibvirtDriver')
    test.flags(claim_policy='assign', group='sriov')
    test.addCleanup(_check_that_it_was_ours, test)
    # Plug sets the VF of a macvtap port.
    simulate(test, card.Card(pfs=(
        card.Pf('0000:81:00.0', 'enp129s0f0np0', mode='legacy'),)))
    test.useFixture(fixtures.MonkeyPatch(
        'nova_sriov_ext.virt.libvirt.vif.Host', lambda: _Host(
            str(test.sysfs.root), netlink.Netlink(test.sysfs))))
    # Else Nova's tests simulate devices in libvirt, none in sysfs, and forbid
    # to look there.
    nothing = test.useFixture(fixtures.TempDir()).path
    test.useFixture(fixtures.MonkeyPatch(
        'nova_sriov_ext.virt.libvirt.driver.Host',
        lambda: host.Host(nothing)))


def _check_that_it_was_ours(test):
    filters = test.scheduler.manager.host_manager.enabled_filters
    assert any(isinstance(one, SriovCapacityFilter) for one in filters)
    for compute in test.computes.values():
        assert isinstance(compute.driver, driver.SriovLibvirtDriver)
        assert isinstance(compute.manager.rt.pci_tracker,
                          tracker.AssigningTracker)


def _setup_scheduler_service(test):
    stock = base.CONF.filter_scheduler
    test.flags(
        available_filters=['nova.scheduler.filters.all_filters', FILTER],
        enabled_filters=[*stock.enabled_filters, *test.ADDITIONAL_FILTERS,
                         'SriovCapacityFilter'],
        group='filter_scheduler')
    return test.start_service('scheduler')


# The two methods by which Nova's tests choose driver and filters.
base.ServersTestBase._setup_compute_service = _setup_compute_service
base.ServersTestBase._setup_scheduler_service = _setup_scheduler_service


def load_tests(loader, tests, pattern):
    for module in (test_pci_sriov_servers, test_pci_in_placement):
        tests.addTests(loader.loadTestsFromModule(module))
    return tests
