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

"""What an update of a compute host writes into Placement."""

from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext import nova_compat
from nova_sriov_ext.placement import names
from nova_sriov_ext.placement import provider
from nova_sriov_ext.report import document
from tests.unit.placement import host as hosts

VFS = hosts.VFS
TUNNELLED = names.vf_class(None)
TRAITS = {VFS, names.physnet_trait(VFS)}
SWITCHDEV = document.Row('0000:03:00.0', 'physnet2', 4, 'switchdev')


@pytest.fixture
def off(conf, host):
    """:returns: function that turns it off there; it is on in a test"""
    return lambda: conf.config(claim_in_placement=False, group='sriov')


def test_what_is_free_can_be_claimed_and_no_more(host):
    host.hold(free=3)
    host.update()
    assert host.numbers() == (3, 0, 0)
    assert host.classes() == {'VCPU', VFS}
    assert not host.allocate(uuids.one, 4)
    assert host.allocate(uuids.one, 3)
    assert host.allocate(uuids.one, 1)
    assert not host.allocate(uuids.another, 3)
    assert host.allocate(uuids.another, 2)


def test_a_host_without_allocations_asks_for_no_migrations(host, traffic):
    """Each update of ten thousand hosts would be a query more."""
    host.hold(free=3)
    host.update()
    traffic.clear()
    host.update()
    assert traffic.statements
    assert not any('migrations' in line for line in traffic.statements)
    host.allocate(host.server(vfs=1), 1)
    host.update()
    # Of the consumers only, not of every server that was ever moved.
    assert any('migrations.uuid IN' in line for line in traffic.statements)


def test_vfs_in_use_without_an_allocation_are_reserved(host):
    """Such as those attached to a running server."""
    host.hold(free=3)
    host.update()
    server = host.server(vfs=1)
    host.hold(server, server, free=1)
    host.update()
    assert host.numbers() == (3, 1, 1)
    assert host.allocated(server) == {VFS: 1, 'VCPU': 1}


def test_an_allocation_that_is_too_large_is_repaired(host):
    host.hold(free=3)
    host.update()
    server = host.server(vfs=2)
    host.hold(server, free=2)
    host.update(reshape=True)
    # Nova rewrites all of them right after it.
    assert host.allocated(server) == {VFS: 2, 'VCPU': 1}
    host.update()
    assert host.allocated(server) == {VFS: 1, 'VCPU': 1}
    assert host.numbers() == (3, 0, 1)


def test_what_a_migration_holds_is_the_servers(host):
    host.hold(free=3)
    host.update()
    server = host.server()
    host.migration(server, vfs=2)
    host.hold(server, server, free=1)
    host.update()
    assert host.numbers() == (3, 0, 2)


def test_networks_have_their_own(host):
    host.hold(free=2)
    host.update()
    host.hold(free=3, spec=hosts.SPEC.replace('"physnet2"', 'null'))
    host.update()
    assert host.numbers(TUNNELLED) == (3, 0, 0)
    # Placement keeps what may have allocations; none can come in.
    assert host.numbers() == (2, 2, 0)
    assert TRAITS.isdisjoint(host.traits())
    assert TUNNELLED in host.traits()


def test_traits_of_what_holds_now(host):
    host.hold(free=4)
    host.update([SWITCHDEV])
    assert host.traits() == {*TRAITS, names.SWITCHDEV_TRAIT}
    host.update()
    assert host.traits() == TRAITS


def test_nothing_is_published_unless_wanted(host, off, traffic):
    off()
    host.hold(free=4)
    host.update([SWITCHDEV])
    assert host.classes() == {'VCPU'}
    assert not host.traits()
    assert not any('/allocations' in line for line in traffic.requests)


def test_turned_off_vfs_stay_until_schedulers_know(host, off):
    host.hold(free=4)
    host.tell(is_open=True)
    host.update([SWITCHDEV])
    server = host.server(vfs=1)
    host.hold(server, free=3)
    off()
    host.update([SWITCHDEV])
    assert host.numbers() == (4, 0, 1)
    assert host.traits() == {*TRAITS, names.SWITCHDEV_TRAIT}
    host.tell(is_open=False)
    host.update([SWITCHDEV])
    assert host.numbers() == (4, 4, 1)
    assert not host.traits()


def test_turned_off_allocations_are_repaired_still(host, off):
    host.hold(free=4)
    host.update()
    server = host.server(vfs=2)
    host.hold(server, free=3)
    off()
    host.update()
    assert host.allocated(server) == {VFS: 1, 'VCPU': 1}


@pytest.mark.parametrize('wanted', [True, False])
def test_what_is_there_stays_until_devices_are_known(
        conf, host, wanted):
    """Nova makes its PCI tracker during the first update."""
    host.hold(free=4)
    host.update([SWITCHDEV])
    conf.config(claim_in_placement=wanted, group='sriov')
    host.pci_tracker = None
    host.update()
    assert host.numbers() == (4, 0, 0)
    assert host.traits() == {*TRAITS, names.SWITCHDEV_TRAIT}


def test_what_is_there_stays_when_the_node_has_been_deleted(host):
    """``openstack compute service delete``, while nova-compute runs."""
    host.hold(free=4)
    host.update([SWITCHDEV])
    host.node.destroy()
    host.hold(free=2)
    host.update()
    assert host.numbers() == (4, 0, 0)
    assert host.traits() == {*TRAITS, names.SWITCHDEV_TRAIT}


def test_what_stats_may_say(host, off):
    assert host.provider.is_published('node') is True
    assert host.provider.is_published('not yet made') is False
    off()
    assert host.provider.is_published('node') is False


def test_what_is_there_stays_with_a_nova_that_is_another(
        monkeypatch, host):
    host.hold(free=4)
    host.update()
    monkeypatch.setattr(nova_compat, 'works', lambda part: False)
    host.provider = provider.Provider(host.virtapi)
    host.hold(free=2)
    host.update()
    assert host.numbers() == (4, 0, 0)
    assert host.provider.is_published('node') is False
