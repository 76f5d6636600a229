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

"""What the tracker keeps of claims: of live migrations, resizes, moves."""

import json
import logging

from nova import context
from nova import exception
from nova import objects
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.claim import stats
from tests.unit.claim import trackers
from tests.unit.claim.trackers import OURS
from tests.unit.claim.trackers import STOCK
from tests.unit.claim.trackers import alias
from tests.unit.claim.trackers import port
from tests.unit.claim.trackers import vfs

A, B = '0000:03:00.0', '0000:04:00.0'
CONTEXT = context.get_admin_context()


def claim(tracker, *requests, server='server'):
    """As a live migration's check does, and no more.

    :returns: list of addresses
    """
    return [dev.address for dev in tracker.claim_instance(
        CONTEXT, objects.InstancePCIRequests(
            instance_uuid=getattr(uuids, server), requests=list(requests)),
        None)]


def arrive(tracker, *requests, server='server'):
    """Let the tracker know what a live migration is going to claim."""
    uuid = getattr(uuids, server)
    tracker.arriving[uuid] = objects.Instance(
        uuid=uuid, pci_requests=objects.InstancePCIRequests(
            requests=list(requests)))


def given_back(tracker, server='server'):
    """Whether all devices are free after those claimed are given back."""
    tracker.free_instance_claims(
        CONTEXT, trackers.instance(tracker, server))
    return all(map(trackers.is_free, tracker.pci_devs))


@pytest.fixture
def tracker(host):
    """With a trusted VF, the first that Nova would take, and another."""
    return host(vfs(A, 1, trusted='true'), vfs(B, 1)).tracker(OURS)


ANY = alias(product_id='101e')
TRUSTED = port('trusted', trusted='true')


def test_what_is_claimed_first_leaves_what_is_claimed_next(tracker):
    """Nova claims the devices of aliases before those of ports."""
    arrive(tracker, ANY, TRUSTED)
    assert claim(tracker, ANY) == ['0000:04:01.0']
    assert claim(tracker, TRUSTED) == ['0000:03:01.0']
    assert given_back(tracker)


def test_nothing_is_left_for_what_was_claimed_before(tracker):
    """Nor for servers that do not arrive."""
    arrive(tracker, TRUSTED, ANY)
    arrive(tracker, TRUSTED, server='other')
    assert claim(tracker, TRUSTED) == ['0000:03:01.0']
    assert claim(tracker, ANY) == ['0000:04:01.0']
    assert claim(tracker) == []
    assert given_back(tracker)


@pytest.mark.parametrize('attached', [True, False])
def test_a_refusal_is_one_that_the_conductor_knows(
        tracker, caplog, attached):
    """It tries another host then; an attached port is refused as ever."""
    both = [TRUSTED, port('too', trusted='true')]
    if not attached:
        arrive(tracker, ANY, *both)
    kind = (exception.PciDeviceRequestFailed if attached
            else exception.MigrationPreCheckError)
    with caplog.at_level(logging.INFO), pytest.raises(
            kind, match='2 VFs requested, 1 free'):
        claim(tracker, *(both if attached else [ANY]))
    assert f'server {uuids.server} cannot be claimed' in caplog.text
    assert 'last on NUMA nodes any' in caplog.text
    assert given_back(tracker)


def test_what_arrives_has_the_policy_of_its_flavor(host, flavor):
    flavor['sriov:pf_policy'] = 'spread'
    tracker = host(vfs(A, 2), vfs(B, 0)).tracker(OURS)
    both = port('a'), port('b')
    arrive(tracker, *both)
    with pytest.raises(exception.MigrationPreCheckError, match='from 1'):
        claim(tracker, *both)
    assert given_back(tracker)


def test_a_device_that_was_given_back_is_freed_once(tracker):
    """A resize to its own host that was rescheduled leaves it in the list
    of the server, which is freed when the next resize is confirmed."""
    trackers.claim(tracker, TRUSTED, server='resized')
    resized = trackers.instance(tracker, 'resized')
    listed, = resized.pci_devices
    trackers.free(tracker, 'resized')
    tracker.free_device(listed, resized)
    assert all(map(trackers.is_free, tracker.pci_devs))
    trackers.claim(tracker, TRUSTED, server='other')
    tracker.free_device(listed, resized)
    dev, = tracker.allocations[uuids.other]
    assert dev.address == '0000:03:01.0' and not trackers.is_free(dev)
    other = trackers.instance(tracker, 'other')
    tracker.free_device(*other.pci_devices, other)
    assert all(map(trackers.is_free, tracker.pci_devs))


@pytest.mark.parametrize('port_of_it', ['first', 'second', 'unknown'])
def test_one_that_is_freed_where_it_was_before_is_freed_here(
        host, port_of_it):
    """As long as the host is down from which a server was evacuated, Nova
    takes the device there for the one of a port that is detached."""
    computes = host(vfs(A, 2))
    tracker = computes.tracker(OURS)
    trackers.claim(tracker, port('first'), port('second'))
    server = trackers.instance(tracker, 'server')
    there = server.pci_devices[0].obj_clone()
    there.id, there.compute_node_id = 99, 2
    there.request_id = getattr(uuids, f'request_{port_of_it}')
    mine = [dev.address for dev in server.pci_devices
            if dev.request_id == there.request_id]
    tracker.free_device(there, server)
    assert [dev.address for dev in tracker.pci_devs
            if trackers.is_free(dev)] == mine
    assert len(mine) == (port_of_it != 'unknown')


def test_a_node_that_was_never_updated(host):
    """Its stats are not known to the object yet."""
    computes = host(vfs(A, 1), rows=None)
    assert claim(computes.tracker(OURS), port()) == ['0000:03:01.0']


def test_whole_pfs_of_a_server_do_not_count_as_its_vfs(host, flavor):
    """Nor do VFs that are for aliases only."""
    flavor['sriov:pf_policy'] = 'spread'
    devices = [trackers.pf(A), *vfs(B, 2), *vfs(A, 0)]
    tracker = host(devices).tracker(OURS)
    trackers.claim(tracker, port('pf', dev_type='type-PF'))
    assert trackers.claim(tracker, port('vf'))
    with pytest.raises(exception.PciDeviceRequestFailed):
        trackers.claim(tracker, port('other'))


@pytest.mark.parametrize('physnet', [trackers.PHYSNET, None])
def test_an_attached_port_avoids_what_the_server_has(host, flavor, physnet):
    """By network: another one's VFs do not matter."""
    flavor['sriov:pf_policy'] = 'spread'
    tags = {'physical_network': physnet}
    other = {'physical_network': 'other'}
    tracker = host(vfs(A, 2, **tags), vfs(A, 1, first=2, **other),
                   vfs(B, 1, **tags)).tracker(OURS)
    first, = claim(tracker, port('a', **tags))
    assert first.startswith('0000:03')
    assert claim(tracker, port('b', **other)) == ['0000:03:01.2']
    # Those that are claimed count as those that are allocated.
    assert claim(tracker, port('c', **tags)) == ['0000:04:01.0']
    with pytest.raises(exception.PciDeviceRequestFailed):
        claim(tracker, port('d', **tags))
    assert claim(tracker, port('d', **tags), server='other')


def test_a_device_that_is_listed_no_longer(conf, host):
    """Nova keeps it for the server that has it; it is of no pool."""
    computes = host(vfs(A, 2), vfs(B, 1))
    tracker = computes.tracker(OURS)
    assert trackers.claim(tracker, port('a')) == ['0000:04:01.0']
    conf.config(group='pci', device_spec=[json.dumps(
        {'address': '0000:03:01.1', 'physical_network': trackers.PHYSNET})])
    later = computes.tracker(OURS, known=list(tracker.pci_devs))
    assert trackers.claim(later, port('b')) == ['0000:03:01.1']


def test_the_stats_are_of_the_trackers_own_pools(host):
    computes = host(vfs(A, 1), vfs(B, 2))
    ours, stock = computes.tracker(OURS), computes.tracker(STOCK)
    assert isinstance(ours.stats, stats.ComputePciStats)
    assert trackers.pools(ours) == trackers.pools(stock)
