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

"""Guests with NUMA cells: scheduler, test and claim against trying all."""

import copy
import itertools
import types

import hypothesis
from hypothesis import strategies as st
from nova import context
from nova import exception
from nova import objects
from nova.compute import claims
from nova.scheduler import host_manager
from nova.virt import hardware
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.claim import trial
from nova_sriov_ext.report import document
from nova_sriov_ext.scheduler import consume
from nova_sriov_ext.scheduler import filters
from nova_sriov_ext.scheduler import requesters
from tests.unit.claim import trackers

PFS = tuple(f'0000:{bus:02x}:00.0' for bus in range(3, 7))
POLICIES = (None, 'required', 'legacy', 'preferred', 'socket')
FULL, ROOMY = 0, 1024


class Host:
    """:param sockets: of each node
    :param nodes: of each PF, None where it tells none
    :param counts: (plain, trusted) VFs of each PF
    :param degraded: addresses of the PFs whose LAG is
    :param switchdev: addresses of those that do not suit plain ports
    """

    def __init__(self, conf, sockets, nodes, counts, degraded, switchdev=()):
        self.sockets = sockets
        self.devices = []
        for address, node, (plain, trusted) in zip(
                PFS, nodes, counts, strict=False):
            self.devices += trackers.vfs(address, plain, numa_node=node)
            self.devices += trackers.vfs(
                address, trusted, first=plain, numa_node=node, trusted='true')
        self.topology = trackers.numa_topology(sockets, ROOMY)
        self.degraded = degraded
        self.switchdev = switchdev
        self.rows = [document.Row(
            address, trackers.PHYSNET, 4,
            'switchdev' if address in switchdev else 'legacy', 'bond0',
            'degraded' if address in degraded else 'active')
            for address in PFS[:len(nodes)]]
        self._computes = trackers.Computes(
            conf, self.devices, self.rows, self.topology)

    def tracker(self, kind):
        return self._computes.tracker(kind)

    def state(self):
        """:returns: nova HostState, with Nova's own stats"""
        state = host_manager.HostState('host', 'host', uuids.cell)
        stats = self.tracker(trackers.STOCK).stats
        state.pci_stats = type(stats)(
            self.topology, stats.to_device_pools_obj())
        state.stats = {document.STATS_KEY: document.write(document.Report(
            tuple(self.rows), claim='assign'))}
        return state


@st.composite
def hosts(draw):
    sockets = draw(st.lists(st.integers(0, 1), min_size=2, max_size=4))
    number = draw(st.integers(1, 4))
    some = st.sampled_from([*range(len(sockets)), None])
    counts = st.tuples(st.integers(0, 1), st.integers(0, 1))
    degraded = draw(st.sampled_from(((), (), PFS[:1], PFS[1:3])))
    # With PFs of one mode only, a claim leaves the modes to the filter.
    switchdev = draw(st.sampled_from(((), (), PFS[1::2], PFS[1:])))
    return (sockets, [draw(some) for _ in range(number)],
            [draw(counts) for _ in range(number)], degraded, switchdev)


def requests():
    port = st.builds(
        lambda policy, spec: (policy, spec), st.sampled_from(POLICIES),
        st.sampled_from(({}, {}, {'trusted': 'true'})))
    return st.lists(port, min_size=1, max_size=3)


def built(wanted):
    """:returns: list of InstancePCIRequest"""
    found = []
    for number, (policy, spec) in enumerate(wanted):
        request = trackers.port(f'p{number}', **spec)
        request.numa_policy = policy
        found.append(request)
    return found


def guest(size):
    return objects.InstanceNUMATopology(cells=[
        objects.InstanceNUMACell(
            id=number, cpuset=set(), pcpuset=set(), memory=1)
        for number in range(size)])


def scheduled(state, spec, order):
    """Whether both filters pass a host, in either order."""
    records = state.pci_stats
    for name in order:
        if name == 'ours':
            if not filters.SriovCapacityFilter().filter_all([state], spec):
                return False
        elif hardware.numa_fit_instance_to_host(
                records.numa_topology, copy.deepcopy(spec.numa_topology),
                {}, pci_requests=spec.pci_requests.requests,
                pci_stats=state.pci_stats) is None:
            return False
    return True


def claimed(tracker, spec, host, monkeypatch):
    """Nova's own claim, test and all.

    :returns: list of PciDevice; None where the test refuses
    :raises nova.exception.PciDeviceRequestFailed: it accepts and the claim
        does not
    """
    monkeypatch.setattr(claims.Claim, '_claim_test', trial.claim_test)
    instance = objects.Instance(
        uuid=uuids.server, flavor=spec.flavor, vm_state='building',
        numa_topology=copy.deepcopy(spec.numa_topology))
    node = objects.ComputeNode(numa_topology=host.topology._to_json())
    pci = objects.InstancePCIRequests(
        instance_uuid=uuids.server,
        requests=[one.obj_clone() for one in spec.pci_requests.requests])
    try:
        claim = claims.Claim(
            context.get_admin_context(), instance, 'host',
            types.SimpleNamespace(pci_tracker=tracker), node, pci)
    except exception.ComputeResourcesUnavailable:
        return None
    return tracker.claim_instance(
        context.get_admin_context(), pci, claim.claimed_numa_topology)


def possible(host, wanted, size, extra_specs):
    """By trying all nodes and all VFs."""
    nodes = range(len(host.sockets))
    return any(
        _serves(host, choice, wanted, cells, extra_specs)
        for cells in itertools.permutations(nodes, size)
        for choice in itertools.permutations(host.devices, len(wanted)))


def _serves(host, choice, wanted, cells, extra_specs):
    pfs = [dev['parent_addr'] for dev in choice]
    if (extra_specs.get('sriov:pf_policy') == 'spread'
            and len(set(pfs)) < len(pfs)):
        return False
    if (extra_specs.get('sriov:lag_policy') == 'reject'
            and set(pfs) & set(host.degraded)):
        return False
    return not set(pfs) & set(host.switchdev) and all(
        spec.items() <= dev['tags'].items()
        and _near(host, dev['numa_node'], policy or 'legacy', cells)
        for dev, (policy, spec) in zip(choice, wanted, strict=True))


def _near(host, node, policy, cells):
    if node in cells or policy == 'preferred':
        return True
    if policy == 'socket':
        return node is not None and host.sockets[node] in {
            host.sockets[cell] for cell in cells}
    return policy == 'legacy' and node is None


FLAVORS = st.fixed_dictionaries({}, optional={
    'sriov:pf_policy': st.sampled_from(('spread', 'pack', 'prefer_spread')),
    'sriov:lag_policy': st.sampled_from(('reject', 'ignore'))})


@hypothesis.settings(
    max_examples=150, deadline=None, suppress_health_check=[
        hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(hosts(), requests(), st.integers(1, 2), FLAVORS,
                  st.permutations(('ours', 'numa')))
def test_scheduler_and_claim_agree_with_trying_all(
        conf, monkeypatch, host, wanted, size, extra_specs, order):
    host = Host(conf, *host)
    conf.config(group='sriov', plain_port_mode=(
        'legacy' if host.switchdev else 'any'))
    hypothesis.assume(host.devices)
    spec = objects.RequestSpec(
        instance_uuid=uuids.server, scheduler_hints={},
        flavor=objects.Flavor(extra_specs=extra_specs),
        numa_topology=guest(size),
        pci_requests=objects.InstancePCIRequests(requests=built(wanted)))
    expected = possible(host, wanted, size, extra_specs)
    stock = host.state()
    passes = hardware.numa_fit_instance_to_host(
        host.topology, guest(size), {}, pci_requests=built(wanted),
        pci_stats=stock.pci_stats) is not None
    assert expected or extra_specs or host.switchdev or not passes
    state = host.state()
    # As Nova does, before any filter.
    consume.adapt(state)
    requesters.remember(None, spec)
    assert scheduled(state, spec, order) == expected
    devices = claimed(
        host.tracker(trackers.OURS), spec, host, monkeypatch)
    assert bool(devices) == expected
    hypothesis.event(f'served: {expected}, by stock: {passes}')


@pytest.fixture
def state(conf):
    """A PF on node 0, one on no node, one on node 1, with a VF each."""
    found = Host(conf, (0, 1), (0, None, 1), [(1, 0)] * 3, ()).state()
    consume.adapt(found)
    return found


def test_a_choice_takes_near_devices_or_none(state):
    """As HostState.consume_from_request."""
    strict = built([('required', {})])
    counts = [pool['count'] for pool in state.pci_stats.pools]
    cells = trackers.cells(1).cells
    with pytest.raises(exception.PciDeviceRequestFailed):
        state.pci_stats.apply_requests(built([('required', {})] * 2), {},
                                       cells)
    assert [pool['count'] for pool in state.pci_stats.pools] == counts
    state.pci_stats.apply_requests(strict, {}, cells)
    assert {pool['numa_node']: pool['count']
            for pool in state.pci_stats.pools} == {0: 1, None: 1, 1: 0}


def test_a_choice_of_several_servers_respects_what_is_taken(state):
    one = built([('preferred', {})])
    for node in (1, None, 0):
        state.pci_stats.apply_requests(one, {}, trackers.cells(1).cells)
        assert {pool['numa_node'] for pool in state.pci_stats.pools
                if not pool['count']} >= {node}
    with pytest.raises(exception.PciDeviceRequestFailed):
        state.pci_stats.apply_requests(one, {}, trackers.cells(1).cells)
