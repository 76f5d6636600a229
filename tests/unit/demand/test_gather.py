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

"""What a server asks: of Neutron, its flavor and nova.conf."""

import logging

from nova import objects
import pytest

from nova_sriov_ext.demand import gather
from nova_sriov_ext.demand import model
from nova_sriov_ext.report import states
from nova_sriov_ext.scheduler import filters
from tests.unit.scheduler import pools as given

SWITCHDEV = frozenset((states.SWITCHDEV, 'unknown'))
LEGACY = frozenset((states.LEGACY, 'unknown'))
A = {'physical_network': 'a'}


def modes(options, conf, *requests):
    conf.config(group='sriov', **options)
    return [r.modes for r in gather.demand_of(requests, {}).requests]


def test_modes_of_ports(conf, neutron):
    neutron.add('asks', hardware_offload_type='switchdev')
    neutron.add('plain')
    neutron.add('had', **{'binding:profile': {
        'capabilities': ['rx', 'switchdev']}})
    requests = [
        given.port_request('asks', **A), given.port_request('plain', **A),
        given.port_request('gone', **A), given.port_request('had', **A),
        given.port_request('plain', physical_network=None),
        given.port_request('asks', dev_type='type-PF', **A),
        given.port_request('asks', dev_type='vdpa', **A),
        given.port_request('asks', remote_managed='True', **A),
        given.alias_request(specs=[{}])]
    assert modes({}, conf, *requests) == [
        SWITCHDEV, None, None, None, SWITCHDEV, None, None, None, None]
    assert modes({'plain_port_mode': 'legacy'}, conf, *requests) == [
        SWITCHDEV, LEGACY, LEGACY, None, SWITCHDEV, None, None, None, None]
    assert modes({'unknown_mode': 'reject'}, conf, *requests[:2]) == [
        frozenset((states.SWITCHDEV,)), frozenset((states.LEGACY,))]
    assert [r.preferred for r in gather.demand_of(
        requests[:4], {}).requests] == [None, None, None,
                                        states.SWITCHDEV]


def test_tunnelled_ports(conf, neutron):
    """Their network says what they need, unless switches tunnel for them."""
    neutron.add('asks', hardware_offload_type='switchdev')
    both = [given.port_request('asks', physical_network=None),
            given.port_request('plain', physical_network=None)]
    assert modes({}, conf, *both) == [SWITCHDEV, SWITCHDEV]
    assert neutron.calls == 0
    plain = {'tunnelled_port_mode': 'plain'}
    assert modes(plain, conf, *both) == [SWITCHDEV, None]
    assert modes(plain | {'plain_port_mode': 'legacy'}, conf, *both) == [
        SWITCHDEV, LEGACY]
    conf.config(vf_reserve={'null': '2', 'a': '1'}, group='sriov')
    assert gather.demand_of(both, {}).reserves == {None: '2'}
    assert gather.demand_of([given.alias_request()], {}).reserves == {}


@pytest.mark.parametrize('mode, expected', [
    ('any', None), ('legacy', LEGACY)])
def test_modes_of_a_port_that_had_a_legacy_vf(conf, neutron, mode, expected):
    neutron.add('had', **{'binding:profile': {'capabilities': ['rx']}})
    assert modes({'plain_port_mode': mode}, conf,
                 given.port_request('had', **A)) == [expected]


def test_neutron_is_asked_once_for_all_hosts_and_servers(conf, neutron):
    spec = objects.RequestSpec(
        scheduler_hints={}, pci_requests=objects.InstancePCIRequests(
            requests=[given.port_request('p1', **A),
                      given.port_request('p2', **A)]))
    judge = filters.SriovCapacityFilter()
    for _ in range(3):
        judge.filter_all([], spec)
    assert neutron.calls == 1


@pytest.mark.parametrize('requests', [
    [], [given.alias_request(specs=[{}])],
    [given.port_request('p1', dev_type='type-PF', **A)]])
def test_neutron_is_not_asked_without_need(conf, neutron, requests):
    gather.demand_of(requests, {})
    assert neutron.calls == 0


@pytest.mark.parametrize('policy, unread', [
    ('accept', False), ('reject', True)])
def test_neutron_does_not_answer(conf, neutron, policy, unread, caplog):
    conf.config(unknown_ports=policy, group='sriov')
    neutron.error = TimeoutError('Neutron is away')
    found = gather.demand_of([given.port_request('p1', **A)], {})
    assert found.unread is unread
    assert ('The eswitch modes of ports p1 could not be read from Neutron: '
            'Neutron is away'
            in caplog.text)
    assert 'Neutron is away' in caplog.text


def test_neutron_answers(conf, neutron):
    """Whether it knows the ports or not."""
    conf.config(unknown_ports='reject', group='sriov')
    neutron.add('p1')
    found = gather.demand_of([given.port_request('p1', **A),
                              given.port_request('p2', **A)], {})
    assert found.unread is False


def test_extra_specs_go_before_nova_conf(conf, neutron):
    conf.config(pf_policy='spread', lag_policy='reject',
                vf_reserve={'A': '2', 'b': '3'}, group='sriov')
    requests = [given.port_request('p1', **A)]
    found = gather.demand_of(requests, {})
    assert (found.pf_policy, found.lag_policy, found.reserves) == (
        'spread', 'reject', {'a': '2'})
    assert found.requests[0].lags == states.HEALTHY
    found = gather.demand_of(requests, {
        model.PF_POLICY: 'pack', model.LAG_POLICY: 'ignore',
        model.IGNORE_RESERVE: 'true'})
    assert (found.pf_policy, found.lag_policy, found.reserves) == (
        'pack', 'ignore', {})
    assert found.requests[0].lags is None


@pytest.mark.parametrize('value, reserves', [
    ('true', {}), ('True', {}), ('false', {'a': '2'}), ('0', {'a': '2'}),
    ('', {'a': '2'})])
def test_the_reserve_is_lifted_by_the_value(conf, neutron, value, reserves):
    conf.config(vf_reserve={'a': '2'}, group='sriov')
    assert gather.demand_of(
        [given.port_request('p1', **A)],
        {model.IGNORE_RESERVE: value}).reserves == reserves


def test_an_unknown_value_is_as_none(conf, neutron, caplog):
    caplog.set_level(logging.WARNING)
    found = gather.demand_of([], {model.PF_POLICY: 'spraed'})
    assert found.pf_policy == 'pack'
    assert 'sriov:pf_policy = spraed is not one of spread' in caplog.text


def test_reserve_is_checked_when_nova_conf_is_read(conf):
    with pytest.raises(ValueError, match='ten'):
        conf.config(vf_reserve='a:ten', group='sriov')
