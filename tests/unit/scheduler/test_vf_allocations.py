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

import copy

from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.demand import model
from nova_sriov_ext.placement import names
from nova_sriov_ext.report import document
from nova_sriov_ext.scheduler import vf_allocations
from tests.unit.scheduler import hosts

VFS = 'CUSTOM_SRIOV_VF_A'


TUNNELLED = 'CUSTOM_SRIOV_VF__TUNNELLED'


def host(*found, placement=True, rows=(), **report):
    return hosts.host('host', rows=rows, placement=placement,
                      candidates=found, **report)


def requested(counts, modes=None):
    """:param counts: physnet → VFs"""
    return [model.Request(
        ({'physical_network': physnet, 'remote_managed': 'False'},), 1, 'port',
        modes=modes) for physnet, count in counts.items()
        for _ in range(count)]


def resources(*requests):
    return vf_allocations.resources(model.Demand(requests))


def candidate(**resources):
    """:param resources: by the name of the provider"""
    return {'allocations': {getattr(uuids, name): {'resources': dict(of_it)}
                            for name, of_it in resources.items()},
            'mappings': {'': [uuids.host]}}


def add_vfs(state, counts):
    vf_allocations.add_vfs(state, resources(*requested(counts)))


def test_all_candidates_of_the_host_get_the_vfs():
    state = host(candidate(host={'VCPU': 1}),
                 candidate(host={'VCPU': 1}, child={'VGPU': 1}),
                 candidate(child={'VCPU': 1}))
    add_vfs(state, {'a': 2, 'B c': 1, 'd': 0})
    other, = (name for name in
              state.allocation_candidates[2]['allocations'][uuids.host][
                  'resources'] if name != VFS)
    assert other.startswith('CUSTOM_SRIOV_VF_B_C_')
    vfs = {VFS: 2, other: 1}
    assert state.allocation_candidates == [
        candidate(host={'VCPU': 1, **vfs}),
        candidate(host={'VCPU': 1, **vfs}, child={'VGPU': 1}),
        candidate(host=vfs, child={'VCPU': 1})]


@pytest.mark.parametrize('rows, vfs', [
    ((document.Row('0000:03:00.0', None, 4),), {VFS: 2, TUNNELLED: 1}),
    # A compute host of before, and one whose VFs are not tagged for ports.
    ((), {VFS: 2}), ((document.Row('0000:03:00.0', None, 0),), {VFS: 2})])
def test_tunnelled_vfs_where_the_host_publishes_them(rows, vfs):
    state = host(candidate(host={'VCPU': 1}), rows=rows)
    add_vfs(state, {'a': 2, None: 1})
    assert state.allocation_candidates == [
        candidate(host={'VCPU': 1, **vfs})]


def test_one_physnet_in_two_spellings():
    """Nova serves both ports from the same VFs."""
    assert resources(*requested({'a': 2, 'A': 1})) == {VFS: 3}


SWITCHDEV = names.mode_class('switchdev', 'a')
LEGACY = names.mode_class('legacy', 'a')


@pytest.mark.parametrize('modes, expected', [
    (None, {VFS: 2}), ({'unknown'}, {VFS: 2}),
    ({'switchdev'}, {VFS: 2, SWITCHDEV: 2}),
    ({'legacy', 'unknown'}, {VFS: 2, LEGACY: 2}),
    # A VF of either will do.
    ({'legacy', 'switchdev'}, {VFS: 2})])
def test_a_port_that_requires_a_mode_claims_both_classes(modes, expected):
    assert resources(*requested({'a': 2}, modes and frozenset(
        modes))) == expected


def test_each_port_claims_what_it_requires():
    assert resources(
        *requested({'a': 2}), *requested({'A': 1}, frozenset({'switchdev'})),
        *requested({'a': 1}, frozenset({'legacy'}))) == {
            VFS: 4, SWITCHDEV: 1, LEGACY: 1}


@pytest.mark.parametrize('request_', [
    model.Request(({'physical_network': 'a', 'dev_type': 'type-PF'},), 1,
                  'port'),
    model.Request(({'vendor_id': '15b3'},), 1, 'alias')])
def test_what_is_no_vf_of_a_network_claims_nothing(request_):
    assert resources(request_) == {}


def rows(*modes, physnet='A'):
    return [document.Row(f'0000:{number:02x}:00.0', physnet, 4, mode)
            for number, mode in enumerate(modes, 3)]


@pytest.mark.parametrize('report, expected', [
    ({'rows': rows('switchdev')}, {VFS: 3, SWITCHDEV: 2}),
    ({'rows': rows('switchdev', 'legacy')},
     {VFS: 3, SWITCHDEV: 2, LEGACY: 1}),
    # Any of the VFs whose mode is not known could be one of these.
    ({'rows': rows('switchdev', 'legacy', 'unknown')}, {VFS: 3}),
    # What another physnet has.
    ({'rows': rows('switchdev', physnet='b')}, {VFS: 3}),
    ({'rows': [*rows('switchdev'), *rows('unknown', physnet='b')]},
     {VFS: 3, SWITCHDEV: 2}),
    # Of a release that does not have the modes there.
    ({'rows': rows('switchdev', 'legacy'), 'placement_modes': False},
     {VFS: 3}),
    ({'rows': rows('switchdev', 'legacy'), 'placement': False}, {})])
def test_of_modes_what_the_host_publishes(report, expected):
    state = host(candidate(host={'VCPU': 1}),
                 **{'placement_modes': True} | report)
    vf_allocations.add_vfs(state, {VFS: 3, SWITCHDEV: 2, LEGACY: 1})
    assert state.allocation_candidates == [
        candidate(host={'VCPU': 1, **expected})]


def test_again_for_the_next_server_of_the_request():
    state = host(candidate(host={'VCPU': 1}))
    add_vfs(state, {'a': 2})
    once = copy.deepcopy(state.allocation_candidates)
    add_vfs(state, {'a': 2})
    assert state.allocation_candidates == once


@pytest.mark.parametrize('counts, placement', [
    ({}, True), ({None: 1}, True), ({'a': 1}, False)])
def test_nothing_is_added(counts, placement):
    state = host(candidate(host={'VCPU': 1}), placement=placement)
    add_vfs(state, counts)
    assert state.allocation_candidates == [candidate(host={'VCPU': 1})]


def test_a_rebuild_has_no_candidates():
    state = host()
    add_vfs(state, {'a': 1})
    assert state.allocation_candidates == []
