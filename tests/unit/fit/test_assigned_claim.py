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

"""What an assignment leaves of each pool, and why there is none."""

import pytest

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import assigned_claim
from nova_sriov_ext.fit import reasons
from nova_sriov_ext.fit.pools import HostPools
from nova_sriov_ext.report import document
from tests.unit.scheduler.pools import pool

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'
VF0 = pool(2, physical_network='a', address=PF0)
VF1 = pool(2, physical_network='a', address=PF1)
LEGACY_AND_SWITCHDEV = document.Report(claim='assign', rows=(
    document.Row(PF0, 'a', 8, mode='legacy'),
    document.Row(PF1, 'a', 8, mode='switchdev')))


def port(physnet, name='p1', modes=None, **spec):
    return model.Request(
        specs=({'physical_network': physnet} | spec,), count=1,
        name=f'port {name}', port=name, modes=modes)


def alias(count, *rp_uuids, **spec):
    return model.Request(
        specs=({'vendor_id': '15b3'} | spec,), count=count, name='alias a1',
        rp_uuids=rp_uuids)


def spread(*requests):
    return model.Demand(requests=requests, pf_policy=model.SPREAD)


@pytest.mark.parametrize('requests, left', [
    ((alias(3, 'rp2', 'rp2', 'rp1'),), [1, 1]),
    ((alias(2, 'rp3', 'rp3'),), None),
    ((alias(3, 'rp1', 'rp1', 'rp1'),), None)])
def test_as_many_of_each_provider_as_placement_chose(requests, left):
    pools = [pool(2, rp_uuid='rp1'), pool(3, rp_uuid='rp2')]
    assert assigned_claim.left(
        HostPools.of(pools), model.Demand(requests=requests)) == left


@pytest.mark.parametrize('pools, requests, left', [
    # A flavor's alias is no port: its devices may share a PF.
    ([VF0], (alias(2, dev_type='type-VF'),), [0]),
    ([VF0], (port('a', 'p1'), port('a', 'p2')), None),
    ([VF0, VF1], (port('a', 'p1'), port('a', 'p2')), [1, 1]),
    # Tunnelled networks count as one; beside a physnet they are another.
    ([pool(2, address=PF0, physical_network=None)],
     (port(None, 'p1'), port(None, 'p2')), None),
    ([pool(2, address=PF0, physical_network=None), VF0],
     (port(None, 'p1'), port('a', 'p2')), [1, 1]),
])
def test_ports_of_a_network_are_spread(pools, requests, left):
    assert assigned_claim.left(
        HostPools.of(pools), spread(*requests)) == left


def test_too_few_pfs_where_the_mode_suits():
    switchdev = frozenset(('switchdev',))
    misfit = assigned_claim.unassignable(
        HostPools.of([VF0, VF1], LEGACY_AND_SWITCHDEV),
        spread(port('a', 'p1', switchdev), port('a', 'p2', switchdev)))
    assert (misfit.reason, str(misfit)) == (
        reasons.SAME_PF,
        'a: 2 VFs requested from different PFs, they would come from 1')


def test_too_few_pfs_of_several():
    misfit = assigned_claim.unassignable(HostPools.of([VF0, VF1]), spread(
        *(port('a', f'p{number}') for number in range(3))))
    assert str(misfit) == (
        'a: 3 VFs requested from different PFs, they would come from 2')


def test_a_whole_pf_is_no_place_for_a_vf():
    whole = pool(1, physical_network='a', dev_type='type-PF', address=PF1)
    misfit = assigned_claim.unassignable(HostPools.of([VF0, whole]), spread(
        port('a', 'p1'), port('a', 'p2'),
        port('a', 'p3', dev_type='type-PF')))
    assert str(misfit) == (
        'a: 2 VFs requested from different PFs, they would come from 1')


def test_pfs_are_enough_and_exclude_their_vfs():
    whole = pool(1, physical_network='a', dev_type='type-PF', address=PF0)
    misfit = assigned_claim.unassignable(HostPools.of([VF0, whole]), spread(
        port('a', 'p1'), port('a', 'p2', dev_type='type-PF')))
    assert misfit.reason == reasons.NO_ASSIGNMENT


TUNNELLED = pool(2, address=PF1, physical_network=None)


@pytest.mark.parametrize('reserves, left', [
    # Without the tag VFs are for aliases, and Nova gives them to this port.
    ({}, [2, 2]), ({None: '1'}, [3, 1]), ({'a': '1'}, [2, 2])])
def test_what_a_reserve_loses_depends_on_the_policy(reserves, left):
    assert assigned_claim.left(
        HostPools.of([pool(3, address=PF0), TUNNELLED]),
        model.Demand((port(None),), reserves=reserves)) == left
