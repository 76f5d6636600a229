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


"""What limits servers, and where the claims' choice cannot be a bad one."""

import pytest

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import needs
from nova_sriov_ext.fit.pools import HostPools
from nova_sriov_ext.report import document
from tests.unit.fit.small_clouds import vfs

SWITCHDEV = frozenset(('switchdev', 'unknown'))
LEGACY = frozenset(('legacy', 'unknown'))


def port(physnet='a', modes=None, **spec):
    return model.Request(
        specs=({'physical_network': physnet, 'remote_managed': 'False'}
               | spec,), count=1, name='port p', port='p', modes=modes)


def alias(**spec):
    return model.Request(
        specs=({'vendor_id': '15b3'} | spec,), count=1, name='alias a1')


OFFLOADED, WHOLE, TUNNELLED = (
    port(modes=SWITCHDEV), port(dev_type='type-PF'), port(None))
VFS = vfs(0, 3)
BOTH_MODES = VFS, vfs(1, 3, mode='switchdev')


def whole_pf(number):
    return vfs(number, 1, dev_type='type-PF')


def of(found, *requests, claim='assign', **demand):
    """:param found: as small_clouds.vfs returns them"""
    pools, rows = zip(*found, strict=True)
    return needs.Needs(
        HostPools.of(list(pools), document.Report(rows, claim=claim)),
        model.Demand(requests, **demand))


SPREAD = {'pf_policy': model.SPREAD}
OF_NOVA = {'claim': None}


@pytest.mark.parametrize('found, requests, more', [
    ([VFS], [port()], {}),
    ([VFS], [port()], OF_NOVA),
    (BOTH_MODES, [OFFLOADED], {}),
    ([VFS, vfs(1, 2, 'b')], [port(), port('b')], {}),
    ([VFS, whole_pf(1)], [port(), WHOLE], {}),
    ([VFS], [port()], {'reserves': {'a': '1'}}),
    # Who may have all takes legacy VFs, which the other cannot have.
    (BOTH_MODES, [port(), OFFLOADED], {}),
    ([VFS, vfs(1, 2)], [port(), port()], SPREAD),
    ([VFS, vfs(1, 2), vfs(2, 9, 'b')], [port(), port()], SPREAD),
    # Such PFs are empty.
    ([VFS, vfs(1, 0, mode='switchdev')],
     [port(modes=LEGACY)], OF_NOVA),
    ([VFS, vfs(1, 0, lag='inactive')], [port(), port()], SPREAD),
])
def test_any_choice_is_good(found, requests, more):
    assert of(found, *requests, **more).is_any_choice_good is True


@pytest.mark.parametrize('found, requests, more', [
    # Nova's claim takes what comes first.
    ([VFS, vfs(1, 2)], [port(), port()], OF_NOVA | SPREAD),
    (BOTH_MODES, [OFFLOADED], OF_NOVA),
    # A PF or its VFs.
    ([VFS, whole_pf(0)], [port(), WHOLE], {}),
    # Others than the ports take of the reserve, or these something else.
    ([VFS], [port(), alias()], {'reserves': {'a': '1'}}),
    # Sets that overlap; those after them do not.
    ([vfs(0, 1, 'b'), vfs(1, 1, 'b', rack='7'), vfs(2, 1, 'c', rack='7'),
      vfs(3, 1)], [port('b'), alias(rack='7'), port()], {}),
    ([VFS, vfs(1, 3, rack='7'), vfs(2, 3, rack='7', row='1')],
     [alias(), alias(rack='7'), alias(row='1')], {}),
    (BOTH_MODES, [port(), OFFLOADED], SPREAD),
    (BOTH_MODES, [port(modes=LEGACY), OFFLOADED], SPREAD),
    # PFs that are fullest with VFs of others come first, healthy ones too.
    ([VFS, vfs(1, 2), vfs(0, 9, 'b')], [port(), port()], SPREAD),
    ([VFS, vfs(1, 2, lag='inactive')], [port(), port()], SPREAD),
    ([VFS, vfs(1, 3, mode='switchdev', lag='inactive')],
     [port(), OFFLOADED], {}),
])
def test_a_choice_may_be_bad(found, requests, more):
    assert of(found, *requests, **more).is_any_choice_good is False


def test_a_tunnelled_port_may_take_what_is_not_in_its_reserve():
    untagged = vfs(1, 2, None)
    del untagged[0]['physical_network']
    assert not of([vfs(0, 3, None), untagged], TUNNELLED,
                  reserves={None: '1'}).is_any_choice_good


def names(found, *requests, **more):
    return [bound.name for bound in of(found, *requests, **more).limits()]


@pytest.mark.parametrize('found, requests, expected', [
    ([VFS], [port()], ['VFs of a']),
    ([VFS, vfs(1, 1, 'b')], [port(), alias()],
     ['VFs of a', 'VFs of a and devices of alias a1']),
    ([VFS, whole_pf(1)], [WHOLE], ['PFs of a']),
    ([VFS], [port(trusted='true', rack='7')],
     ['VFs of a (trusted true, rack 7)']),
    ([VFS], [port(remote_managed='True')], ['VFs of a (remote_managed True)']),
])
def test_what_is_limited(found, requests, expected):
    assert names(found, *requests) == expected


@pytest.mark.parametrize('reserves, expected', [
    ({'a': '0'}, []), ({'b': '1'}, []), ({'a': '4'}, [(3, 1, 4)]),
    # Of nine VFs.
    ({'a': '30%'}, [(3, 1, 3)])])
def test_the_reserve_of_ports_is_a_limit(reserves, expected):
    assert [(bound.free, bound.each, bound.reserved)
            for bound in of([VFS], port(), reserves=reserves).limits()
            ][1:] == expected


def test_unions_of_few_sets_and_of_many():
    sets = [frozenset((0, number)) for number in range(1, 6)]
    few, many = needs._unions(sets[:4]), needs._unions(sets)
    assert [len(union) for union in few] == [
        2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 5]
    assert len(set(few)) == 15
    assert many == [*many[:5], frozenset(range(6))]
    assert set(many[:5]) == set(sets)


def test_hosts_with_other_totals_are_not_alike():
    """A percentage of them is reserved."""
    host = of([VFS], port(), reserves={'a': '30%'})
    other = of([VFS, vfs(1, 0)], port(), reserves={'a': '30%'})
    less = needs.Needs(HostPools(host._host.pools, other._host.report),
                       host._demand)
    assert host.shape != less.shape
    assert host.shape == of([VFS], port(), reserves={'a': '30%'}).shape
