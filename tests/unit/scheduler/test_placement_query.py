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

"""What ports request, in Nova's query to Placement."""

from nova import exception
from nova import objects
from nova.scheduler import utils
from oslo_utils.fixture import uuidsentinel as uuids
import pytest

from nova_sriov_ext.demand import gather
from nova_sriov_ext.demand import pci_requests
from nova_sriov_ext.placement import names
from nova_sriov_ext.scheduler import placement_query
from tests.unit.scheduler import hosts
from tests.unit.scheduler import pools as given

A, B = map(names.vf_class, 'ab')


def port(name='port', **spec):
    return given.port_request(getattr(uuids, name), **spec)


@pytest.fixture
def conf(conf):
    conf.config(query_placement=True, group='sriov')
    return conf


def queried(spec):
    """:returns: what the query's unsuffixed group has beside the flavor's
        CPU and memory
    """
    for name, value in {
            'vcpus': 1, 'memory_mb': 1, 'root_gb': 0, 'swap': 0,
            'ephemeral_gb': 0}.items():
        setattr(spec.flavor, name, value)
    spec.requested_resources = []
    spec.request_level_params = objects.RequestLevelParams()
    query = utils.ResourceRequest.from_request_spec(spec)
    found = query.get_request_group(None).resources
    assert (found.pop('VCPU'), found.pop('MEMORY_MB')) == (1, 1)
    return found


@pytest.mark.parametrize('requests, expected', [
    ([port(physical_network='a')], {A: 1}),
    ([port(physical_network='a'), port('second', physical_network='A'),
      port('third', physical_network='b')], {A: 2, B: 1}),
    ([port(physical_network='a'), port('second', physical_network=None)],
     {A: 1}),
    # VFs that are published as all others are.
    ([port(physical_network='a', dev_type='vdpa'),
      port('second', physical_network='a', remote_managed='True')], {A: 2}),
])
def test_what_ports_on_physnets_request(conf, requests, expected):
    spec = hosts.request(*requests)
    assert placement_query.add_vfs(None, spec) is True
    assert placement_query.added(spec) == expected
    # Again, as for a request that is scheduled once more.
    assert placement_query.add_vfs(None, spec) is True
    assert queried(spec) == expected


@pytest.mark.parametrize('requests', [
    [], [port(physical_network=None)],
    [port(physical_network='a', dev_type='type-PF')],
    [given.alias_request(specs=[{'vendor_id': '15b3'}])]])
def test_nothing_to_search_for(conf, requests):
    spec = hosts.request(*requests)
    before = spec.flavor
    assert placement_query.add_vfs(None, spec) is False
    assert spec.flavor is before
    assert queried(spec) == {}


@pytest.mark.parametrize('unknown_mode, expected', [
    ('reject', {A: 2, names.mode_class('switchdev', 'a'): 1}),
    # Hosts with VFs of unknown mode do not publish those of a mode.
    ('accept', {A: 2})])
def test_a_port_that_requires_a_mode(conf, neutron, unknown_mode, expected):
    conf.config(unknown_mode=unknown_mode, group='sriov')
    neutron.add(uuids.port, hardware_offload_type='switchdev')
    # It prefers one.
    neutron.add(uuids.second, **{'binding:profile': {
        'capabilities': ['rx', 'switchdev']}})
    spec = hosts.request(port(physical_network='a'),
                         port('second', physical_network='a'),
                         port('third', physical_network=None))
    assert placement_query.add_vfs(None, spec) is True
    assert queried(spec) == placement_query.added(spec) == expected


def test_the_option_is_off(conf):
    conf.config(query_placement=False, group='sriov')
    spec = hosts.request(port(physical_network='a'))
    assert placement_query.add_vfs(None, spec) is False
    assert queried(spec) == {}


def test_the_flavor_of_others_stays_as_it_is(conf):
    spec = hosts.request(port(physical_network='a'), **{
        f'resources:{A}': '9', 'resources1:VGPU': '1'})
    flavor, before = spec.flavor, dict(spec.flavor.extra_specs)
    spec.obj_reset_changes(recursive=True)
    assert placement_query.add_vfs(None, spec) is True
    assert flavor.extra_specs == before
    assert spec.obj_what_changed() == set()
    assert spec.flavor.extra_specs == {**before, f'resources:{A}': '1'}


def test_a_flavor_without_extra_specs(conf):
    spec = hosts.request(port(physical_network='a'))
    spec.flavor = objects.Flavor()
    assert placement_query.add_vfs(None, spec) is True
    assert queried(spec) == {A: 1}


@pytest.mark.parametrize('named', [
    {'force_hosts': ['h']}, {'force_nodes': ['n']},
    {'requested_destination': objects.Destination(host='h')},
    {'requested_destination': objects.Destination(node='n')}])
def test_a_named_host_is_not_searched_for(conf, named):
    spec = hosts.request(port(physical_network='a'))
    for name, value in named.items():
        setattr(spec, name, value)
    assert placement_query.add_vfs(None, spec) is False
    assert queried(spec) == {}


@pytest.mark.parametrize('unnamed', [
    {'force_hosts': [], 'force_nodes': None, 'requested_destination': None},
    {'requested_destination': objects.Destination(node=None)},
    {'requested_destination': objects.Destination()}])
def test_a_host_that_is_not_named(conf, unnamed):
    spec = hosts.request(port(physical_network='a'))
    for name, value in unnamed.items():
        setattr(spec, name, value)
    assert placement_query.add_vfs(None, spec) is True


def test_neutron_is_silent(conf, neutron):
    """The physnet is known without it."""
    neutron.error = OSError('no route')
    spec = hosts.request(port(physical_network='a'))
    assert placement_query.add_vfs(None, spec) is True
    assert queried(spec) == {A: 1}


def test_a_cell_is_silent(conf, monkeypatch, caplog):
    """The filter counts the ports of the boot as well, then."""
    def silent(spec_obj):
        raise exception.NovaException('no database')
    monkeypatch.setattr(pci_requests, 'of_server', silent)
    spec = hosts.request(port(physical_network='a'))
    assert placement_query.add_vfs(None, spec) is True
    assert queried(spec) == {A: 1}
    assert caplog.text.count('taking those of its boot') == 1


@pytest.mark.parametrize('spec', [
    objects.RequestSpec(), None,
    objects.RequestSpec(instance_uuid=uuids.server, pci_requests=None)])
def test_what_is_no_request_changes_nothing(conf, spec):
    assert placement_query.add_vfs(None, spec) is False


def test_what_cannot_be_read_changes_nothing(conf, monkeypatch, caplog):
    def broken(spec_obj):
        raise KeyError('flavor')
    monkeypatch.setattr(gather, 'of_spec', broken)
    spec = hosts.request(port(physical_network='a'))
    assert placement_query.add_vfs(None, spec) is False
    assert queried(spec) == {}
    assert caplog.text.count('Placement does not search for its VFs') == 1
