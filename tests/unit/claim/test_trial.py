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

"""Nova's own claims, whose test knows for whom it is."""

import logging
import types

from nova import context
from nova import exception
from nova import objects
from nova.compute import claims
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.claim import trial
from tests.unit.claim import trackers
from tests.unit.claim.trackers import OURS
from tests.unit.claim.trackers import port
from tests.unit.claim.trackers import vfs

A, B = '0000:03:00.0', '0000:04:00.0'
NUMA = {'hw:numa_nodes': '1'}


@pytest.fixture(autouse=True)
def place(monkeypatch):
    monkeypatch.setattr(claims.Claim, '_claim_test', trial.claim_test)


def flavor(**extra_specs):
    return objects.Flavor(vcpus=1, memory_mb=1, extra_specs=extra_specs)


def move(tracker, *ports, new=None, kind='resize', limits=None):
    """As ResourceTracker._move_claim.

    :param new: dict, extra specs of the new flavor
    :returns: list of addresses
    """
    instance = objects.Instance(
        uuid=uuids.server, flavor=flavor(), system_metadata={})
    requests = objects.InstancePCIRequests(
        instance_uuid=uuids.server, requests=list(ports))
    node = objects.ComputeNode(numa_topology=trackers.numa_topology(
        (0, 1), memory=1024)._to_json())
    claim = claims.MoveClaim(
        context.get_admin_context(), instance, 'host',
        flavor(**new or {}), objects.ImageMeta.from_dict({}),
        types.SimpleNamespace(pci_tracker=tracker), node, requests,
        objects.Migration(migration_type=kind), limits)
    return [dev.address for dev in tracker.claim_instance(
        context.get_admin_context(), requests, claim.claimed_numa_topology)]


@pytest.mark.parametrize('kind', [OURS, trackers.STOCK])
def test_the_test_of_a_claim_is_novas(host, kind):
    """On its NUMA nodes, and within the limits of the scheduler."""
    tracker = host(vfs(A, 1, numa_node=1)).tracker(kind)
    narrow = {'numa_topology': objects.NUMATopologyLimits(
        cpu_allocation_ratio=16.0, ram_allocation_ratio=0.0001,
        network_metadata=objects.NetworkMetadata(
            physnets=set(), tunneled=False))}
    with pytest.raises(exception.ComputeResourcesUnavailable,
                       match='NUMA'):
        move(tracker, port('a'), new=NUMA, limits=narrow)
    assert move(tracker, port('a'), new=NUMA) == ['0000:03:01.0']
    with pytest.raises(exception.ComputeResourcesUnavailable):
        move(tracker, port('b'))


@pytest.mark.parametrize('vm_state', ['shelved_offloaded', 'building'])
def test_an_unshelved_server_has_nothing_of_before(host, vm_state):
    """Not here, where it may have been moved just before it was shelved, and
    not on a host that is down since."""
    tracker = host(vfs(A, 2)).tracker(OURS)
    before = trackers.claim(tracker, port('a'))
    instance = trackers.instance(tracker, 'server')
    instance.vm_state = vm_state
    instance.flavor, instance.numa_topology = flavor(), None
    elsewhere = instance.pci_devices[0].obj_clone()
    elsewhere.compute_node_id = 2
    instance.pci_devices.objects.insert(0, elsewhere)
    claims.Claim(
        context.get_admin_context(), instance, 'host',
        types.SimpleNamespace(pci_tracker=tracker),
        objects.ComputeNode(numa_topology=trackers.numa_topology(
            (0, 1))._to_json()),
        objects.InstancePCIRequests(
            instance_uuid=uuids.server, requests=[port('a')]))
    is_unshelved = vm_state != 'building'
    assert bool(instance.pci_devices) != is_unshelved
    assert [dev.address for dev in tracker.pci_devs
            if not trackers.is_free(dev)] == ([] if is_unshelved else before)


@pytest.fixture
def no_database(monkeypatch):
    monkeypatch.setattr(objects.Instance, 'get_by_uuid', None)


def test_a_resize_to_a_flavor_that_spreads(host, no_database):
    tracker = host(vfs(A, 2, numa_node=1), vfs(B, 2, numa_node=1)
                   ).tracker(OURS)
    spread = move(tracker, port('a'), port('b'),
                  new={'sriov:pf_policy': 'spread'})
    assert len({address[5:7] for address in spread}) == 2


def test_one_line_tells_why_no_node_fits(host, no_database, caplog):
    """At INFO; each choice of nodes is told at DEBUG."""
    tracker = host(vfs(A, 2, numa_node=0), vfs(B, 2, numa_node=1)
                   ).tracker(OURS)
    with caplog.at_level(logging.INFO, 'nova_sriov_ext'), pytest.raises(
            exception.ComputeResourcesUnavailable):
        move(tracker, port('a'), port('b'),
             new={'sriov:pf_policy': 'spread', **NUMA})
    lines = [record.getMessage() for record in caplog.records
             if record.name.startswith('nova_sriov_ext')]
    assert len(lines) == 1
    assert f'server {uuids.server} cannot be claimed, tried 2' in lines[0]
    assert ('physnet2: 2 VFs requested from different PFs, they would come '
            'from 1') in lines[0]
    assert 'last on NUMA nodes [1]' in lines[0]
    # Of a pool its tags and its count; its devices are many lines.
    pools = lines[0].partition('pools: ')[2]
    assert f"'address': '{A}'" in pools and "'count': 2" in pools
    assert "'devices'" not in pools
    assert move(tracker, port('a'), port('b'), new=NUMA)


@pytest.mark.parametrize('kind, option, served', [
    ('resize', True, False), ('evacuation', True, True),
    ('evacuation', False, False)])
def test_who_may_use_the_reserve(conf, host, kind, option, served):
    conf.config(group='sriov', vf_reserve={'PhysNet2': '2'},
                evacuation_uses_reserve=option)
    tracker = host(vfs(A, 2)).tracker(OURS)
    if served:
        assert move(tracker, port('a'), kind=kind)
        return
    with pytest.raises(exception.ComputeResourcesUnavailable,
                       match='physnet2: 1 VF requested, 2 free, 2 reserved'):
        move(tracker, port('a'), kind=kind)
    assert move(tracker, port('a'), new={'sriov:ignore_reserve': 'true'})


def test_on_its_own_host_a_server_gives_back_what_it_has(conf, host):
    tracker = host(vfs(A, 3)).tracker(OURS)
    trackers.claim(tracker, port('a'))
    conf.config(group='sriov', vf_reserve={trackers.PHYSNET: '2'})
    assert move(tracker, port('a'))
    with pytest.raises(exception.ComputeResourcesUnavailable):
        move(tracker, port('b'))


def test_a_reserve_that_is_touched_already(conf, host):
    """What takes no more is not refused, and what comes back counts."""
    tracker = host(vfs(A, 4)).tracker(OURS)
    trackers.claim(tracker, port('a'))
    conf.config(group='sriov', vf_reserve={trackers.PHYSNET: '4'})
    assert move(tracker, port('a'))
    conf.config(group='sriov', vf_reserve={})
    tracker = host(vfs(A, 4)).tracker(OURS)
    trackers.claim(tracker, port('a'))
    conf.config(group='sriov', vf_reserve={trackers.PHYSNET: '2'})
    assert move(tracker, port('a'), port('b'))
