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

"""What the driver does around the checks of a live migration."""

from nova import objects
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.claim import bandwidth_pf
from nova_sriov_ext.demand import neutron_ports
from nova_sriov_ext.report import document

MIXED = (document.Row('a', 'physnet1', 1, 'legacy'),
         document.Row('b', 'physnet1', 1, 'switchdev'))


@pytest.fixture
def driver(nova, tracker):
    return nova.driver(tracker.virtapi)


@pytest.fixture
def server(server):
    """A server with a port and an alias."""
    server.pci_requests = objects.InstancePCIRequests(requests=[
        objects.InstancePCIRequest(
            count=1, spec=[{}], requester_id=port, alias_name=alias)
        for port, alias in ((uuids.port, None), (None, 'a1'))])
    return server


@pytest.fixture
def neutron(monkeypatch):
    """Lists of what Neutron is asked for: modes, and bandwidth."""
    modes, bandwidth = [], []

    def read(ids):
        modes.append(set(ids))
        return []

    def requested(self, context, uuid):
        bandwidth.append((context, uuid))
        return [], None

    monkeypatch.setattr(neutron_ports, 'read', read)
    monkeypatch.setattr(bandwidth_pf.neutron.API,
                        'get_requested_resource_for_instance', requested)
    return modes, bandwidth


def check(driver, server):
    """:returns: the data of a check that begins, as of Nova's driver"""
    data = driver.check_can_live_migrate_destination(
        'c', server, 'source', 'destination', block_migration=True)
    assert data.call == (
        ('c', server, 'source', 'destination'), {'block_migration': True})
    return data


@pytest.mark.parametrize('claim, rows, modes', [
    ('assign', MIXED, [{uuids.port}]), ('assign', MIXED[:1], []),
    ('assign', (), []), (None, MIXED, [])])
def test_ports_are_looked_up_before_the_claims_that_need_it(
        driver, server, neutron, claim, rows, modes):
    """Modes on hosts with both; bandwidth wherever our claim is made."""
    driver._claim, driver._rows = claim, rows
    check(driver, server)
    assert neutron == (modes, [('c', server.uuid)] if claim else [])


def test_claims_are_on_their_way_while_they_are_checked(
        driver, nova, tracker, server):
    check(driver, server)
    # Of a check before, whose migration did not come.
    assert tracker.freed == [('c', server.uuid)]
    assert tracker.pci_tracker.arriving == {server.uuid: server}


@pytest.mark.parametrize('fails', [False, True])
def test_claims_of_a_check_that_fails_are_given_back(
        driver, nova, tracker, server, fails):
    data = check(driver, server)
    tracker.freed.clear()
    nova.cleanup_fails = fails
    try:
        driver.cleanup_live_migration_destination_check('c', data)
    except OSError:
        assert fails
    assert nova.cleaned == [('c', data)]
    assert tracker.freed == [('c', server.uuid)]
    assert tracker.pci_tracker.arriving == {}


def test_claims_of_a_check_that_succeeds_stay(driver, tracker, server):
    data = check(driver, server)
    tracker.freed.clear()
    assert driver.check_source_migrate_data_at_dest(
        'c', server, data, 'migration', limits=None).call == (
            ('c', server, data, 'migration'), {'limits': None})
    assert tracker.pci_tracker.arriving == {}
    driver.cleanup_live_migration_destination_check('c', data)
    assert not tracker.freed
