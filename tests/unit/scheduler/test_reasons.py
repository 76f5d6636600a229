"""What an operator reads when a host does not fit: reason and numbers."""

import pytest

from nova_sriov_ext.scheduler import fit
from tests.unit.scheduler.pools import pool


def port(name, **spec):
    return fit.Request(specs=(spec,), count=1, name=f'port {name}')


def on(physnet, name='p1', **spec):
    return port(name, physical_network=physnet, **spec)


def alias(count=1, **spec):
    return fit.Request(specs=(spec,), count=count, name='alias a1')


A1 = pool(1, physical_network='a', address='0000:03:00.0')
A2 = pool(2, physical_network='A', address='0000:03:00.1')
A_PF = pool(1, physical_network='a', dev_type='type-PF')
B0 = pool(0, physical_network='b')
PLAIN = pool(1)

CASES = {
    'the host has no pools': (
        None, [on('a')], fit.NO_PCI, 'the host reports no free PCI devices'),
    'the host has an empty list of pools': (
        [], [on('a')], fit.NO_PCI, 'the host reports no free PCI devices'),
    'another physnet only': (
        [A1], [on('b')], fit.NO_FREE,
        'b: 1 asked, the host has none free (port p1)'),
    'the physnet, but nothing left of it': (
        [A1, B0], [on('b', 'p1'), on('b', 'p2')], fit.NO_FREE,
        'b: 1 asked, the host has none free (port p1)'),
    'counts that are no numbers of devices': (
        [pool(count, physical_network='a')
         for count in (None, '5', -5, 0.5)], [on('a')], fit.NO_FREE,
        'a: 1 asked, the host has none free (port p1)'),
    'the first port fits, the second not': (
        [A1], [on('a', 'p1'), on('a', 'p2')], fit.TOO_FEW,
        'a: 2 asked, 1 free (port p2)'),
    'free ones of all pools of the physnet count': (
        [A1, A2], [on('a', f'p{n}') for n in range(1, 6)], fit.TOO_FEW,
        'a: 4 asked, 3 free (port p4)'),
    'ports of other physnets do not count': (
        [A1, pool(1, physical_network='c')],
        [on('c', 'p1'), on('a', 'p2'), on('a', 'p3')], fit.TOO_FEW,
        'a: 2 asked, 1 free (port p3)'),
    'a PF is free, a VF is asked': (
        [A_PF], [on('a')], fit.NO_MATCH,
        'a: the host has free ones, but none as asked by port p1'),
    'free, but not trusted': (
        [A1], [on('a', trusted='True')], fit.NO_MATCH,
        'a: the host has free ones, but none as asked by port p1'),
    'a port on a tunnelled network, all devices have a physnet': (
        [A1], [on(None)], fit.NO_FREE,
        'devices without a physnet: 1 asked, the host has none free '
        '(port p1)'),
    'two ports on a tunnelled network': (
        [A1, PLAIN], [on(None, 'p1'), on(None, 'p2')], fit.TOO_FEW,
        'devices without a physnet: 2 asked, 1 free (port p2)'),
    'an alias asks for more than there is': (
        [A1], [alias(3, vendor_id='15b3')], fit.TOO_FEW,
        'alias a1: 3 asked, 1 free (alias a1)'),
    'an alias asks for another vendor': (
        [A1], [alias(vendor_id='8086')], fit.NO_MATCH,
        'alias a1: the host has free ones, but none as asked by alias a1'),
    'an alias on a host that is full': (
        [B0], [alias(vendor_id='15b3')], fit.NO_FREE,
        'alias a1: 1 asked, the host has none free (alias a1)'),
}


@pytest.mark.parametrize(
    'pools, requests, reason, words', CASES.values(), ids=CASES.keys())
def test_reason(pools, requests, reason, words):
    misfit = fit.misfit(pools, requests)
    assert (misfit.reason, str(misfit)) == (reason, words)


@pytest.mark.parametrize('pools', [None, [], [A1]])
def test_a_server_without_requests_fits_everywhere(pools):
    assert fit.misfit(pools, []) is None


def test_every_reason_has_words():
    reasons = {case[2] for case in CASES.values()}
    assert reasons == set(fit._WORDS), 'a reason that no case shows'
