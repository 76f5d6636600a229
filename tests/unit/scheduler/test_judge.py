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

"""What the filter leaves of hosts that pass, and tells of all others."""

import logging

from nova import objects
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.demand import gather
from nova_sriov_ext.fit import reasons
from nova_sriov_ext.scheduler import consume
from nova_sriov_ext.scheduler import filters
from nova_sriov_ext.scheduler import requesters
from tests.unit.scheduler import hosts as made
from tests.unit.scheduler import pools as given

A_PORT = given.port_request(uuids.port, physical_network='a')
TUNNELLED = given.port_request(uuids.other, physical_network=None)
ALIAS = given.alias_request('a1', 2, [{'vendor_id': '8086'}])
CLASS = 'CUSTOM_SRIOV_VF_A'


def host(name, *pools, claim=None, placement=True):
    return made.host(
        name, *pools or (
            given.pool(2, physical_network='a'),
            given.pool(2, physical_network=None),
            given.pool(2, vendor_id='8086', rp_uuid='rp1')),
        claim=claim, placement=placement, candidates=[{
            'allocations': {
                getattr(uuids, name): {'resources': {'VCPU': 1}}},
            'mappings': {}}])


def passed(hosts, *requests):
    """:returns: list of the names of the hosts, and the RequestSpec"""
    spec = made.request(*requests)
    found = filters.SriovCapacityFilter().filter_all(iter(hosts), spec)
    return [state.host for state in found], spec


def vfs(state):
    return [one['allocations'][state.uuid]['resources'].get(CLASS)
            for one in state.allocation_candidates]


@pytest.mark.parametrize('requests', [[A_PORT], [A_PORT, ALIAS]])
def test_vfs_are_claimed_in_placement_on_hosts_that_pass(
        conf, caplog, requests):
    states = {name: host(name) for name in ('one', 'two', 'odd')}
    states['full'] = host('full', given.pool(0, physical_network='a'))
    states['odd'].allocation_candidates = None
    found, _ = passed(states.values(), *requests)
    assert found == ['one', 'two', 'odd']
    assert [vfs(states[name]) for name in ('one', 'two', 'full')] == [
        [1], [1], [None]]
    assert 'VFs of host odd will not be claimed' in caplog.text
    assert 'host one' not in caplog.text


def test_without_ports_nothing_is_claimed_in_placement(conf, caplog):
    state = host('odd')
    state.allocation_candidates = None
    assert passed([state], ALIAS)[0] == ['odd']
    assert not caplog.records


@pytest.mark.parametrize('requests, claim, adapted', [
    ([TUNNELLED], 'assign', True), ([TUNNELLED], None, False),
    # Whose order does not matter.
    ([A_PORT], 'assign', False)])
def test_the_record_of_a_host_is_as_its_claim(
        conf, requests, claim, adapted):
    """Where another filter loads before this one."""
    state = host('h', claim=claim)
    assert passed([state], *requests)[0] == ['h']
    assert isinstance(
        state.pci_stats, consume.SchedulerPciStats) is adapted


def test_a_record_that_cannot_be_adapted(conf, monkeypatch, caplog):
    def broken(state):
        raise KeyError('pools')
    monkeypatch.setattr(consume, 'adapt', broken)
    assert passed([host('one'), host('two')], TUNNELLED)[0] == ['one', 'two']
    assert 'unable to keep count of host two' in caplog.text


def test_the_filter_remembers_whose_ports_they_are(conf):
    state = host('h')
    _, spec = passed([state], A_PORT)
    assert isinstance(requesters.server_of(
        spec.pci_requests.requests, state), requesters.Requested)


def test_candidates_that_do_not_fit_are_left_out(conf):
    state = host('h')
    state.allocation_candidates = [
        {'allocations': {}, 'mappings': {f'{uuids.alias}-{number}': [rp]
                                         for number in range(2)}}
        for rp in ('rp2', 'rp1', 'rp3')]
    asked = given.alias_request('a1', 2, [{'vendor_id': '8086'}])
    asked.request_id = uuids.alias
    kept = state.allocation_candidates[1]
    assert passed([state], asked)[0] == ['h']
    assert state.allocation_candidates == [kept]
    state.allocation_candidates = [
        {'allocations': {}, 'mappings': {f'{uuids.alias}-0': ['rp2']}}]
    before = list(state.allocation_candidates)
    assert passed([state], asked)[0] == []
    assert state.allocation_candidates == before


def test_a_server_without_candidates_is_judged(conf):
    """As a move that Placement is not asked for."""
    state = host('h')
    state.allocation_candidates = []
    assert passed([state], ALIAS)[0] == ['h']
    assert state.allocation_candidates == []
    assert passed([state], ALIAS, ALIAS)[0] == []


def test_each_refused_host_is_told_at_debug(conf, caplog):
    caplog.set_level(logging.DEBUG)
    full = host('full', given.pool(0, physical_network='a'))
    assert passed([host('free'), full], A_PORT)[0] == ['free']
    told = [record.getMessage() for record in caplog.records
            if record.name == filters.LOG.name]
    assert told == [f'Host full refused: {reasons.NO_FREE}: a: 1 VF '
                    f'requested, none free (port {uuids.port})']


def test_a_server_that_has_no_id_is_told_too(conf, caplog):
    caplog.set_level(logging.INFO)
    spec = objects.RequestSpec(
        scheduler_hints={}, pci_requests=objects.InstancePCIRequests(
            requests=[A_PORT]))
    assert filters.SriovCapacityFilter().filter_all([], spec) == []
    assert filters.SriovCapacityFilter().filter_all(
        [host('full', given.pool(0, physical_network='a'))], spec) == []
    assert 'SR-IOV devices of server unknown: none_free' in caplog.text


def test_a_host_without_devices_is_refused(conf):
    """Nova's record has none where the node never reported any."""
    state = host('h')
    state.pci_stats = None
    assert passed([state], A_PORT)[0] == []
    assert passed([state], ALIAS)[0] == []
    assert filters.judge(state, gather.demand_of([ALIAS], {})).reason == (
        reasons.NO_PCI)


def test_of_pools_that_nova_would_not_make_the_others_count(conf):
    state = host('h')
    state.pci_stats.pools.insert(0, 'pool')
    assert passed([state], A_PORT, ALIAS)[0] == ['h']
    assert passed([state], A_PORT, ALIAS, ALIAS)[0] == []
    assert filters.judge(state, gather.demand_of(
        [A_PORT] * 3, {})).reason == reasons.TOO_FEW


def test_what_is_no_host_is_passed_on_and_told(conf, caplog):
    found = filters.judge('no host', gather.demand_of([ALIAS], {}))
    assert found is None
    assert 'Host no host cannot be judged' in caplog.text
