"""The weighers under Nova's own handler; stock PCIWeigher is the oracle."""

import hypothesis
from hypothesis import strategies as st
from nova.scheduler import weights as nova_weights
from nova.scheduler.weights import pci as stock
import pytest

from nova_sriov_ext.scheduler import weights
from tests.unit.scheduler import hosts as made
from tests.unit.scheduler import pools as given

PATHS = ['nova.scheduler.weights.pci.PCIWeigher',
         'nova_sriov_ext.scheduler.weights.all_weighers']
A_PORT = given.port_request(physical_network='a')
OURS = tuple(weights.all_weighers())


def order(hosts, spec, weighers=OURS):
    """:returns: names of the hosts, the one that Nova takes first"""
    found = nova_weights.HostWeightHandler().get_weighed_objects(
        [weigher() for weigher in weighers], hosts, spec)
    return [weighed.obj.host for weighed in found]


def on(physnet, *counts, name=None, **kwargs):
    return made.host(name or '-'.join(map(str, counts)), *(
        given.pool(count, physical_network=physnet,
                   address=f'0000:0{n}:00.0')
        for n, count in enumerate(counts)), **kwargs)


HOSTS = [on('a', 4), on('a', 1), on('a', 7, 1), on('a', 0)]


@pytest.mark.parametrize('multiplier, names', [
    (-1, ['0', '1', '4', '7-1']),
    (2.5, ['7-1', '4', '1', '0']),
    (0, ['4', '1', '7-1', '0']),
], ids=['pack', 'spread', 'off'])
def test_packs_or_spreads(conf, multiplier, names):
    conf.config(vf_weight_multiplier=multiplier, group='sriov')
    assert order(HOSTS, made.request(A_PORT)) == names


def test_packs_by_default_and_avoids_hosts_with_devices(conf):
    """As PCIWeigher does."""
    names = ['0', '1', '4', '7-1']
    assert order(HOSTS, made.request(A_PORT)) == names
    assert order(HOSTS, made.request()) == names


def test_an_aggregate_has_the_last_word(conf):
    """Its hosts spread while the others pack: 0 to 1 above 0 to -1."""
    hosts = [on('a', 1), on('a', 4, vf_weight_multiplier='1'),
             on('a', 0), on('a', 2, vf_weight_multiplier='1')]
    assert order(hosts, made.request(A_PORT)) == ['4', '2', '0', '1']


def test_an_aggregate_that_says_nonsense_is_not_heard(conf):
    hosts = [on('a', 4, vf_weight_multiplier='many'), on('a', 1)]
    assert order(hosts, made.request(A_PORT)) == ['1', '4']


COUNTS = st.lists(st.lists(st.integers(0, 40), max_size=2), min_size=2,
                  max_size=6)
ASKED = st.sampled_from(([], [A_PORT], [A_PORT, A_PORT]))


@hypothesis.settings(
    max_examples=300,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
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
        given.pool(4, physical_network='b'), given.pool(5),
        given.pool(9, dev_type='type-PCI'))
    spec = made.request(*(given.port_request(**tags) for tags in asked))
    assert weights.SriovCapacityWeigher()._weigh_object(state, spec) == free


def test_a_flavors_aliases_are_left_to_stock(conf):
    spec = made.request(given.alias_request(specs=[{'vendor_id': '15b3'}]))
    assert {weigher()._weigh_object(state, spec)
            for weigher in OURS for state in HOSTS} == {0}
