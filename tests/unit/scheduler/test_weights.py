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

"""The weighers under Nova's own handler; stock PCIWeigher is the oracle."""

import json

import hypothesis
from hypothesis import strategies as st
from nova import objects
from nova.scheduler import host_manager
from nova.scheduler import weights as nova_weights
from nova.scheduler.weights import pci as stock
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.report import document
from nova_sriov_ext.scheduler import filters
from nova_sriov_ext.scheduler import weights
from tests.unit.scheduler import hosts as made
from tests.unit.scheduler import pools as given

PATH = 'nova_sriov_ext.scheduler.weights.all_weighers'
A_PORT = given.port_request(physical_network='a')
ONE_CONF = [hypothesis.HealthCheck.function_scoped_fixture]
OURS = tuple(weights.all_weighers())


def order(hosts, spec, weighers=OURS):
    """:returns: names of the hosts, the one that Nova takes first"""
    found = nova_weights.HostWeightHandler().get_weighed_objects(
        [weigher() for weigher in weighers], hosts, spec)
    return [weighed.obj.host for weighed in found]


def weigh(weigher, hosts, spec):
    """:returns: list of the raw weights"""
    return weigher().weigh_objects(
        [nova_weights.WeighedHost(host, 0) for host in hosts], spec)


def on(physnet, *counts, name=None, **kwargs):
    return made.host(name or '-'.join(map(str, counts)), *(
        given.pool(count, physical_network=physnet,
                   address=f'0000:0{n}:00.0')
        for n, count in enumerate(counts)), **kwargs)


def test_novas_loader_finds_them():
    """As HostManager does with weight_classes."""
    found = nova_weights.HostWeightHandler().get_matching_classes(
        ['nova.scheduler.weights.all_weighers', PATH])
    assert {*OURS, stock.PCIWeigher} <= set(found)


HOSTS = [on('a', 4), on('a', 1), on('a', 7, 1), on('a', 0)]


@pytest.mark.parametrize('multiplier, names', [
    (-1, ['0', '1', '4', '7-1']),
    (2.5, ['7-1', '4', '1', '0']),
    (0, ['4', '1', '7-1', '0']),
], ids=['pack', 'spread', 'off'])
def test_packs_or_spreads(conf, multiplier, names):
    conf.config(capacity_weight_multiplier=multiplier, group='sriov')
    assert order(HOSTS, made.request(A_PORT)) == names


def test_packs_by_default_and_avoids_hosts_with_devices(conf):
    """As PCIWeigher does."""
    names = ['0', '1', '4', '7-1']
    assert order(HOSTS, made.request(A_PORT)) == names
    assert order(HOSTS, made.request()) == names


def test_an_aggregate_has_the_last_word(conf):
    """Its hosts spread while the others pack: 0 to 1 above 0 to -1."""
    hosts = [on('a', 1), on('a', 4, sriov_capacity_weight_multiplier='1'),
             on('a', 0), on('a', 2, sriov_capacity_weight_multiplier='1')]
    assert order(hosts, made.request(A_PORT)) == ['4', '2', '0', '1']


def test_an_aggregate_that_says_nonsense_is_not_heard(conf):
    hosts = [on('a', 4, sriov_capacity_weight_multiplier='many'), on('a', 1)]
    assert order(hosts, made.request(A_PORT)) == ['1', '4']


COUNTS = st.lists(st.lists(st.integers(0, 40), max_size=2), min_size=2,
                  max_size=6)
ALIAS = given.alias_request(specs=[{'vendor_id': '15b3'}])
ASKED = st.sampled_from(([], [A_PORT], [A_PORT, A_PORT], [ALIAS, A_PORT]))


@hypothesis.settings(max_examples=300, suppress_health_check=ONE_CONF)
@hypothesis.given(COUNTS, ASKED)
def test_on_a_single_physnet_the_order_is_the_stock_weighers(
        conf, counts, asked):
    """PCIWeigher's own bound is 99 devices; below it they are equal."""
    hosts = [on('a', *some, name=str(n)) for n, some in enumerate(counts)]
    spec = made.request(*asked)
    assert order(hosts, spec) == order(hosts, spec, [stock.PCIWeigher])


def test_stock_counts_what_the_server_does_not_ask_for(conf):
    """The best host to pack has one VF left on the physnet; stock takes it
    for the emptiest, for its devices elsewhere."""
    packed = made.host('packed', given.pool(1, physical_network='a'),
                       given.pool(8, physical_network='b'),
                       given.pool(4, dev_type='type-PCI'))
    empty = on('a', 8, name='empty')
    spec = made.request(A_PORT)
    assert order([packed, empty], spec, [stock.PCIWeigher]) == [
        'empty', 'packed']
    assert order([packed, empty], spec) == ['packed', 'empty']


@pytest.mark.parametrize('asked, free', [
    ([], 0),
    ([{'physical_network': 'A'}], 3),
    ([{'physical_network': 'b'}], 4),
    ([{'physical_network': 'a'}, {'physical_network': 'b'}], 7),
    ([{'physical_network': 'a', 'dev_type': 'type-PF'}], 1),
    ([{'physical_network': 'c'}], 0),
    ([{'physical_network': None}], 5),
], ids=['none', 'other case', 'b', 'two', 'PF', 'unknown', 'tunnelled'])
def test_what_counts(conf, asked, free):
    state = made.host(
        'h', given.pool(3, physical_network='a'),
        given.pool(1, physical_network='a', dev_type='type-PF'),
        given.pool(4, physical_network='b'), given.pool(5))
    spec = made.request(*(given.port_request(**tags) for tags in asked))
    assert weigh(weights.SriovCapacityWeigher, [state], spec) == [free]


def test_a_flavors_aliases_count_their_devices(conf):
    spec = made.request(given.alias_request(specs=[{'vendor_id': '8086'}]))
    state = made.host('h', given.pool(3), given.pool(2, vendor_id='8086'))
    assert weigh(weights.SriovCapacityWeigher, [state], spec) == [2]


def test_vfs_that_do_not_suit_do_not_count(conf, neutron):
    state = on('a', 3, 5, rows=[
        document.Row('0000:00:00.0', 'a', 8, mode='legacy'),
        document.Row('0000:01:00.0', 'a', 8, mode='switchdev')])
    neutron.add('p', hardware_offload_type='switchdev')
    spec = made.request(given.port_request('p', physical_network='a'))
    assert weigh(weights.SriovCapacityWeigher, [state], spec) == [5]


def test_neutron_is_asked_once_for_filter_and_weighers(conf, neutron):
    spec = made.request(A_PORT)
    hosts = filters.SriovCapacityFilter().filter_all(HOSTS, spec)
    order(hosts, spec)
    assert (len(hosts), neutron.calls) == (3, 1)


def with_lag(*lags, name=None, count=1):
    """A host with a PF of each LAG state, in the order of its pools."""
    return on('a', *[count for _ in lags], name=name or '-'.join(lags), rows=[
        document.Row(f'0000:0{n}:00.0', 'a', 8, bond='bond0', lag=lag)
        for n, lag in enumerate(lags)])


def lag_request(policy, ports=1):
    return made.request(*[A_PORT] * ports, **{'sriov:lag_policy': policy})


def test_unhealthy_lags_come_last_when_they_are_weighed(conf):
    """However many VFs they would have, and the others not."""
    conf.config(capacity_weight_multiplier=1, group='sriov')
    hosts = [with_lag('inactive', count=9), with_lag('degraded', count=8),
             with_lag('active', count=3), with_lag('none', count=2)]
    assert order(hosts, lag_request('weigh')) == [
        'active', 'none', 'degraded', 'inactive']
    assert order(hosts, lag_request('ignore')) == [
        'inactive', 'degraded', 'active', 'none']


LAGS = st.lists(st.sampled_from(('active', 'none', 'degraded', 'inactive')),
                min_size=1, max_size=3)


@hypothesis.settings(max_examples=300, suppress_health_check=ONE_CONF)
@hypothesis.given(LAGS, st.integers(1, 3), st.integers(1, 2))
def test_weighed_down_is_what_reject_would_refuse(conf, lags, ports, count):
    state = with_lag(*lags, count=count)
    filter_all = filters.SriovCapacityFilter().filter_all
    hypothesis.assume(filter_all([state], lag_request('ignore', ports)))
    passes = bool(filter_all([state], lag_request('reject', ports)))
    weight, = weigh(weights.SriovLagWeigher, [state],
                    lag_request('weigh', ports))
    hypothesis.event(f'weight {weight}')
    assert (weight == 0) is passes
    assert weight != -2 or 'inactive' in lags


JUNK = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | \
    st.floats() | st.lists(st.integers(), max_size=2) | \
    st.sampled_from((10 ** 400, 'a', 'type-VF', '0000:00:00.0', 'inactive'))
POOLS = JUNK | st.lists(JUNK | st.dictionaries(
    st.sampled_from(('count', 'dev_type', 'physical_network', 'address',
                     'remote_managed', 'vendor_id', 'trusted')), JUNK),
    max_size=3)
DOCUMENT = st.fixed_dictionaries({
    'version': st.just(1) | JUNK,
    'pfs': JUNK | st.lists(JUNK | st.dictionaries(
        st.sampled_from(('pf', 'physnet', 'vfs', 'lag', 'mode')), JUNK),
        max_size=2)})
STATS = JUNK | st.dictionaries(
    st.just(document.STATS_KEY), JUNK | DOCUMENT.map(json.dumps))


@hypothesis.settings(max_examples=600, suppress_health_check=ONE_CONF)
@hypothesis.given(POOLS, STATS)
@hypothesis.example([given.pool(10 ** 400, physical_network='a')], {})
def test_broken_hosts_never_raise(conf, pools, stats):
    broken, sound = on('a', 1, name='broken'), on('a', 2, name='sound')
    broken.pci_stats.pools = pools
    broken.stats = stats
    for spec in (made.request(), lag_request('weigh')):
        assert set(order([broken, sound], spec)) == {'broken', 'sound'}


def test_of_broken_pools_the_others_count(conf):
    state = on('a', 3, 4)
    state.pci_stats.pools[0] = None
    for weigher, spec, weight in (
            (weights.SriovCapacityWeigher, made.request(A_PORT), 4),
            (weights.SriovAvoidanceWeigher, made.request(), -4)):
        assert weigh(weigher, [state], spec) == [weight]


def test_a_host_without_any_stats_of_nova(conf, caplog):
    state = on('a', 3)
    state.pci_stats = 'broken'
    assert weigh(weights.SriovCapacityWeigher, [state],
                 made.request(A_PORT)) == [0]
    assert f'Host {state} cannot be weighed' in caplog.text


@pytest.mark.parametrize('spec', [
    objects.RequestSpec(),
    objects.RequestSpec(pci_requests=None),
    objects.RequestSpec(pci_requests=objects.InstancePCIRequests()),
    made.request(objects.InstancePCIRequest()),
], ids=['empty', 'None', 'no requests', 'empty request'])
def test_broken_requests_never_raise(conf, spec):
    assert len(order(HOSTS, spec)) == len(HOSTS)


def test_where_a_request_cannot_be_read_all_hosts_weigh_nothing(conf):
    spec = made.request(objects.InstancePCIRequest())
    for weigher in OURS:
        assert weigh(weigher, HOSTS, spec) == [0] * len(HOSTS)


def test_hosts_that_nova_has_not_updated_yet(conf, caplog):
    new = host_manager.HostState('new', 'new', uuids.cell)
    for spec in (made.request(), made.request(A_PORT), lag_request('weigh')):
        assert {weigh(each, [new], spec)[0] for each in OURS} == {0}
    assert not caplog.records


def with_modes(name, *pfs):
    """:param pfs: (free VFs, eswitch mode) of each PF"""
    return on('a', *(count for count, _ in pfs), name=name, rows=[
        document.Row(f'0000:0{n}:00.0', 'a', 8, mode)
        for n, (_, mode) in enumerate(pfs)])


def test_the_mode_that_a_released_port_had(conf, neutron):
    """Against packing; for ports that were never bound, packing decides."""
    hosts = [
        with_modes('legacy', (1, 'legacy')),
        with_modes('switchdev', (8, 'switchdev')),
        with_modes('full', (2, 'legacy'), (0, 'switchdev')),
        with_modes('unknown', (3, 'unknown'))]
    neutron.add('had', **{'binding:profile': {
        'capabilities': ['rx', 'switchdev']}})
    neutron.add('new')

    def names(port):
        return order(hosts, made.request(
            given.port_request(port, physical_network='a')))

    packed = ['legacy', 'full', 'unknown', 'switchdev']
    assert names('had') == ['switchdev', *packed[:3]]
    assert names('new') == packed
    conf.config(mode_weight_multiplier=0, group='sriov')
    assert names('had') == packed
