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

"""Hosts that sums judge, and those that they do not."""

import collections
import logging

from nova.scheduler import weights as nova_weights
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.demand import gather
from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import lots
from nova_sriov_ext.fit import reasons
from nova_sriov_ext.report import document
from nova_sriov_ext.scheduler import filters
from nova_sriov_ext.scheduler import host_sums
from nova_sriov_ext.scheduler import weights
from tests.unit.scheduler import hosts as made
from tests.unit.scheduler import pools as given

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'
SPREAD = {model.PF_POLICY: model.SPREAD}
REJECT = {model.LAG_POLICY: model.REJECT}


def port(name, physnet='a', **spec):
    return given.port_request(
        getattr(uuids, name), physical_network=physnet, **spec)


A_PORT = port('port')


def host(name='h', counts=(2, 2), mode='legacy', lag='none',
         claim='assign'):
    return made.host(name, *(
        given.pool(count, physical_network='a', address=pf)
        for count, pf in zip(counts, (PF0, PF1), strict=True)), claim=claim,
        rows=[document.Row(pf, 'a', 4, mode=mode, lag=lag)
              for pf in (PF0, PF1)])


@pytest.fixture
def searched(monkeypatch):
    """:returns: counts hosts that are judged by a search"""
    found = collections.Counter()
    stock = filters.judge

    def judge(state, demand):
        found[state.host] += 1
        return stock(state, demand)

    monkeypatch.setattr(filters, 'judge', judge)
    return found


@pytest.mark.parametrize('claim', ['assign', None])
@pytest.mark.parametrize('ports, extra_specs, reserve, state, passes', [
    (2, {}, {}, {}, True),
    (2, {}, {}, {'counts': (0, 0)}, False),
    (2, REJECT, {}, {'lag': 'active'}, True),
    (2, REJECT, {}, {'lag': 'inactive'}, False),
    (2, SPREAD, {}, {'counts': (1, 1)}, True),
    (3, SPREAD, {}, {}, False),
    (1, {}, {'a': '3'}, {}, True),
    (2, {}, {'a': '30%'}, {}, False)])
def test_policies_take_no_search(
        conf, searched, claim, ports, extra_specs, reserve, state, passes):
    conf.config(vf_reserve=reserve, group='sriov')
    hosts = [host('h', claim=claim, **state), host('full', (0, 0))]
    spec = made.request(*(port(f'p{number}') for number in range(ports)),
                        **extra_specs)
    hosts.append(host('last', (9, 9)))
    found = filters.SriovCapacityFilter().filter_all(hosts, spec)
    assert ('h' in [one.host for one in found]) is passes
    if found:
        assert not searched


@pytest.mark.parametrize('mode, passes', [
    ('switchdev', True), ('legacy', False)])
def test_a_mode_takes_no_search(conf, neutron, searched, mode, passes):
    neutron.add(uuids.port, hardware_offload_type='switchdev')
    hosts = [host('h', mode=mode), host('other', mode='switchdev')]
    found = filters.SriovCapacityFilter().filter_all(
        hosts, made.request(A_PORT))
    assert ('h' in [one.host for one in found]) is passes
    assert not searched


def test_a_reason_is_spelled_out_for_one_host(conf, searched, caplog):
    caplog.set_level(logging.INFO)
    hosts = [host(f'full{number}', (0, 0)) for number in range(50)]
    hosts += [host(f'sick{number}', lag='inactive') for number in range(99)]
    spec = made.request(A_PORT, **REJECT)
    assert filters.SriovCapacityFilter().filter_all(hosts, spec) == []
    assert searched == {'full49': 1, 'sick98': 1}
    assert [record.getMessage() for record in caplog.records] == [
        f'No host has the SR-IOV devices of server {uuids.server}: '
        'unhealthy_lag on 99 host(s), e.g. sick98: a: 1 VF requested, none '
        'free of 8; 4 more are on a PF whose LAG is inactive '
        f'(port {uuids.port}); '
        'none_free on 50 host(s), e.g. full49: a: 1 VF requested, none free '
        f'of 8 (port {uuids.port})']


def test_the_reserve_does_not_hold_on_the_servers_own_host(conf):
    conf.config(vf_reserve={'a': '4'}, group='sriov')
    spec = made.request(A_PORT)
    found = host_sums.HostSums(gather.of_spec(spec))
    state = host()
    assert found.reason(state) == reasons.RESERVED
    state.instances = {uuids.server: None}
    assert found.reason(state) is None


@pytest.mark.parametrize('requests, extra_specs', [
    ([A_PORT, given.alias_request(specs=[{}])], {}),
    ([port('p1', dev_type='type-PF')], {}),
    ([port('p1', remote_managed='True')], {}),
    ([port('p1', physnet='')], {}),
    # One that is trusted beside one that is not, and two names of a physnet.
    ([A_PORT, port('p1', trusted='True')], {}),
    ([A_PORT, port('p1', physnet='A')], SPREAD)])
def test_what_only_a_search_can_tell(conf, requests, extra_specs):
    found = host_sums.HostSums(gather.of_spec(
        made.request(*requests, **extra_specs)))
    state = host(counts=(0, 0))
    with pytest.raises(lots.Odd):
        found.reason(state)
    with pytest.raises(lots.Odd):
        found.suiting(state)


def test_a_server_whose_ports_could_not_be_read(conf, neutron):
    conf.config(unknown_ports='reject', group='sriov')
    neutron.error = ConnectionError('refused')
    found = host_sums.HostSums(gather.of_spec(made.request(A_PORT)))
    with pytest.raises(lots.Odd):
        found.reason(host())


def weights_of(hosts, spec):
    """:returns: for each weigher a list of the raw weights"""
    return [weigher().weigh_objects(
        [nova_weights.WeighedHost(host, 0) for host in hosts], spec)
        for weigher in weights.all_weighers()]


@pytest.mark.parametrize('lag', ['active', 'degraded', 'inactive'])
@pytest.mark.parametrize('asked', [
    [A_PORT], [A_PORT, A_PORT, port('p1', 'b')]])
def test_sums_weigh_as_the_search_does(
        conf, neutron, monkeypatch, lag, asked):
    conf.config(lag_policy='weigh', vf_reserve={'a': '1'}, group='sriov')
    neutron.add(uuids.port, **{'binding:vif_type': 'hw_veb'})
    hosts = [made.host(
        'h', given.pool(first, physical_network='a', address='0000:00:00.0'),
        given.pool(second, physical_network='b', address='0000:01:00.0'),
        claim=claim, rows=[
            document.Row('0000:00:00.0', 'a', 8, mode='legacy', lag=lag),
            document.Row('0000:01:00.0', 'b', 8, mode='switchdev')])
        for claim in ('assign', None) for first in range(4)
        for second in (0, 1)]
    spec = made.request(*asked)
    by_sums = weights_of(hosts, spec)

    def odd(*args):
        raise lots.Odd

    for name in ('reason', 'suiting'):
        monkeypatch.setattr(host_sums.HostSums, name, odd)
    assert weights_of(hosts, spec) == by_sums
    assert len({*by_sums[0]}) > 1
    assert len({*by_sums[2]}) > 1 or lag != 'degraded'
    assert len({*by_sums[3]}) > 1
