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

"""The filter on ports with a minimum bandwidth."""

import logging
import uuid

from nova import objects
import os_resource_classes as orc
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.demand import bandwidth
from nova_sriov_ext.demand import gather
from nova_sriov_ext.report import document
from nova_sriov_ext.scheduler import filters
from tests.unit.scheduler import hosts
from tests.unit.scheduler import pools as given

NAMESPACE = '87f1895c-73bb-11e8-9008-c4d987b2a692'
BANDWIDTH = {orc.NET_BW_EGR_KILOBIT_PER_SEC: 1000}
PORT = '9d3e3f2c-9f0c-4f6b-9d57-4c0f2e8f5a10'
GROUP = '5b0a7c39-66ad-5d0e-8f6e-0f6f2d1e7b21'
PF1, PF2 = '0000:81:00.0', '0000:82:00.0'


def test_providers_are_neutrons():
    # Of neutron_lib.placement.utils.device_resource_provider_uuid, 5.0.1.
    assert bandwidth.provider(NAMESPACE, 'compute1', 'ens2f0np0') == (
        'b46c3602-6075-571a-8a55-f9b4e3e09700')


def provider(netdev, host='h'):
    return bandwidth.provider(NAMESPACE, host, netdev)


def host(*pools, claim='assign', rows=(), name='h'):
    return hosts.host(name, *pools, rows=rows, claim=claim)


def pool(count, pf, netdev, **tags):
    return given.pool(count, physical_network='a', address=pf,
                      **({'parent_ifname': netdev} if netdev else {}), **tags)


def group(uuid=GROUP, resources=BANDWIDTH):
    return objects.RequestGroup(requester_id=uuid, resources=resources)


def request(*groups, spec=()):
    found = hosts.request(given.port_request(
        PORT, physical_network='a', **dict(spec)))
    found.requested_resources = list(groups)
    return found


def candidates(state, *providers, group=GROUP):
    """One allocation candidate for each of these providers."""
    state.allocation_candidates = [
        {'allocations': {}, 'mappings': {group: [one]}} for one in providers]


def passing(state, spec):
    """:returns: list of the providers of the candidates that are left, None
        for a host that is refused
    """
    passed = filters.SriovCapacityFilter().filter_all([state], spec)
    return [one['mappings'][name][0] for one in state.allocation_candidates
            for name in one['mappings']] if passed else None


@pytest.fixture
def extended(neutron):
    """Neutron's ports have groups of their own ids."""
    neutron.add(PORT, resource_request={'request_groups': [
        {'id': GROUP, 'resources': BANDWIDTH},
        {'id': uuids.packets, 'resources': {
            orc.NET_PACKET_RATE_KILOPACKET_PER_SEC: 1}}]})


@pytest.mark.parametrize('tags, left', [
    ((1, 1), ['one', 'two']), ((0, 1), ['two']), ((1, 0), ['one']),
    ((0, 0), None)])
@pytest.mark.parametrize('name, claim', [
    (GROUP, 'assign'), (PORT, 'assign'), (PORT, None)])
def test_only_candidates_whose_pf_has_a_vf(
        conf, neutron, extended, tags, left, name, claim):
    state = host(pool(tags[0], PF1, 'one'), pool(tags[1], PF2, 'two'),
                 claim=claim)
    candidates(state, provider('one'), provider('two'), group=name)
    found = passing(state, request(group(name), group(uuids.packets, {})))
    assert found == (None if left is None else list(map(provider, left)))
    # Once for the eswitch mode. The port's own id is its group in Neutron's
    # first format.
    assert neutron.calls == 1 + (name == GROUP)


def test_a_refusal_names_the_pf(conf, extended, caplog):
    state = host(pool(0, PF1, 'one'), pool(3, PF2, 'two'))
    candidates(state, provider('one'))
    with caplog.at_level(logging.INFO):
        assert passing(state, request(group())) is None
    assert ('wrong_pf on 1 host(s), e.g. h: a: 3 free, but none of the PF '
            f'where Placement has the bandwidth of port {PORT}'
            ) in caplog.text


def test_the_scheduler_keeps_count_of_that_pf(conf, extended):
    state = host(pool(2, PF1, 'one'), pool(2, PF2, 'two'))
    candidates(state, provider('two'))
    spec = request(group())
    assert passing(state, spec) == [provider('two')]
    state.pci_stats.apply_requests(
        spec.pci_requests.requests, {GROUP: [provider('two')]})
    assert [(found['address'], found['count'])
            for found in state.pci_stats.pools] == [(PF1, 2), (PF2, 1)]


def test_whole_pfs(conf, extended):
    state = host(pool(0, PF1, None, dev_type='type-PF'),
                 pool(1, PF2, None, dev_type='type-PF'), rows=(
                     document.Row(PF1, 'a', 4, netdev='one'),
                     document.Row(PF2, 'a', 4, netdev='two')))
    candidates(state, provider('one'), provider('two'))
    assert passing(state, request(group(), spec={'dev_type': 'type-PF'})) == [
        provider('two')]


def test_the_pools_of_a_pf_in_use_are_gone(conf, extended):
    """Then the report tells which PF it is."""
    state = host(pool(1, PF2, None), rows=(
        document.Row(PF1, 'a', 4, netdev='one'),
        document.Row(PF2, 'a', 4, netdev='two')))
    candidates(state, provider('one'), provider('two'))
    assert passing(state, request(group())) == [provider('two')]


def test_novas_own_claim_goes_by_the_netdev_in_its_pools(conf):
    """Nova's pools lack it for VFs without a driver (nova/virt/libvirt/
    host.py, ``_get_pcidev_info``)."""
    rows = [document.Row(PF1, 'a', 4, netdev='one')]
    for claim, left in ((None, None), ('assign', [provider('one')])):
        state = host(pool(1, PF1, None), claim=claim, rows=rows)
        candidates(state, provider('one'), group=PORT)
        assert passing(state, request(group(PORT))) == left


def test_novas_own_claim_does_not_tie_groups_of_other_ids(conf, extended):
    state = host(pool(0, PF1, 'one'), pool(1, PF2, 'two'), claim=None)
    candidates(state, provider('one'))
    assert passing(state, request(group())) == [provider('one')]


def test_other_providers_tie_to_nothing(conf, extended, caplog):
    """A bridge of Open vSwitch."""
    state = host(pool(0, PF1, 'one'), pool(1, PF2, 'two'))
    candidates(state, provider('br-ex'), uuids.unknown)
    assert passing(state, request(group())) == [
        provider('br-ex'), uuids.unknown]
    assert 'Traceback' not in caplog.text


def test_namespaces_are_an_option(conf, extended):
    state = host(pool(0, PF1, 'one'), pool(1, PF2, 'two'))
    candidates(state, provider('one'))
    assert passing(state, request(group())) is None
    conf.config(group='sriov', bandwidth_namespaces=[str(uuid.uuid4())])
    assert passing(state, request(group())) == [provider('one')]
    conf.config(group='sriov', bandwidth_namespaces=[
        str(uuid.uuid4()), NAMESPACE])
    assert passing(state, request(group())) is None


def test_a_silent_neutron(conf, neutron, extended):
    neutron.error = OSError('no route')
    state = host(pool(0, PF1, 'one'), pool(1, PF2, 'two'))
    candidates(state, provider('one'))
    assert passing(state, request(group())) == [provider('one')]
    found, = gather.of_spec(request(group())).requests
    assert (found.port, found.bandwidth) == (PORT, None)


def test_groups_of_both_formats(conf, extended):
    """Of a port of each, as while Neutron is upgraded."""
    spec = hosts.request(*(given.port_request(port, physical_network='a')
                           for port in (uuids.first, PORT)))
    spec.requested_resources = [group(uuids.first), group()]
    assert [one.bandwidth for one in gather.of_spec(spec).requests] == [
        uuids.first, GROUP]


@pytest.mark.parametrize('groups', [
    [], [group(uuids.other, {'CUSTOM_GPU': 1})], None])
def test_without_bandwidth_neutron_is_not_asked(
        conf, neutron, extended, groups):
    spec = request(*groups or ())
    spec.requested_resources = groups
    assert gather.of_spec(spec).plain == {'a': 1}
    # Once for the eswitch mode.
    assert neutron.calls == 1


def test_of_a_plain_port_beside_one_neutron_is_not_asked(conf, neutron):
    """In Neutron's first format all groups are known by their ids."""
    spec = hosts.request(*(given.port_request(port, physical_network='a')
                           for port in (PORT, uuids.plain)))
    spec.requested_resources = [group(PORT)]
    found = gather.of_spec(spec)
    assert [one.bandwidth for one in found.requests] == [PORT, None]
    # Once for the eswitch mode.
    assert neutron.calls == 1


def test_what_nova_wrote_of_a_past_allocation_is_no_request(conf):
    spec = request(spec={'parent_ifname': 'of-the-source'})
    assert passing(host(pool(1, PF1, 'one')), spec) == []
    assert gather.of_spec(spec).plain == {'a': 1}


def test_of_two_ports_each_has_its_pf(conf, neutron, extended):
    other, its = str(uuid.uuid4()), str(uuid.uuid4())
    neutron.add(other, resource_request={'request_groups': [
        {'id': its, 'resources': BANDWIDTH}]})
    spec = hosts.request(*(given.port_request(port, physical_network='a')
                           for port in (PORT, other)))
    spec.requested_resources = [group(), group(its)]
    state = host(pool(1, PF1, 'one'), pool(1, PF2, 'two'))
    state.allocation_candidates = [
        {'allocations': {}, 'mappings': {
            GROUP: [provider(a)], its: [provider(b)]}}
        for a, b in (('one', 'one'), ('two', 'one'), ('two', 'two'))]
    assert filters.SriovCapacityFilter().filter_all([state], spec)
    assert [one['mappings'][GROUP][0]
            for one in state.allocation_candidates] == [provider('two')]
