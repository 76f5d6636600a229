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

"""What an operator reads when a host does not fit: reason and numbers."""

import pytest

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import reasons
from nova_sriov_ext.fit import verdict
from nova_sriov_ext.fit.pools import HostPools
from nova_sriov_ext.report import document
from nova_sriov_ext.report import states
from tests.unit.scheduler.pools import pool

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'


def port(name, **spec):
    return model.Request(
        specs=(spec,), count=1, name=f'port {name}', port=name)


def on(physnet, name='p1', **spec):
    return port(name, physical_network=physnet, **spec)


def switchdev(physnet, name='p1'):
    return model.Request(
        specs=({'physical_network': physnet},), count=1, name=f'port {name}',
        port=name, modes=frozenset(('switchdev', 'unknown')))


def healthy(physnet, name='p1'):
    return model.Request(
        specs=({'physical_network': physnet},), count=1, name=f'port {name}',
        port=name, lags=states.HEALTHY)


def alias(count=1, **spec):
    return model.Request(specs=(spec,), count=count, name='alias a1')


def told(*rows, claim=None):
    """:param rows: (PF, VFs in total, mode, LAG state)"""
    return document.Report(claim=claim, rows=tuple(
        document.Row(pf, 'a', vfs, mode=mode, lag=lag)
        for pf, vfs, mode, lag in rows))


A1 = pool(1, physical_network='a', address=PF0)
A2 = pool(2, physical_network='A', address=PF1)
A_PF = pool(1, physical_network='a', dev_type='type-PF', address=PF0)
B0 = pool(0, physical_network='b')
PLAIN = pool(1)
TRUSTED = pool(1, physical_network='a', trusted='true', address=PF0)

CASES = {
    'the bandwidth is on another PF': (
        [A2], [model.Request(
            specs=({'physical_network': 'a', 'address': PF0},), count=1,
            name='port p1', port='p1', bandwidth='g')], reasons.BANDWIDTH,
        'a: 2 free, but none of the PF where Placement has the bandwidth of '
        'port p1'),
    'the host has no pools': (
        None, [on('a')], reasons.NO_PCI,
        'the host reports no free PCI devices'),
    'the host has an empty list of pools': (
        [], [on('a')], reasons.NO_PCI,
        'the host reports no free PCI devices'),
    'another physnet only': (
        [A1], [on('b')], reasons.NO_FREE,
        'b: 1 VF requested, none free (port p1)'),
    'the physnet, but nothing left of it': (
        [A1, B0], [on('b', 'p1'), on('b', 'p2')], reasons.NO_FREE,
        'b: 1 VF requested, none free (port p1)'),
    'counts that are no numbers of devices': (
        [pool(count, physical_network='a')
         for count in (None, '5', -5, 0.5)], [on('a')], reasons.NO_FREE,
        'a: 1 VF requested, none free (port p1)'),
    'the first port fits, the second not': (
        [A1], [on('a', 'p1'), on('a', 'p2')], reasons.TOO_FEW,
        'a: 2 VFs requested, 1 free (port p2)'),
    'free ones of all pools of the physnet count': (
        [A1, A2], [on('a', f'p{n}') for n in range(1, 6)], reasons.TOO_FEW,
        'a: 4 VFs requested, 3 free (port p4)'),
    'ports of other physnets do not count': (
        [A1, pool(1, physical_network='c')],
        [on('c', 'p1'), on('a', 'p2'), on('a', 'p3')], reasons.TOO_FEW,
        'a: 2 VFs requested, 1 free (port p3)'),
    'a PF is free, a VF is asked': (
        [A_PF], [on('a')], reasons.NO_MATCH,
        'a: 1 free, but none as requested (port p1)'),
    'free, but not trusted': (
        [A1], [on('a', trusted='True')], reasons.NO_MATCH,
        'a: 1 free, none trusted: device_spec has no "trusted": "true" '
        '(port p1)'),
    'a VF is free, a PF is requested': (
        [A1, A2], [on('a', dev_type='type-PF')], reasons.NO_MATCH,
        'a: 3 free, none of them a whole PF: device_spec names no PF there, '
        'or VFs of it are in use (port p1)'),
    'a VF is free, a vDPA device is requested': (
        [A1], [on('a', dev_type='vdpa')], reasons.NO_MATCH,
        'a: 1 free, none of them a vDPA device (port p1)'),
    'free, but not managed by a DPU': (
        [A1], [on('a', remote_managed='True')], reasons.NO_MATCH,
        'a: 1 free, none managed by a DPU: device_spec has no '
        '"remote_managed": "true" (port p1)'),
    'trusted ones are there, but of another type': (
        [A1, pool(1, physical_network='a', dev_type='type-PF',
                  trusted='true')],
        [on('a', trusted='True')], reasons.NO_MATCH,
        'a: 2 free, but none as requested (port p1)'),
    'a PF and a VF of it': (
        [A_PF, A1], [on('a', 'p1'), on('a', 'p2', dev_type='type-PF')],
        reasons.EXCLUDED,
        'a: 1 PF requested, 1 free, but a PF and its VFs exclude each other '
        '(port p2)'),
    'a plain port takes the trusted VF': (
        [TRUSTED, A1], [on('a', 'p1'), on('a', 'p2', trusted='True')],
        reasons.TAKEN,
        'a: 1 VF requested, 1 free, but earlier requests of the server take '
        'those that suit port p2'),
    'a port on a tunnelled network, all devices have a physnet': (
        [A1], [on(None)], reasons.NO_FREE,
        'tunnelled networks: 1 VF requested, none free (port p1)'),
    'two ports on a tunnelled network': (
        [A1, PLAIN], [on(None, 'p1'), on(None, 'p2')], reasons.TOO_FEW,
        'tunnelled networks: 2 VFs requested, 1 free (port p2)'),
    'an alias asks for more than there is': (
        [A1], [alias(3, vendor_id='15b3')], reasons.TOO_FEW,
        'alias a1: 3 devices requested, 1 free (alias a1)'),
    'an alias asks for another vendor': (
        [A1], [alias(vendor_id='8086')], reasons.NO_MATCH,
        'alias a1: 1 free, but none as requested (alias a1)'),
    'an alias on a host that is full': (
        [B0], [alias(vendor_id='15b3')], reasons.NO_FREE,
        'alias a1: 1 device requested, none free (alias a1)'),
}


@pytest.mark.parametrize(
    'pools, requests, reason, words', CASES.values(), ids=CASES.keys())
def test_a_lack_of_devices_is_given_with_its_numbers(
        pools, requests, reason, words):
    misfit = verdict.refusal(
        HostPools.of(pools), model.Demand(requests=tuple(requests)))
    assert (misfit.reason, str(misfit)) == (reason, words)


LEGACY = (PF0, 8, 'legacy', 'none')
SWITCHDEV = (PF1, 8, 'switchdev', 'active')
DEGRADED = (PF0, 8, 'switchdev', 'degraded')

POLICIES = {
    'legacy VFs, switchdev requested': (
        [A1, B0], told(LEGACY), [switchdev('a')], {}, reasons.MODE,
        'a: 1 VF requested, none free of 8; 1 more are legacy, switchdev '
        'requested (port p1)'),
    'too few in switchdev mode': (
        [A1, A2], told(LEGACY), [switchdev('a', f'p{n}') for n in range(4)],
        {}, reasons.TOO_FEW,
        'a: 4 VFs requested, 2 free of 8; 1 more are legacy, switchdev '
        'requested (port p3)'),
    'both modes, and the claim takes the legacy VF first': (
        [A1, pool(2, physical_network='a', address=PF1)],
        told(LEGACY, SWITCHDEV), [switchdev('a')], {}, reasons.CHOICE,
        'a: 1 VF requested, 2 free of 16; 1 more are legacy, switchdev '
        'requested, and the claim takes one of those (port p1)'),
    'a degraded LAG': (
        [A1], told(DEGRADED), [healthy('a')], {}, reasons.LAG,
        'a: 1 VF requested, none free of 8; 1 more are on a PF whose LAG is '
        'degraded (port p1)'),
    'two ports shall come from two PFs': (
        [pool(2, physical_network='a', address=PF1), A1], told(),
        [on('a', 'p1'), on('a', 'p2')], {'pf_policy': model.SPREAD},
        reasons.SAME_PF,
        'a: 2 VFs requested from different PFs, they would come from 1'),
    'a number is reserved': (
        [A1, pool(2, physical_network='a', address=PF1)],
        told(LEGACY, SWITCHDEV), [on('a')], {'reserves': {'a': '3'}},
        reasons.RESERVED, 'a: 1 VF requested, 3 free of 16, 3 reserved'),
    'a percentage is reserved, rounded up': (
        [A1, pool(2, physical_network='a', address=PF1)],
        told(LEGACY, SWITCHDEV), [on('a')], {'reserves': {'a': '13%'}},
        reasons.RESERVED, 'a: 1 VF requested, 3 free of 16, 3 reserved'),
    'a percentage is reserved, VFs are assigned': (
        [A1, pool(2, physical_network='a', address=PF1)],
        told(LEGACY, SWITCHDEV, claim='assign'), [on('a')],
        {'reserves': {'a': '13%'}},
        reasons.RESERVED, 'a: 1 VF requested, 3 free of 16, 3 reserved'),
    'an assignment lacks VFs in switchdev mode': (
        [A1, pool(1, physical_network='a', address=PF1)],
        told(LEGACY, SWITCHDEV, claim='assign'),
        [switchdev('a', 'p1'), switchdev('a', 'p2')], {}, reasons.MODE,
        'a: 2 VFs requested, 1 free of 16; 1 more are legacy, switchdev '
        'requested (port p2)'),
    'an assignment lacks PFs': (
        [pool(2, physical_network='a', address=PF1), A_PF],
        told(claim='assign'), [on('a', 'p1'), on('a', 'p2')],
        {'pf_policy': model.SPREAD}, reasons.SAME_PF,
        'a: 2 VFs requested from different PFs, they would come from 1'),
    'a PF and a VF of it, to be assigned': (
        [A_PF, A1], told(claim='assign'),
        [on('a', 'p1'), on('a', 'p2', dev_type='type-PF')], {},
        reasons.NO_ASSIGNMENT,
        'no choice of devices serves all at once: port p1, port p2'),
    'Neutron is silent': (
        [A1], told(), [on('a')], {'unread': True}, reasons.PORTS_UNREAD,
        'Neutron does not answer what the ports request'),
    'Placement chose a device that is in use': (
        [PLAIN | {'rp_uuid': 'rp1'}], told(),
        [model.Request(specs=({},), count=1, name='alias a1', group='r1',
                       rp_uuids=('rp2',))], {}, reasons.NOT_PLACED,
        'the devices that Placement chose for alias a1 are not free'),
}


@pytest.mark.parametrize(
    'pools, told, requests, policies, reason, words', POLICIES.values(),
    ids=POLICIES.keys())
def test_a_policy_that_leaves_too_few_devices_is_named(
        pools, told, requests, policies, reason, words):
    misfit = verdict.refusal(HostPools.of(pools, told), model.Demand(
        requests=tuple(requests), **policies))
    assert (misfit.reason, str(misfit)) == (reason, words)


ASSIGNED = {
    'the trusted port comes last': (
        [TRUSTED, A1], told(claim='assign'),
        [on('a', 'p1'), on('a', 'p2', trusted='True')], {}),
    'the VF in switchdev mode is not the first': (
        [A1, pool(1, physical_network='a', address=PF1)],
        told(LEGACY, SWITCHDEV, claim='assign'),
        [switchdev('a', 'p1'), on('a', 'p2')], {}),
    'from two PFs': (
        [pool(2, physical_network='a', address=PF0),
         pool(2, physical_network='a', address=PF1)], told(claim='assign'),
        [on('a', 'p1'), on('a', 'p2')], {'pf_policy': model.SPREAD}),
}


@pytest.mark.parametrize('pools, told, requests, policies',
                         ASSIGNED.values(), ids=ASSIGNED.keys())
def test_the_claim_decides(pools, told, requests, policies):
    """What this project's claim can serve, and Nova's own cannot."""
    asked = model.Demand(requests=tuple(requests), **policies)
    assert verdict.refusal(HostPools.of(pools, told), asked) is None
    novas = document.Report(rows=told.rows)
    assert verdict.refusal(HostPools.of(pools, novas), asked) is not None


@pytest.mark.parametrize('pools', [None, [], [A1]])
def test_a_server_without_requests_fits_everywhere(pools):
    assert verdict.refusal(HostPools.of(pools), model.Demand()) is None


def test_every_reason_has_words():
    shown = {case[-2] for case in (*CASES.values(), *POLICIES.values())}
    assert shown == set(reasons.WORDS), 'a reason that no case shows'


def test_novas_claim_may_spread_by_itself():
    pools = [pool(1, physical_network='a', address=PF0),
             pool(1, physical_network='a', address=PF1),
             pool(1, physical_network='a', address=PF1, dev_type='type-PF')]
    spread = {'pf_policy': model.SPREAD}
    both = on('a', 'p1'), on('a', 'p2')
    assert verdict.refusal(HostPools.of(pools, told()), model.Demand(
        both, **spread)) is None
    # A whole PF is not one of the VFs that are spread.
    pools[:2] = [pool(2, physical_network='a', address=PF0)]
    whole = on('a', 'p3', dev_type='type-PF')
    assert verdict.refusal(HostPools.of(pools, told()), model.Demand(
        (*both, whole), **spread)).reason == reasons.SAME_PF


def test_all_that_does_not_suit_is_told():
    request = model.Request(
        specs=({'physical_network': 'a'},), count=1, name='port p1',
        port='p1', modes=frozenset(('switchdev',)), lags=states.HEALTHY)
    pools = [pool(1, physical_network='a', address=f'0000:03:00.{number}')
             for number in range(4)]
    rows = told((PF0, 8, 'legacy', 'none'), (PF1, 8, 'unknown', 'none'),
                ('0000:03:00.2', 8, 'switchdev', 'inactive'),
                ('0000:03:00.3', 8, 'switchdev', 'degraded'))
    assert str(verdict.refusal(
        HostPools.of(pools, rows), model.Demand((request,)))) == (
        'a: 1 VF requested, none free of 32; 4 more are legacy or unknown, '
        'switchdev requested and on a PF whose LAG is degraded or inactive '
        '(port p1)')
