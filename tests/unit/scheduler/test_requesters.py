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

"""Whose requests a host's pools are asked for, and what that changes."""

import gc
import weakref

from nova import objects
import os_resource_classes as orc
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.demand import bandwidth
from nova_sriov_ext.demand import gather
from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import assigning_stats
from nova_sriov_ext.fit.pools import HostPools
from nova_sriov_ext.report import document
from nova_sriov_ext.report import states
from nova_sriov_ext.scheduler import requesters
from tests.unit.scheduler import hosts
from tests.unit.scheduler import pools as given

NAMESPACE = '87f1895c-73bb-11e8-9008-c4d987b2a692'
PF1, PF2 = '0000:81:00.0', '0000:82:00.0'
POOLS = [given.pool(1, address=PF1, parent_ifname='one'),
         given.pool(1, address=PF2, parent_ifname='two')]
HOST = HostPools.of(POOLS, document.Report(claim='assign'))
PORT = given.port_request(uuids.port, physical_network='a')
OTHER = given.port_request(uuids.other, physical_network='a')
ALIAS = given.alias_request(specs=[{'vendor_id': '15b3'}])


@pytest.fixture(autouse=True)
def no_other_servers(monkeypatch):
    """A RequestSpec with hints refers to itself: those of other tests live
    until garbage is collected."""
    monkeypatch.setattr(requesters, '_specs', weakref.WeakValueDictionary())


@pytest.fixture
def host():
    found = hosts.host('h', *POOLS)
    found.nodename = 'h'
    return found


def server(host, *requests, asked=None, **extra_specs):
    """:param asked: requests that a filter tries, by default all
    :returns: what they are taken for
    """
    spec = hosts.request(*requests, **extra_specs)
    spec.requested_resources = [objects.RequestGroup(
        requester_id=uuids.port,
        resources={orc.NET_BW_EGR_KILOBIT_PER_SEC: 1})]
    assert requesters.remember(None, spec) is False
    found = requesters.server_of(requests if asked is None else asked, host)
    # The spec lives for as long as it is scheduled.
    host.spec = spec
    return found


def test_what_the_server_of_a_port_requests(conf, host):
    conf.config(group='sriov', vf_reserve={'a': '1'})
    found = server(host, ALIAS, PORT, asked=[ALIAS, OTHER, PORT], **{
        'sriov:pf_policy': 'spread', 'sriov:lag_policy': 'reject'})
    assert (found.pf_policy, found.lag_policy, found.reserves(())) == (
        'spread', 'reject', {'a': '1'})
    host.instances = {uuids.server: None}
    # On its own host a server gives back what it takes.
    assert server(host, PORT).reserves(()) == {}


@pytest.mark.parametrize('asked', [[], [ALIAS], [OTHER]])
def test_requests_of_a_server_that_is_not_known(conf, host, asked):
    """Aliases tell of no server; of other ports no filter request came."""
    conf.config(group='sriov', vf_reserve={'a': '1'}, pf_policy='spread')
    found = server(host, PORT, ALIAS, asked=asked)
    assert type(found) is assigning_stats.Server
    assert (found.pf_policy, found.reserves(())) == (None, {})


def test_a_request_is_known_while_it_is_scheduled(conf, host):
    assert type(server(host, PORT)) is requesters.Requested
    del host.spec
    gc.collect()
    assert type(requesters.server_of([PORT], host)) is assigning_stats.Server


@pytest.mark.parametrize('spec', [
    objects.RequestSpec(), objects.RequestSpec(pci_requests=None),
    objects.RequestSpec(pci_requests=objects.InstancePCIRequests()), None])
def test_what_is_no_request_changes_nothing(conf, host, spec):
    assert requesters.remember(None, spec) is False


def test_what_cannot_be_read_is_left_to_the_claim(
        conf, host, monkeypatch, caplog):
    def broken(spec_obj):
        raise KeyError('flavor')
    monkeypatch.setattr(gather, 'of_spec', broken)
    assert type(server(host, PORT)) is assigning_stats.Server
    assert 'requests could not be read' in caplog.text


def provider(netdev):
    return bandwidth.provider(NAMESPACE, 'h', netdev)


@pytest.mark.parametrize('request_, mapping, address', [
    (PORT, {uuids.port: [provider('two')]}, PF2),
    (PORT, {uuids.port: [provider('one')]}, PF1),
    (PORT, {uuids.port: [uuids.bridge]}, None),
    (PORT, {uuids.other: [provider('two')]}, None), (PORT, None, None),
    (OTHER, {uuids.other: [provider('two')]}, None),
    (ALIAS, {uuids.port: [provider('two')]}, None)])
def test_a_port_is_tied_to_the_pf_with_its_bandwidth(
        conf, host, request_, mapping, address):
    found = server(host, PORT, OTHER, ALIAS)
    before = request_.obj_to_primitive()
    tied = found.tied(request_, mapping, HOST)
    if address is None:
        assert tied is request_
    else:
        assert tied.spec == [{**request_.spec[0], 'address': address}]
    assert request_.obj_to_primitive() == before
    # Nova's pools may lack the netdev; the host reports it.
    rows = document.Report((document.Row('pf', 'a', 1, netdev='new'),),
                           claim='assign')
    tied = found.tied(
        PORT, {uuids.port: [provider('new')]}, HostPools.of([], rows))
    assert tied.spec[0]['address'] == 'pf'


def test_the_modes_that_suit_a_port(conf, host, neutron):
    neutron.add(uuids.port, hardware_offload_type='switchdev')
    neutron.add(uuids.other, **{'binding:profile': {
        'capabilities': ['rx', 'switchdev']}})
    found = server(host, PORT, OTHER)
    asked = {request: model.request_of(request)
             for request in (PORT, OTHER, ALIAS)}
    suited = {request: found.suited(one, False)
              for request, one in asked.items()}
    assert suited[PORT].modes == {states.SWITCHDEV, 'unknown'}
    assert suited[OTHER].preferred == states.SWITCHDEV
    assert suited[ALIAS] is asked[ALIAS]
    # All else is as it is asked.
    assert suited[PORT].specs == asked[PORT].specs


def test_where_neutron_is_silent(conf, host, neutron):
    conf.config(group='sriov', unknown_ports='reject')
    neutron.error = OSError('no route')
    found = server(host, PORT)
    assert found.suited(model.request_of(PORT), True) is None
    conf.config(group='sriov', unknown_ports='accept')
    found = server(host, PORT)
    assert isinstance(found.suited(
        model.request_of(PORT), True), model.Request)
