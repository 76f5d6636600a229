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

"""VFs of each eswitch mode, as an update of a compute host publishes them."""

from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.placement import names
from nova_sriov_ext.report import document
from tests.unit.placement import host as hosts

VFS = hosts.VFS
LEGACY = names.mode_class('legacy', 'physnet2')
SWITCHDEV = names.mode_class('switchdev', 'physnet2')
A, B = '0000:03:00.0', '0000:04:00.0'


def rows(a='legacy', b='switchdev'):
    """What two PFs of four VFs each report."""
    return [document.Row(A, 'physnet2', 4, a), document.Row(
        B, 'physnet2', 4, b)]


def tracked(a=(), b=()):
    """:param a: uuids of the servers that have VFs of the first PF; the
        others are free
    """
    tracker = hosts.tracker()
    for pf, servers in ((A, a), (B, b)):
        states = [*(('allocated', server) for server in servers),
                  *[('available', None)] * (4 - len(servers))]
        tracker.pci_devs += hosts.tracker(
            *states, parent_addr=pf).pci_devs
    return tracker


@pytest.fixture
def mixed(host):
    """:returns: a host.Host that has published its VFs of both modes"""
    host.pci_tracker = tracked()
    host.update(rows())
    host.report(rows())
    return host


def numbers(host):
    """:returns: dict, resource class → (total, reserved, used)"""
    return {name: host.numbers(name)
            for name in sorted(host.classes() - {'VCPU'})}


def server(host, vfs=1, **modes):
    """Boot one, as a scheduler claims for it.

    :param modes: mode → VFs that it requires
    """
    uuid = host.instance().uuid
    assert allocate(host, uuid, vfs, **modes)
    return uuid


def allocate(host, consumer, vfs=1, **modes):
    """:returns: bool, whether Placement allows it"""
    wanted = {'VCPU': 1, VFS: vfs} | {
        names.mode_class(mode, 'physnet2'): count
        for mode, count in modes.items()}
    return host.put(consumer, {host.uuid: {'resources': wanted}})


def test_each_mode_has_a_class_beside_the_total(mixed):
    assert numbers(mixed) == {
        VFS: (8, 0, 0), LEGACY: (4, 0, 0), SWITCHDEV: (4, 0, 0)}
    assert not {LEGACY, SWITCHDEV} & mixed.traits()


@pytest.mark.parametrize('mode, name', [
    ('legacy', LEGACY), ('switchdev', SWITCHDEV)])
def test_so_has_a_host_with_one_mode(host, mode, name):
    host.pci_tracker = tracked()
    host.update(rows(mode, mode))
    assert numbers(host) == {VFS: (8, 0, 0), name: (8, 0, 0)}


def test_the_last_vf_of_a_mode_is_claimed_once(mixed):
    assert allocate(mixed, uuids.one, 4, switchdev=4)
    assert not allocate(mixed, uuids.two, switchdev=1)
    assert allocate(mixed, uuids.two, 4)
    assert not allocate(mixed, uuids.three, legacy=1)


def test_a_vf_of_a_mode_that_nobody_required_is_reserved_in_it(mixed):
    plain = server(mixed)
    mixed.pci_tracker = tracked(b=[plain])
    mixed.update(rows())
    assert numbers(mixed) == {
        VFS: (8, 0, 1), LEGACY: (4, 0, 0), SWITCHDEV: (4, 1, 0)}


def test_one_without_any_allocation_is_reserved_in_both(mixed):
    """Attached, forced to the host, or older than claim_in_placement."""
    one = server(mixed, switchdev=1)
    mixed.pci_tracker = tracked(a=[uuids.forced], b=[one, one])
    mixed.update(rows())
    assert numbers(mixed) == {
        VFS: (8, 2, 1), LEGACY: (4, 1, 0), SWITCHDEV: (4, 1, 1)}


def test_those_of_a_pf_that_is_given_away_are_reserved_in_both(mixed):
    mixed.pci_tracker = tracked()
    for device in mixed.pci_tracker.pci_devs[4:]:
        device.status = 'unavailable'
    mixed.update(rows())
    assert numbers(mixed) == {
        VFS: (8, 4, 0), LEGACY: (4, 0, 0), SWITCHDEV: (4, 4, 0)}


def test_differences_are_each_servers_own(mixed):
    """What one claims and does not have yet does not make up for what another
    has and did not claim."""
    assert allocate(mixed, uuids.coming, switchdev=1)
    plain = server(mixed)
    mixed.pci_tracker = tracked(b=[plain])
    mixed.update(rows())
    assert mixed.numbers(SWITCHDEV) == (4, 1, 1)


def test_a_mode_that_the_server_does_not_have_is_given_back(mixed):
    """By Nova's own claim it may have got any VF."""
    one = server(mixed, 2, switchdev=2)
    mixed.pci_tracker = tracked(a=[one], b=[one])
    mixed.update(rows())
    assert mixed.allocated(one) == {'VCPU': 1, VFS: 2, SWITCHDEV: 1}
    assert numbers(mixed) == {
        VFS: (8, 0, 2), LEGACY: (4, 1, 0), SWITCHDEV: (4, 0, 1)}


def test_what_a_migration_holds_of_a_mode_is_the_servers(mixed):
    moved = mixed.instance().uuid
    migration = mixed.migration(moved)
    assert allocate(mixed, migration, 2, switchdev=2)
    mixed.pci_tracker = tracked(b=[moved, moved])
    mixed.update(rows())
    assert mixed.numbers(SWITCHDEV) == (4, 0, 2)


def test_after_an_upgrade_those_in_use_are_reserved(host):
    """As a release has left it that published no modes."""
    host.pci_tracker = tracked()
    host.update()
    host.report(rows(), placement_modes=False)
    one = server(host)
    host.pci_tracker = tracked(b=[one])
    host.update(rows())
    assert numbers(host) == {
        VFS: (8, 0, 1), LEGACY: (4, 0, 0), SWITCHDEV: (4, 1, 0)}


def test_one_pf_of_an_unknown_mode_closes_them_when_schedulers_know(mixed):
    one = server(mixed, switchdev=1)
    mixed.pci_tracker = tracked(b=[one])
    mixed.update(rows(a='unknown'))
    # Until then they claim what the host has reported, as far as it has it.
    assert numbers(mixed) == {
        VFS: (8, 0, 1), LEGACY: (4, 4, 0), SWITCHDEV: (4, 0, 1)}
    mixed.report(rows(a='unknown'))
    mixed.update(rows(a='unknown'))
    assert numbers(mixed) == {
        VFS: (8, 0, 1), LEGACY: (4, 4, 0), SWITCHDEV: (4, 4, 1)}
    # And when it is known again.
    mixed.update(rows())
    assert numbers(mixed) == {
        VFS: (8, 0, 1), LEGACY: (4, 0, 0), SWITCHDEV: (4, 0, 1)}
    assert mixed.allocated(one) == {'VCPU': 1, VFS: 1, SWITCHDEV: 1}


def test_another_physnet_stays_open(host):
    host.pci_tracker = tracked()
    others = hosts.tracker(('available', None), parent_addr='0000:05:00.0',
                           product_id='101e')
    for device in others.pci_devs:
        device.address = '0000:05:00.2'
    host.pci_tracker.pci_devs += others.pci_devs
    host.pci_tracker.dev_filter = hosts.whitelist.Whitelist([
        hosts.SPEC.replace('}', ', "address": "0000:03:00.*"}'),
        hosts.SPEC.replace('}', ', "address": "0000:05:00.*"}').replace(
            'physnet2', 'other')])
    host.update([*rows('unknown', 'legacy'), document.Row(
        '0000:05:00.0', 'other', 1, 'legacy')])
    assert numbers(host) == {
        VFS: (8, 0, 0), names.vf_class('other'): (1, 0, 0),
        names.mode_class('legacy', 'other'): (1, 0, 0)}


def test_a_pf_changes_its_mode_under_servers(mixed):
    """It stops being mixed, and is again: all converges in one update."""
    legacy, switchdev, plain = (
        server(mixed, legacy=1), server(mixed, switchdev=1), server(mixed))
    mixed.pci_tracker = tracked(a=[legacy], b=[switchdev, plain])
    mixed.update(rows())
    before = numbers(mixed)
    assert before == {
        VFS: (8, 0, 3), LEGACY: (4, 0, 1), SWITCHDEV: (4, 1, 1)}
    mixed.update(rows(b='legacy'))
    assert numbers(mixed) == {
        VFS: (8, 0, 3), LEGACY: (8, 2, 1), SWITCHDEV: (4, 4, 0)}
    assert mixed.allocated(switchdev) == {'VCPU': 1, VFS: 1}
    mixed.report(rows(b='legacy'))
    mixed.update(rows())
    # What is not allocated any more is reserved: as many are free.
    assert numbers(mixed) == {
        VFS: (8, 0, 3), LEGACY: (4, 0, 1), SWITCHDEV: (4, 2, 0)}


def test_of_a_server_that_moves_meanwhile_nothing_is_taken(mixed):
    moving = server(mixed, switchdev=1)
    mixed.migration(moving)
    mixed.pci_tracker = tracked(b=[moving])
    mixed.update(rows(b='legacy'))
    assert numbers(mixed) == {
        VFS: (8, 0, 1), LEGACY: (8, 1, 0), SWITCHDEV: (4, 4, 1)}


def test_turned_off_they_stay_until_schedulers_know(conf, mixed):
    one = server(mixed, switchdev=1)
    mixed.pci_tracker = tracked(b=[one])
    conf.config(claim_in_placement=False, group='sriov')
    mixed.update(rows())
    assert numbers(mixed) == {
        VFS: (8, 0, 1), LEGACY: (4, 0, 0), SWITCHDEV: (4, 0, 1)}
    mixed.report(rows(), placement=False, placement_modes=False)
    mixed.update(rows())
    assert numbers(mixed) == {
        VFS: (8, 8, 1), LEGACY: (4, 4, 0), SWITCHDEV: (4, 4, 1)}


def test_what_is_there_stays_until_devices_are_known(mixed):
    """Nova makes its PCI tracker during the first update."""
    before = numbers(mixed)
    mixed.pci_tracker = None
    mixed.update()
    assert numbers(mixed) == before
