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

"""What a claim learns of the PF of a port's minimum bandwidth."""

import copy
import types

from nova import context
from nova import exception
from nova import objects
from nova.compute import utils
import os_resource_classes as orc
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext import exception as refused
from nova_sriov_ext.claim import bandwidth_pf
from nova_sriov_ext.demand import bandwidth
from nova_sriov_ext.fit.pools import HostPools
from nova_sriov_ext.report import document
from tests.unit.claim import trackers
from tests.unit.scheduler import pools as given
from tests.unit.scheduler import ports

NAMESPACE = '87f1895c-73bb-11e8-9008-c4d987b2a692'
PORT = '9d3e3f2c-9f0c-4f6b-9d57-4c0f2e8f5a10'
GROUP = '5b0a7c39-66ad-5d0e-8f6e-0f6f2d1e7b21'
PF1, PF2 = '0000:81:00.0', '0000:82:00.0'
POOLS = [given.pool(1, address=PF1, parent_ifname='one'),
         given.pool(1, address=PF2, parent_ifname='two')]
UPDATE = utils.update_pci_request_with_placement_allocations
CONTEXT = context.get_admin_context()


class Placement:
    """Nova's report client, of which the update reads names."""

    names = {
        bandwidth.provider(NAMESPACE, 'h', netdev):
        f'h:NIC Switch agent:{netdev}' for netdev in ('one', 'two', 'new')
    } | {uuids.bridge: 'h:Open vSwitch agent:br-ex',
         uuids.agent: 'h:NIC Switch agent'}

    def get_resource_provider_name(self, context, uuid):
        assert context is CONTEXT, 'Placement answers to requests of someone'
        return self.names[uuid]


def provider(netdev):
    return bandwidth.provider(NAMESPACE, 'h', netdev)


@pytest.fixture(autouse=True)
def neutron(monkeypatch):
    found = ports.Neutron()
    found.add(PORT, resource_request={'request_groups': [
        {'id': GROUP, 'resources': {orc.NET_BW_IGR_KILOBIT_PER_SEC: 1}}]})
    monkeypatch.setattr('nova.network.neutron.get_client',
                        lambda context, admin=False: found)
    return found


def request(**spec):
    found = given.port_request(PORT, **spec)
    found.request_id = uuids.request
    return found


def update(mapping, *requests):
    bandwidth_pf.learning(UPDATE)(CONTEXT, Placement(), list(requests),
                                  mapping)


def wanted(found, rows=()):
    """:returns: address of the PF that a claim looks for, None for any"""
    spec, = bandwidth_pf.applied(found, HostPools.of(
        POOLS, document.Report(tuple(rows)))).spec
    assert 'parent_ifname' not in spec
    return spec.get('address')


@pytest.mark.parametrize('mapping, pf', [
    ({GROUP: [provider('two')]}, PF2),
    ({PORT: [provider('two')]}, PF2),
    ({GROUP: [provider('two')], uuids.packets: [uuids.agent]}, PF2),
    ({GROUP: [uuids.bridge]}, None),
    ({uuids.other: [provider('one')]}, None),
    ({GROUP: [provider('new')]}, 'new'),
    ({}, None)])
@pytest.mark.parametrize('stale', [{}, {'parent_ifname': 'one'}])
def test_claims_go_by_this_allocation(conf, mapping, pf, stale):
    found = request(**stale)
    update(mapping, found)
    assert wanted(found) == pf


def test_the_report_knows_netdevs_better(conf):
    """Nova may take a representor for the PF's netdev."""
    found = request()
    update({GROUP: [provider('new')]}, found)
    assert wanted(found, [document.Row(PF2, 'a', 1, netdev='new')]) == PF2


def test_what_nova_wrote_for_the_host_before_counts_for_nothing(conf):
    assert wanted(request(parent_ifname='one')) is None


def test_nothing_of_it_is_written(conf):
    """Stock Nova would look for that netdev on the next host."""
    found = request(parent_ifname='one')
    before = copy.deepcopy(found.spec)
    update({GROUP: [provider('two')]}, found)
    assert found.spec == before
    assert objects.InstancePCIRequest.obj_from_primitive(
        found.obj_to_primitive()).spec == found.spec


def test_the_last_allocation_counts(conf):
    found = request()
    for netdev, pf in (('one', PF1), ('two', PF2)):
        update({GROUP: [provider(netdev)]}, found)
        assert wanted(found) == pf
    update({uuids.other: [provider('one')]}, found)
    assert wanted(found) is None


def test_aliases_are_novas(conf, neutron):
    found = given.alias_request(specs=[{'vendor_id': '15b3'}])
    found.request_id = uuids.alias
    update({f'{uuids.alias}-0': [uuids.device]}, found)
    assert found.spec == [{'vendor_id': '15b3', 'rp_uuids': uuids.device}]
    assert bandwidth_pf.applied(found, HostPools.of(POOLS)) is found
    assert not neutron.calls


@pytest.mark.parametrize('mapping, calls', [
    ({}, 0), ({PORT: [provider('two')]}, 0), ({GROUP: [provider('two')]}, 1)])
def test_neutron_is_asked_only_where_a_group_may_be_a_ports(
        conf, neutron, mapping, calls):
    other = request()
    other.requester_id = uuids.other
    update(mapping, request(), other)
    assert neutron.calls == calls


def test_an_alias_beside_a_port(conf):
    alias = given.alias_request(specs=[{'vendor_id': '15b3'}])
    alias.request_id = uuids.alias
    found = request()
    update({GROUP: [provider('two')], f'{uuids.alias}-0': [uuids.device]},
           alias, found)
    assert wanted(found) == PF2
    assert alias.spec == [{'vendor_id': '15b3', 'rp_uuids': uuids.device}]


def test_a_plain_request_is_not_copied(conf):
    found = request()
    assert bandwidth_pf.applied(found, HostPools.of(POOLS)) is found


def test_a_silent_neutron_ties_nothing(conf, neutron):
    neutron.error = OSError('no route')
    found = request()
    update({GROUP: [provider('two')]}, found)
    assert wanted(found) is None


def test_before_a_live_migration(conf, monkeypatch):
    """Nova's conductor updates its own copy of the requests."""
    found = request(parent_ifname='one')
    wanted_groups = [objects.RequestGroup(
        requester_id=GROUP, use_same_provider=True, aggregates=[],
        forbidden_traits=set(), required_traits={'CUSTOM_PHYSNET_A'},
        resources={orc.NET_BW_IGR_KILOBIT_PER_SEC: 1})]
    monkeypatch.setattr(
        bandwidth_pf.neutron.API, 'get_requested_resource_for_instance',
        lambda self, context, uuid: (
            {(CONTEXT, uuids.server): wanted_groups}[context, uuid], None))
    client = Placement()
    allocations = {
        uuids.root: {'resources': {'VCPU': 1}},
        provider('two'): {'resources': {orc.NET_BW_IGR_KILOBIT_PER_SEC: 1}}}
    client.get_allocations_for_consumer = lambda context, uuid: {
        (CONTEXT, uuids.server): allocations}[context, uuid]
    traits = types.SimpleNamespace(traits={'CUSTOM_PHYSNET_A'})
    client.get_provider_traits = lambda context, uuid: {
        CONTEXT: traits}[context]
    monkeypatch.setattr(bandwidth_pf.report_client, 'report_client_singleton',
                        lambda: client)
    instance = objects.Instance(
        uuid=uuids.server, pci_requests=objects.InstancePCIRequests(
            requests=[found]))
    bandwidth_pf.before_live_migration(CONTEXT, instance)
    assert wanted(found) == PF2
    # Nothing is kept of that when the next one cannot be looked up.
    client.names = {}
    bandwidth_pf.before_live_migration(CONTEXT, instance)
    assert wanted(found) is None
    del client.names
    bandwidth_pf.before_live_migration(CONTEXT, instance)
    assert wanted(found) == PF2
    wanted_groups.clear()
    bandwidth_pf.before_live_migration(CONTEXT, instance)
    assert wanted(found) is None


def test_a_live_migration_without_ports_looks_nothing_up(conf, caplog):
    instance = objects.Instance(
        uuid=uuids.server, pci_requests=objects.InstancePCIRequests(
            requests=[given.alias_request(specs=[{'vendor_id': '15b3'}])]))
    bandwidth_pf.before_live_migration(CONTEXT, instance)
    assert not caplog.records


def test_the_claim_takes_a_vf_of_that_pf_or_none(conf, host):
    """The VFs have no driver, and so no netdev in Nova's pools."""
    found = host(
        trackers.vfs(PF1, 2), trackers.vfs(PF2, 1), rows=(
            document.Row(PF1, trackers.PHYSNET, 2, netdev='one'),
            document.Row(PF2, trackers.PHYSNET, 1, netdev='two'))
    ).tracker(trackers.OURS)
    ports = [trackers.port('first'), trackers.port('second')]
    for port in ports:
        port.requester_id = PORT
        update({GROUP: [provider('two')]}, port)
    assert not trackers.passes(found, *ports)
    assert trackers.passes(found, ports[0])
    assert trackers.claim(found, ports[0], server='a') == ['0000:82:01.0']
    assert not trackers.passes(found, ports[1])
    with pytest.raises(refused.ClaimRefused, match=(
            '2 free, but none of the PF where Placement has the bandwidth')):
        trackers.claim(found, ports[1], server='b')
    update({GROUP: [provider('one')]}, ports[1])
    address, = trackers.claim(found, ports[1], server='b')
    assert address.startswith('0000:81:01.')


def test_the_pools_know_the_netdev_of_vfs_with_a_driver(conf, host):
    devices = [*trackers.vfs(PF1, 2), *trackers.vfs(PF2, 1)]
    for device in devices:
        device['parent_ifname'] = {PF1: 'one', PF2: 'two'}[
            device['parent_addr']]
    found = host(devices).tracker(trackers.OURS)
    both = [trackers.port('first'), trackers.port('second')]
    for port in both:
        port.requester_id = PORT
        update({GROUP: [provider('two')]}, port)
    with pytest.raises(refused.ClaimRefused, match='2 VFs requested, 1 free'):
        trackers.claim(found, *both)
    assert trackers.claim(found, both[0]) == ['0000:82:01.0']


def test_an_update_that_fails_leaves_the_request(conf):
    found = request(parent_ifname='one')
    before = copy.deepcopy(found.spec)
    with pytest.raises(exception.UnexpectedResourceProviderNameForPCIRequest):
        update({PORT: [uuids.agent]}, found)
    assert found.spec == before
