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

"""Random hosts, requests, claims and frees: against Nova's own tracker."""

import copy

import hypothesis
from hypothesis import strategies as st
from nova import exception

from tests.unit.claim import trackers
from tests.unit.claim.trackers import OURS
from tests.unit.claim.trackers import STOCK
from tests.unit.claim.trackers import alias
from tests.unit.claim.trackers import cells
from tests.unit.claim.trackers import claim
from tests.unit.claim.trackers import pf
from tests.unit.claim.trackers import pools
from tests.unit.claim.trackers import port
from tests.unit.claim.trackers import vfs

# None: tunnelled
NETWORKS = (trackers.PHYSNET, trackers.PHYSNET, None)
ADDRESSES = ('0000:03:00.0', '0000:04:00.0', '0000:05:00.0')

settings = hypothesis.settings(
    max_examples=300, suppress_health_check=[
        hypothesis.HealthCheck.function_scoped_fixture])


@st.composite
def devices(draw):
    """PFs, listed or not, with VFs, some of them trusted."""
    found = []
    for address in ADDRESSES[:draw(st.integers(1, 3))]:
        node = draw(st.sampled_from((0, 1, None)))
        if draw(st.booleans()):
            found.append(pf(address, numa_node=node))
        plain, trusted = draw(st.tuples(st.integers(0, 2), st.integers(0, 1)))
        found += vfs(address, plain, numa_node=node,
                     physical_network=draw(st.sampled_from(NETWORKS)))
        found += vfs(address, trusted, first=plain, numa_node=node,
                     trusted='true')
    hypothesis.assume(found)
    return found


def requests():
    """A list of ports (VF, trusted VF, PF) and aliases, with a guest's NUMA
    nodes."""
    one = st.one_of(
        st.sampled_from([{}, {'physical_network': None}, {'trusted': 'true'},
                         {'dev_type': 'type-PF'}]).map(
                             lambda spec: port(**spec)),
        st.builds(alias, count=st.integers(0, 2),
                  numa_policy=st.sampled_from(
                      (None, 'required', 'legacy', 'preferred', 'socket')),
                  product_id=st.sampled_from(('101e', '101d')),
                  dev_type=st.sampled_from(('type-VF', 'type-PF'))))
    return st.tuples(
        st.lists(one, min_size=1, max_size=4).map(_numbered),
        st.sampled_from(((), (0,), (1,), (0, 1))).map(
            lambda numbers: cells(*numbers)))


def _numbered(some):
    for number, request in enumerate(some):
        request.request_id = getattr(trackers.uuids, f'request{number}')
    return some


def claimed(tracker, some, numa, server='server'):
    """:returns: list of devices; None when the claim fails"""
    try:
        claim(tracker, *copy.deepcopy(some), server=server, numa=numa)
    except exception.PciDeviceRequestFailed:
        return None
    uuid = getattr(trackers.uuids, server)
    return [dev for dev in tracker.pci_devs
            if dev.instance_uuid == uuid and dev.status == 'allocated']


@settings
@hypothesis.given(devices(), requests(),
                  st.sampled_from(('pack', 'prefer_spread')))
def test_what_nova_accepts_is_accepted(conf, flavor, devs, wanted, policy):
    flavor['sriov:pf_policy'] = policy
    compute = trackers.Computes(conf, devs)
    some, numa = wanted
    ours, stock = compute.tracker(OURS), compute.tracker(STOCK)
    passes = trackers.passes(ours, *some, numa=numa)
    mine, theirs = claimed(ours, some, numa), claimed(stock, some, numa)
    assert passes == (mine is not None)
    assert mine is not None or theirs is None
    if mine:
        assert len(mine) == sum(request.count for request in some)
        for request in some:
            assert _alone(compute, request, mine, numa)


def _alone(compute, request, mine, numa):
    """Nova, too, would give these devices to this request, were there no
    others on the host."""
    addresses = {dev.address for dev in mine
                 if dev.request_id == request.request_id}
    tracker = compute.tracker(STOCK)
    for dev in list(tracker.stats.get_free_devs()):
        if dev.address not in addresses:
            tracker.stats.remove_device(dev)
    alone = request.obj_clone()
    alone.count = len(addresses)
    return alone.count == request.count and (
        not alone.count or claimed(tracker, [alone], numa) is not None)


@settings
@hypothesis.given(devices(), st.lists(st.one_of(
    st.tuples(st.sampled_from('abc'), requests()),
    st.tuples(st.sampled_from('abc'), st.none())), max_size=8))
def test_pools_are_those_of_a_tracker_built_afresh(conf, devs, steps):
    compute = trackers.Computes(conf, devs)
    tracker = compute.tracker(OURS)
    for server, wanted in steps:
        if wanted is None:
            trackers.free(tracker, server)
        else:
            before = pools(tracker)
            if claimed(tracker, *wanted, server=server) is None:
                assert pools(tracker) == before
        assert pools(tracker) == pools(
            compute.tracker(OURS, known=list(tracker.pci_devs)))


@settings
@hypothesis.given(
    st.lists(st.integers(0, 3), min_size=1, max_size=3),
    st.integers(1, 4), st.integers(0, 2))
def test_spread_is_reached_whenever_possible(
        conf, flavor, free, asked, attached):
    """Ports at boot, and more of them attached later."""
    flavor['sriov:pf_policy'] = 'spread'
    devs = [dev for address, count in zip(ADDRESSES, free, strict=False)
            for dev in vfs(address, count)]
    hypothesis.assume(devs)
    compute = trackers.Computes(conf, devs)
    tracker = compute.tracker(OURS)
    possible = sum(map(bool, free))
    mine = claimed(tracker, _numbered([port() for _ in range(asked)]), None)
    assert (mine is not None) == (asked <= possible)
    for number in range(attached if mine else 0):
        one = port(f'attached{number}')
        mine = claimed(tracker, [one], None)
        assert (mine is not None) == (asked + number < possible)
        if mine:
            assert len({dev.parent_addr for dev in mine}) == len(mine)
