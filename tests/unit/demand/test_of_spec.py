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

"""What the server of a RequestSpec requests, whatever its spec lacks."""

import logging

from nova import objects
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.demand import gather
from nova_sriov_ext.demand import model
from nova_sriov_ext.demand import pci_requests
from tests.unit.scheduler import hosts
from tests.unit.scheduler import pools as given

A_PORT = given.port_request(uuids.port, physical_network='a')
ATTACHED = given.port_request(uuids.other, physical_network='b')
# In a flavor, the netdev of a PF is a tag like any other.
ALIAS = given.alias_request('a1', 2, [{'parent_ifname': 'p0'}, {}])


@pytest.mark.parametrize('flavor, policy', [
    ({'flavor': objects.Flavor(extra_specs={'sriov:pf_policy': 'spread'})},
     'spread'), ({'flavor': objects.Flavor(extra_specs={})}, 'pack'),
    ({'flavor': objects.Flavor()}, 'pack'),
    ({}, 'pack')])
def test_the_policy_is_the_flavors(conf, flavor, policy):
    """Of a spec of a command or of an old release something may lack."""
    found = gather.of_spec(objects.RequestSpec(
        pci_requests=objects.InstancePCIRequests(requests=[A_PORT]),
        **flavor))
    assert (found.pf_policy, len(found.requests)) == (policy, 1)


def test_what_is_attached_is_requested_on_a_move(conf, monkeypatch):
    monkeypatch.setattr(
        pci_requests, 'of_server', lambda spec_obj: [A_PORT, ATTACHED])
    assert gather.of_spec(hosts.request(A_PORT)).vfs == {'a': 1, 'b': 1}


def test_where_the_database_is_away_the_requests_of_the_boot_count(
        conf, monkeypatch, caplog):
    def away(spec_obj):
        raise OSError('database')
    monkeypatch.setattr(pci_requests, 'of_server', away)
    assert gather.of_spec(hosts.request(A_PORT)).vfs == {'a': 1}
    assert f'server {uuids.server} could not be read' in caplog.text


@pytest.fixture
def evacuated(conf, monkeypatch):
    """A function: whether the server is; an error when that is not known."""
    conf.config(group='sriov', vf_reserve={'a': '1', 'b': '2'})

    def let(answer):
        def is_evacuation(spec_obj):
            assert spec_obj.instance_uuid == uuids.server
            if isinstance(answer, Exception):
                raise answer
            return answer
        monkeypatch.setattr(pci_requests, 'is_evacuation', is_evacuation)
    return let


@pytest.mark.parametrize('answer, option, reserves', [
    (True, True, {}), (True, False, {'a': '1'}), (False, True, {'a': '1'}),
    (OSError('database'), True, {'a': '1'})])
def test_for_whom_the_reserve_holds(
        conf, evacuated, caplog, answer, option, reserves):
    conf.config(group='sriov', evacuation_uses_reserve=option)
    evacuated(answer)
    found = gather.of_spec(hosts.request(A_PORT, ALIAS))
    assert (found.reserves, found.server) == (reserves, uuids.server)
    assert len(found.requests) == 2
    assert ('could not be read' in caplog.text) is isinstance(
        answer, Exception)


def test_a_reserve_for_a_server_that_has_no_id(conf, evacuated):
    conf.config(group='sriov', evacuation_uses_reserve=False)
    spec = hosts.request(A_PORT)
    del spec._obj_instance_uuid
    found = gather.of_spec(spec)
    assert (found.reserves, found.server) == ({'a': '1'}, None)


def test_without_a_reserve_no_database_is_asked(conf, evacuated, caplog):
    evacuated(OSError('database'))
    assert gather.of_spec(hosts.request(ALIAS)).server is None
    assert not caplog.records


def test_a_port_and_an_alias(conf):
    """Who each is, for messages and for what Placement chose."""
    old = given.port_request(None, physical_network='a', parent_ifname='x')
    ALIAS.request_id, A_PORT.request_id = uuids.alias, uuids.request
    port, alias, unnamed = (model.request_of(one)
                            for one in (A_PORT, ALIAS, old))
    assert port == model.Request(
        specs=tuple(A_PORT.spec), count=1, name=f'port {uuids.port}',
        port=uuids.port)
    assert alias == model.Request(
        specs=tuple(ALIAS.spec), count=2, name='alias a1', group=uuids.alias)
    # Of Nova before 20; and what Nova wrote of a past allocation is left out.
    assert unnamed == model.Request(
        specs=({'remote_managed': 'False', 'physical_network': 'a'},),
        count=1, name='a PCI request')


@pytest.mark.parametrize('policy', model.LAG_POLICIES)
def test_only_vfs_are_refused_for_their_lag(conf, policy):
    whole = given.port_request(physical_network='a', dev_type='type-PF')
    for one, refused in ((A_PORT, True), (whole, False), (ALIAS, False)):
        found = model.request_of(one, policy)
        assert (found.lags is not None) is (refused and policy == 'reject')


@pytest.mark.parametrize('name, choices, default', [
    (model.PF_POLICY, model.PF_POLICIES, 'spread'),
    (model.LAG_POLICY, model.LAG_POLICIES, 'reject')])
def test_policies_of_flavors_and_of_nova_conf(
        conf, caplog, name, choices, default):
    conf.config(group='sriov', pf_policy='spread', lag_policy='reject')
    caplog.set_level(logging.WARNING)
    read = {model.PF_POLICY: gather.pf_policy_of,
            model.LAG_POLICY: gather.lag_policy_of}[name]
    for value in choices:
        assert read({name: value, 'other': 'x'}) == value
    assert read({}) == default
    assert not caplog.records
    assert read({name: 'x'}) == default
    assert caplog.messages == [
        f'Extra spec {name} = x is not one of {", ".join(choices)}; taking '
        f'{default}']


def test_ports_that_neutron_need_not_tell_of_are_not_asked_for(
        conf, neutron):
    """The others of the same server are."""
    asked = []
    listed = neutron.list_ports
    neutron.list_ports = lambda id: asked.extend(id) or listed(id)
    gather.demand_of([
        A_PORT, given.port_request(uuids.tunnelled, physical_network=None),
        given.port_request(uuids.whole, physical_network='a',
                           dev_type='type-PF'),
        given.port_request(None, physical_network='a'), ALIAS], {})
    assert asked == [uuids.port]
