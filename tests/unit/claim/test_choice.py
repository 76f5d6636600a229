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

"""Which of the VFs that Nova accepts a server gets."""

from nova import context
from nova import exception
from nova import objects
import pytest

from nova_sriov_ext.claim import server
from nova_sriov_ext.report import document
from tests.unit.claim import trackers
from tests.unit.claim.trackers import OURS
from tests.unit.claim.trackers import alias
from tests.unit.claim.trackers import cells
from tests.unit.claim.trackers import claim
from tests.unit.claim.trackers import port
from tests.unit.claim.trackers import vfs

A, B = '0000:03:00.0', '0000:04:00.0'


def pfs(tracker, *requests, **kwargs):
    """:returns: list of the PFs of the VFs that are claimed"""
    return ['0000:' + address[5:7] + ':00.0'
            for address in claim(tracker, *requests, **kwargs)]


@pytest.mark.parametrize('policy, found', [
    ('spread', {A, B}), ('prefer_spread', {A, B}), ('pack', {A})])
def test_pf_policy_of_the_flavor(host, flavor, policy, found):
    flavor['sriov:pf_policy'] = policy
    tracker = host(vfs(A, 2), vfs(B, 3)).tracker(OURS)
    assert set(pfs(tracker, port('a'), port('b'))) == found


def test_pf_policy_of_nova_conf(conf, host):
    conf.config(group='sriov', pf_policy='spread')
    tracker = host(vfs(A, 2)).tracker(OURS)
    with pytest.raises(exception.PciDeviceRequestFailed):
        claim(tracker, port('a'), port('b'))


def test_a_flavor_that_cannot_be_read(host, monkeypatch, caplog):
    def away(context, uuid, expected_attrs):
        raise exception.InstanceNotFound(instance_id=uuid)
    monkeypatch.setattr(
        server.objects.Instance, 'get_by_uuid', away)
    assert claim(host(vfs(A, 2)).tracker(OURS), port('a'), port('b'))
    assert f'server {trackers.uuids.server} cannot be read' in caplog.text


@pytest.mark.parametrize('requests, pfs, read', [
    ([port('a')], [A], False),
    ([alias(2, product_id='101e')], [A, B], False),
    ([port('a'), alias(1, product_id='101e')], [A], False),
    ([port('a')], [A, B], True),
    ([port('a'), port('b')], [A], True),
])
def test_a_flavor_is_read_only_where_there_is_a_choice(
        host, monkeypatch, caplog, requests, pfs, read):
    """One more call of the conductor, under the tracker's lock."""
    monkeypatch.setattr(
        server.objects.Instance, 'get_by_uuid', None)
    devices = [vfs(address, 2) for address in pfs]
    assert claim(host(*devices).tracker(OURS), *requests)
    assert ('cannot be read' in caplog.text) is read


@pytest.mark.parametrize('policy', ['spread', 'prefer_spread', 'pack'])
def test_the_guests_numa_node_first(host, flavor, policy):
    flavor['sriov:pf_policy'] = policy
    tracker = host(vfs(A, 2, numa_node=None),
                   vfs(B, 2, numa_node=1)).tracker(OURS)
    assert pfs(tracker, port('a'), numa=cells(1)) == [B]


def test_a_strict_request_gets_the_near_vf(host):
    """Nova gives it to the lenient one, because that comes first."""
    compute = host(vfs(A, 1, numa_node=1), vfs(B, 1, numa_node=None))
    lenient = alias(name='lenient', product_id='101e', numa_policy='legacy')
    strict = alias(name='strict', product_id='101e', numa_policy='required')
    with pytest.raises(exception.PciDeviceRequestFailed):
        claim(compute.tracker(trackers.STOCK), lenient, strict,
              numa=cells(1))
    assert pfs(compute.tracker(OURS), lenient, strict, numa=cells(1)) == [
        B, A]


@pytest.mark.parametrize('state', ['degraded', 'inactive'])
@pytest.mark.parametrize('policy', ['spread', 'prefer_spread', 'pack'])
def test_healthy_lags_first(host, flavor, policy, state):
    flavor['sriov:pf_policy'] = policy
    tracker = host(vfs(A, 2), vfs(B, 2), rows=[
        document.Row(A, trackers.PHYSNET, 2, 'switchdev', 'bond0', state),
        document.Row(B, trackers.PHYSNET, 2, 'switchdev', 'bond1', 'active'),
    ]).tracker(OURS)
    assert pfs(tracker, port('a')) == [B]


@pytest.mark.parametrize('policy, found', [
    ('reject', {B}), ('weigh', {A})])
def test_lags_that_the_flavor_refuses(host, flavor, policy, found):
    """Two VFs fit on one PF only where its LAG does not matter."""
    flavor.update({'sriov:lag_policy': policy, 'sriov:pf_policy': 'pack'})
    tracker = host(vfs(A, 2), vfs(B, 1), rows=[
        document.Row(A, trackers.PHYSNET, 2, 'switchdev', 'bond0', 'degraded'),
        document.Row(B, trackers.PHYSNET, 1, 'switchdev', 'bond1', 'active'),
    ]).tracker(OURS)
    if policy == 'reject':
        with pytest.raises(exception.PciDeviceRequestFailed):
            claim(tracker, port('a'), port('b'))
        assert set(pfs(tracker, port('a'))) == found
    else:
        assert set(pfs(tracker, port('a'), port('b'))) == found


def test_the_lag_of_a_whole_pf_does_not_matter(host, flavor):
    flavor['sriov:lag_policy'] = 'reject'
    tracker = host(trackers.pf(A), rows=[document.Row(
        A, trackers.PHYSNET, 0, 'switchdev', 'bond0', 'degraded')],
    ).tracker(OURS)
    assert claim(tracker, port('a', dev_type='type-PF')) == [A]


def test_then_pfs_that_tell_no_numa_node(host):
    """Before those of another one."""
    tracker = host(vfs(A, 1, numa_node=0), vfs(B, 1, numa_node=None)
                   ).tracker(OURS)
    assert pfs(tracker, alias(product_id='101e', numa_policy='preferred'),
               numa=cells(1)) == [B]


def test_a_refusal_copies_no_devices(host, monkeypatch):
    """A card has hundreds; Nova may ask for each choice of NUMA nodes."""
    tracker = host(vfs(A, 2)).tracker(OURS)
    copied = []
    monkeypatch.setattr(
        server.objects.PciDevice, '__deepcopy__',
        lambda dev, memo: copied.append(dev))
    assert not trackers.passes(
        tracker, port('a'), port('b'), port('c'))
    assert not copied


def test_both_test_and_claim_say_why(host):
    tracker = host(vfs(A, 2)).tracker(OURS)
    asked = port('a'), port('b'), port('c')
    with pytest.raises(exception.ComputeResourcesUnavailable) as tested:
        tracker.stats.support_requests(asked, None)
    with pytest.raises(exception.ComputeResourcesUnavailable) as claimed:
        claim(tracker, *asked)
    assert str(tested.value) == str(claimed.value)
    assert 'physnet2: 3 VFs requested, 2 free' in str(claimed.value)


def test_the_reason_is_about_the_guests_numa_nodes(host):
    tracker = host(vfs(A, 2, numa_node=1)).tracker(OURS)
    with pytest.raises(exception.PciDeviceRequestFailed, match='none free'):
        claim(tracker, port('a'), numa=cells(0))
    assert claim(tracker, port('a'), numa=cells(1))


def test_attached_ports_are_spread_too(host, flavor):
    flavor['sriov:pf_policy'] = 'spread'
    tracker = host(vfs(A, 2), vfs(B, 2)).tracker(OURS)
    first, = pfs(tracker, port('a'))
    second, = pfs(tracker, port('b'))
    assert {first, second} == {A, B}
    with pytest.raises(exception.PciDeviceRequestFailed):
        claim(tracker, port('c'))


def test_a_resize_on_the_same_host_is_no_attachment(host, flavor):
    """The same ports claim once more, before the old VFs are freed."""
    flavor['sriov:pf_policy'] = 'spread'
    tracker = host(vfs(A, 2), vfs(B, 2)).tracker(OURS)
    ports = port('a'), port('b')
    claim(tracker, *ports)
    assert set(pfs(tracker, *ports)) == {A, B}


def test_the_flavor_is_read_with_the_rights_to(monkeypatch):
    flavor = objects.Flavor(extra_specs={'sriov:pf_policy': 'spread'})

    def stored(found, uuid, expected_attrs):
        assert found.is_admin and found.project_id == 'project'
        assert (uuid, expected_attrs) == (trackers.uuids.server, ['flavor'])
        return objects.Instance(uuid=uuid, flavor=flavor)

    monkeypatch.setattr(server.objects.Instance, 'get_by_uuid', stored)
    asking = context.RequestContext('user', 'project', is_admin=False)
    assert server.flavor_in_database(
        asking, trackers.uuids.server) is flavor
