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

"""Puts this project in place of stock parts in whatever service a test of
Nova starts, and checks that it is there.

All of them are started by one fixture, whichever base class a test has.
"""

import collections
import contextlib
import importlib

import fixtures
from nova import exception
import nova.conf
from nova.pci import manager
from nova.pci import utils
from nova.scheduler.filters import pci_passthrough_filter
from nova.tests import fixtures as nova_fixtures
from nova.virt.libvirt import driver as libvirt_driver
from nova.virt.libvirt import host as libvirt_host

from nova_sriov_ext import claim
from nova_sriov_ext.claim import tracker
from nova_sriov_ext.scheduler import filters
from nova_sriov_ext.virt.libvirt import binding
from nova_sriov_ext.virt.libvirt import driver
from os_vif_vflag.host import host
from tests.functional.nova import database
from tests.functional.nova.base import FILTER
from tests.functional.nova.base import simulate
from tests.lab import paste
from tests.sim import card
from tests.sim import netlink

CONF = nova.conf.CONF

STOCK_FILTER = 'PciPassthroughFilter'
STOCK_DRIVER = 'libvirt.LibvirtDriver'
OUR_FILTER = 'SriovCapacityFilter'
OUR_DRIVER = 'sriov_ext.SriovLibvirtDriver'

_start = nova_fixtures.ServiceFixture.setUp
_filter_all = filters.SriovCapacityFilter.filter_all


def install():
    """From now on, for all tests of this process."""
    # The ports of Nova's fixtures have multicast MACs, which libvirt and we
    # refuse.
    binding._MULTICAST = 0
    paste.link()
    database.keep_connections()
    filters.SriovCapacityFilter.filter_all = _ring_and_filter_all
    nova_fixtures.ServiceFixture.setUp = _set_up
    # By its name, which `from` would take for the package nova.
    fixtures_of_nova = importlib.import_module('nova.tests.fixtures.nova')
    fixtures_of_nova.ReaderWriterLock = _Lock


class _Lock(nova_fixtures.ReaderWriterLock):
    """A test of NUMA live migration runs periodic tasks in a cell and waits
    for their thread, in which our driver reads the database without a cell,
    while the test waits to change the cell: for fasteners, nobody may read
    then, and none of the three goes on."""

    has_pending_writers = False


def _set_up(fixture):
    prepare, check = _SERVICES.get(fixture.kwargs['binary'],
                                   (_nothing, _nothing))
    with contextlib.ExitStack() as stack:
        surroundings = stack.enter_context(fixtures.Fixture())
        prepare(surroundings)
        _start(fixture)
        stack.push(lambda *_: fixture.cleanUp())
        check(fixture)
        stack.pop_all()
    fixture.addCleanup(surroundings.cleanUp)
    # What a test did to the service meanwhile.
    fixture.addCleanup(check, fixture)


def _nothing(fixture):
    pass


def _prepare_scheduler(_):
    stock = CONF.filter_scheduler
    enabled = [OUR_FILTER if name == STOCK_FILTER else name
               for name in stock.enabled_filters]
    # Nova's tests add to one list from test to test.
    CONF.set_override('enabled_filters',
                      list(dict.fromkeys([*enabled, OUR_FILTER])),
                      'filter_scheduler')
    CONF.set_override('available_filters',
                      list(dict.fromkeys([*stock.available_filters, FILTER])),
                      'filter_scheduler')


def _ring_and_filter_all(self, hosts, spec):
    """Nova's tests look whether the stock filter was called."""
    hosts = list(hosts)
    for one in hosts:
        with contextlib.suppress(Exception):
            pci_passthrough_filter.PciPassthroughFilter().host_passes(
                one, spec)
    return _filter_all(self, hosts, spec)


def _check_scheduler(fixture):
    enabled = [type(one).__name__ for one in
               fixture.service.manager.host_manager.enabled_filters]
    assert OUR_FILTER in enabled, enabled
    assert STOCK_FILTER not in enabled, enabled


def _prepare_compute(surroundings):
    CONF.set_override('claim_policy', 'assign', 'sriov')
    CONF.set_override('claim_in_placement', True, 'sriov')
    if CONF.compute_driver in (STOCK_DRIVER, OUR_DRIVER):
        CONF.set_override('compute_driver', OUR_DRIVER)
        _simulate(surroundings)
    # Nova's fake drivers do not.
    assert claim.install() == 'assign'


def _check_compute(fixture):
    assert CONF.sriov.claim_in_placement
    compute = fixture.service.manager
    if isinstance(compute.driver, libvirt_driver.LibvirtDriver):
        assert isinstance(compute.driver, driver.SriovLibvirtDriver)
    if isinstance(compute.rt.pci_tracker, manager.PciDevTracker):
        assert isinstance(compute.rt.pci_tracker, tracker.AssigningTracker)


class _Host(host.Host):

    def netdev(self, address):
        """Nova's tests say in a function of Nova where one is missing."""
        try:
            utils.get_ifname_by_pci_address(address)
        except exception.PciDeviceNotFoundById:
            return None
        return super().netdev(address)


def _simulate(surroundings):
    """Nova's tests simulate devices in libvirt, none in sysfs, and forbid to
    look there: the cards are made after libvirt's devices."""
    simulate(surroundings, *_cards())
    system = surroundings.sysfs
    surroundings.useFixture(fixtures.MonkeyPatch(
        'nova_sriov_ext.virt.libvirt.vif.Host',
        lambda: _Host(str(system.root), netlink.Netlink(system))))


def _cards():
    """:returns: list of card.Card in legacy mode, each with one PF, as the
        libvirt to which the next compute will connect has them
    """
    # Most of Nova's tests put one compute's connection there at a time; what
    # is not replaced connects to a libvirt without PCI devices.
    replaced = getattr(libvirt_host.Host.get_connection, 'return_value', None)
    if not replaced:
        return []
    devices = replaced.pci_info.devices.values()
    vfs = collections.Counter(
        dev.parent for dev in devices if dev.dev_type == 'VF')
    return [_card(number, dev, vfs[dev.bus, dev.slot, dev.function])
            for number, dev in enumerate(devices) if dev.dev_type == 'PF']


def _card(number, pf, vfs):
    return card.Card(switch_id=f'e41d2d0300a1{number:04x}', pfs=(card.Pf(
        pf.address, f'enp{pf.bus}s{pf.slot}f0np0', mode='legacy', vfs=vfs,
        vf_offset=1, total_vfs=max(8, vfs), numa_node=pf.numa_node),))


_SERVICES = {
    'nova-scheduler': (_prepare_scheduler, _check_scheduler),
    'nova-compute': (_prepare_compute, _check_compute),
}
