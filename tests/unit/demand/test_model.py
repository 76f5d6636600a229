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

"""What a request of a server says about itself."""

import pytest

from nova_sriov_ext.demand import model

CHOSEN = {'rp_uuids': 'rp1,rp2'}


@pytest.mark.parametrize('group, spec, mappings, providers', [
    ('r1', {}, {'r1-0': ['rp3'], 'r1-1': ['rp4'], 'r2-0': ['rp5']},
     ('rp3', 'rp4')),
    # A move on the same host, a rescheduled boot: what is written there
    # counts only without a choice of this time.
    ('r1', CHOSEN, {'r1-0': ['rp3']}, ('rp3',)),
    ('r1', CHOSEN, {}, ('rp1', 'rp2')),
    ('r1', CHOSEN, None, ('rp1', 'rp2')),
    ('r1', {}, {}, ()),
    # A port: Placement does not place its VF.
    (None, CHOSEN, {'r1-0': ['rp3']}, ()),
])
def test_what_placement_chose(group, spec, mappings, providers):
    request = model.Request(
        specs=(spec,), count=2, name='alias a1', group=group)
    assert request.placed(mappings) == providers


def test_a_request_without_specs_has_no_choice():
    assert model.Request(
        specs=(), count=1, name='alias a1', group='r1').placed({}) == ()


@pytest.mark.parametrize('spec, is_vf, plain, tied, unit', [
    ({'physical_network': 'a'}, True, True, False, 'VFs'),
    ({'physical_network': None}, True, True, False, 'VFs'),
    ({'physical_network': 'a', 'remote_managed': 'True'},
     True, False, False, 'VFs'),
    ({'physical_network': 'a', 'remote_managed': 'False'},
     True, True, False, 'VFs'),
    ({'physical_network': 'a', 'dev_type': 'vdpa'},
     True, False, False, 'VFs'),
    ({'physical_network': 'a', 'dev_type': 'type-PF'},
     False, False, False, 'PFs'),
    ({'physical_network': 'a', 'parent_ifname': 'p0'},
     True, True, True, 'VFs'),
    ({'physical_network': 'a', 'address': '0000:03:00.0'},
     True, True, True, 'VFs'),
    ({'address': '0000:03:00.0'}, False, False, False, 'devices'),
    ({'vendor_id': '15b3'}, False, False, False, 'devices'),
])
def test_what_is_requested(spec, is_vf, plain, tied, unit):
    request = model.Request(specs=(spec,), count=1, name='request')
    assert (request.is_vf, request.is_plain_vf, request.is_tied,
            request.unit) == (is_vf, plain, tied, unit)


PORT = model.Request(specs=({'physical_network': 'a'},), count=1,
                     name='port p1', port='p1')
ALIAS = model.Request(specs=({},), count=1, name='alias a1')
TIED = model.Request(specs=({'physical_network': 'a'},), count=1,
                     name='port p1', port='p1', bandwidth='g')


@pytest.mark.parametrize('requests, aliases, bandwidth', [
    ((PORT,), False, False), ((PORT, ALIAS), True, False),
    ((PORT, TIED), False, True), ((), False, False)])
def test_what_depends_on_placement(requests, aliases, bandwidth):
    found = model.Demand(requests=requests)
    assert (found.has_aliases, found.has_bandwidth, found.is_placed) == (
        aliases, bandwidth, aliases or bandwidth)


@pytest.mark.parametrize('servers, reserves', [
    (('s1', 's2'), {}), (('s2',), {'a': '1'}), ((), {'a': '1'})])
def test_the_reserve_on_the_servers_own_host(servers, reserves):
    asked = model.Demand(
        requests=(PORT,), pf_policy=model.SPREAD, reserves={'a': '1'},
        server='s1')
    assert asked.on(servers) == model.Demand(
        requests=(PORT,), pf_policy=model.SPREAD, reserves=reserves,
        server='s1')


@pytest.mark.parametrize('specs, subject', [
    (({'physical_network': 'a'},), 'a'),
    (({'physical_network': None},), 'tunnelled networks'),
    (({'vendor_id': '15b3'},), 'alias a1')])
def test_what_a_request_is_about(specs, subject):
    assert model.Request(
        specs=specs, count=1, name='alias a1').subject == subject


VF = model.Request(
    specs=({'physical_network': 'A', 'remote_managed': 'False'},),
    count=1, name='port p1', port='p1')


@pytest.mark.parametrize('demand, plain', [
    ({}, {'a': 2}),
    ({'pf_policy': model.PREFER_SPREAD}, {'a': 2}),
    ({'reserves': {'b': '1'}}, {'a': 2}),
    ({'unread': True}, None),
    ({'pf_policy': model.SPREAD}, None),
    ({'reserves': {'A': '1'}}, None)])
def test_sums_of_vfs_tell_all_unless_more_is_to_be_judged(demand, plain):
    assert model.Demand(requests=(VF, VF), **demand).plain == plain
