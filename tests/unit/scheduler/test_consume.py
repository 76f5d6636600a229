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

"""The scheduler's record of a host whose claim assigns the devices."""

import copy

import hypothesis
from hypothesis import strategies as st
from nova import exception
from nova import objects
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.claim import server
from nova_sriov_ext.report import document
from nova_sriov_ext.scheduler import consume
from nova_sriov_ext.scheduler import requesters
from tests.unit.claim import trackers
from tests.unit.scheduler import hosts
from tests.unit.scheduler import pools as given

PFS = ('0000:03:00.0', '0000:03:00.1')


@pytest.fixture
def record(conf):
    """:returns: HostState with pools of 3 and 2 VFs"""
    found = hosts.host('h1', given.pool(3, address='0000:03:00.0'),
                       given.pool(2, address='0000:03:00.1'),
                       claim='assign')
    consume.adapt(found)
    return found


def counts(record):
    return [pool['count'] for pool in record.pci_stats.pools]


def test_each_device_is_taken_once(record):
    record.pci_stats.apply_requests(
        [given.alias_request('a1', 1, [{'vendor_id': '15b3'}]),
         given.alias_request('a2', 1, [{'vendor_id': '15b3'}]),
         given.alias_request('a3', 2, [{'vendor_id': '15b3'}])], {})
    assert sum(counts(record)) == 1


def test_no_assignment_takes_nothing_and_names_the_requests(record):
    asked = [given.alias_request('first', 1, [{'vendor_id': '15b3'}]),
             given.alias_request('second', 5, [{'vendor_id': '15b3'}])]
    with pytest.raises(exception.PciDeviceRequestFailed, match='second'):
        record.pci_stats.apply_requests(asked, {})
    assert counts(record) == [3, 2]


def test_a_record_is_adapted_once(record):
    """HostState.update runs for every request of the scheduler."""
    there = record.pci_stats
    consume.adapt(record)
    assert record.pci_stats is there


def test_of_the_providers_that_placement_chose(record):
    for pool, provider in zip(record.pci_stats.pools, ('rp1', 'rp2'),
                              strict=True):
        pool['rp_uuid'] = provider
    asked = given.alias_request('a1', 2, [{'vendor_id': '15b3'}])
    asked.request_id = uuids.alias
    record.pci_stats.apply_requests(
        [asked], {f'{uuids.alias}-{number}': ['rp2'] for number in range(2)})
    assert counts(record) == [3, 0]


def test_from_the_pf_whose_mode_suits_the_port(conf, neutron):
    """As the host reports it, and Neutron tells of the port."""
    found = hosts.host('h1', *(
        given.pool(2, address=address, physical_network='a')
        for address in PFS), claim='assign', rows=[
            document.Row(address, 'a', 2, mode) for address, mode in zip(
                PFS, ('legacy', 'switchdev'), strict=True)])
    consume.adapt(found)
    neutron.add(uuids.port, hardware_offload_type='switchdev')
    spec = hosts.request(given.port_request(uuids.port, physical_network='a'))
    requesters.remember(None, spec)
    found.pci_stats.apply_requests(spec.pci_requests.requests, {})
    assert counts(found) == [2, 1]


# Of each PF its eswitch mode and how many VFs it has.
CARDS = st.lists(st.tuples(st.sampled_from(('legacy', 'switchdev')),
                           st.integers(1, 3)), min_size=1, max_size=3)
PORTS = st.lists(st.sampled_from((
    {}, {'hardware_offload_type': 'switchdev'},
    {'binding:vif_type': 'hw_veb'},
    {'binding:profile': {'capabilities': ['rx', 'switchdev']}})),
    min_size=1, max_size=4)


@hypothesis.settings(max_examples=200, suppress_health_check=[
    hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(CARDS, PORTS, st.sampled_from(
    ('pack', 'prefer_spread', 'spread')))
def test_it_takes_what_the_claim_takes(
        conf, neutron, monkeypatch, cards, ports, policy):
    """Of the very PFs: modes that are preferred, and that are spared."""
    monkeypatch.setattr(server, 'flavor_in_database', lambda *args: (
        objects.Flavor(extra_specs={})))
    conf.config(group='sriov', pf_policy=policy)
    addresses = [f'0000:{number:02x}:00.0' for number in range(3, 6)]
    rows = [document.Row(pf, trackers.PHYSNET, count, mode)
            for pf, (mode, count) in zip(addresses, cards, strict=False)]
    tracker = trackers.Computes(conf, [
        vf for row in rows for vf in trackers.vfs(row.pf, row.vfs)
    ], rows).tracker(trackers.OURS)
    state = hosts.host('h1', *copy.deepcopy(
        [{key: value for key, value in pool.items() if key != 'devices'}
         for pool in tracker.stats.pools]), claim='assign', rows=rows)
    consume.adapt(state)
    names = [f'port{number}' for number in range(len(ports))]
    for name, attributes in zip(names, ports, strict=True):
        neutron.add(getattr(uuids, name), **attributes)
    spec = hosts.request(*map(trackers.port, names))
    requesters.remember(None, spec)
    requested = spec.pci_requests.requests
    # With one mode the claim looks up no ports: the filter has done so.
    if state.pci_stats.support_requests(requested, {}):
        assert trackers.passes(tracker, *requested)
        trackers.claim(tracker, *requested)
        state.pci_stats.apply_requests(requested, {})
        assert {pool['address']: pool['count']
                for pool in tracker.stats.pools if pool['count']} == {
            pool['address']: pool['count']
            for pool in state.pci_stats.pools if pool['count']}
