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

"""Legacy and switchdev VFs on one physnet of one host."""

from nova import exception
import pytest

from nova_sriov_ext import exception as refusal
from nova_sriov_ext.claim import port_answers
from nova_sriov_ext.demand import neutron_ports
from nova_sriov_ext.report import document
from tests.unit.claim import trackers
from tests.unit.claim.trackers import OURS
from tests.unit.claim.trackers import STOCK
from tests.unit.claim.trackers import claim
from tests.unit.claim.trackers import port
from tests.unit.claim.trackers import vfs
from tests.unit.scheduler.ports import Neutron

A, B = '0000:03:00.0', '0000:04:00.0'
LEGACY_VF, SWITCHDEV_VF = '0000:03:01.0', '0000:04:01.0'


def pfs_of(addresses):
    return [f'{address[:7]}:00.0' for address in addresses]


class Ports(Neutron):
    """Ports by the names that trackers.port() gives them."""

    def request(self, *names):
        for name in names:
            self.add(getattr(trackers.uuids, name),
                     hardware_offload_type='switchdev')

    def release(self, *names, capabilities=('rx', 'switchdev')):
        for name in names:
            self.add(getattr(trackers.uuids, name), **{
                'binding:profile': {'capabilities': list(capabilities)}})


@pytest.fixture
def neutron(monkeypatch):
    found = Ports()
    monkeypatch.setattr('nova.network.neutron.get_client',
                        lambda context, admin=False: found)
    monkeypatch.setattr(neutron_ports, 'BREAKER', neutron_ports.Breaker())
    return found


def rows(a='legacy', b='switchdev'):
    return [document.Row(A, trackers.PHYSNET, 1, a),
            document.Row(B, trackers.PHYSNET, 1, b)]


@pytest.fixture
def mixed(host):
    return host(vfs(A, 1), vfs(B, 1), rows=rows())


def test_the_port_that_asks_gets_the_switchdev_vf(mixed, neutron):
    """Nova gives it the first."""
    neutron.request('offloaded')
    assert claim(mixed.tracker(STOCK), port('offloaded')) == [LEGACY_VF]
    assert claim(mixed.tracker(OURS), port('offloaded')) == [SWITCHDEV_VF]
    assert claim(mixed.tracker(OURS), port('plain')) == [LEGACY_VF]


def test_a_plain_port_makes_room(mixed, neutron):
    neutron.request('offloaded')
    both = port('plain'), port('offloaded')
    assert claim(mixed.tracker(OURS), *both) == [LEGACY_VF, SWITCHDEV_VF]
    assert claim(mixed.tracker(OURS), *both[::-1]) == [
        SWITCHDEV_VF, LEGACY_VF]


def test_never_a_legacy_vf_when_no_other_is_left(mixed, neutron):
    neutron.request('one', 'two')
    tracker = mixed.tracker(OURS)
    assert claim(tracker, port('one'), server='one') == [SWITCHDEV_VF]
    assert not trackers.passes(tracker, port('two'))
    with pytest.raises(exception.PciDeviceRequestFailed):
        claim(tracker, port('two'), server='two')


def test_a_physnet_in_another_spelling(host, neutron):
    """Nova compares without case."""
    neutron.request('offloaded')
    tracker = host(vfs(A, 1), rows=rows()).tracker(OURS)
    asked = port('offloaded', physical_network=trackers.PHYSNET.upper())
    with pytest.raises(exception.PciDeviceRequestFailed):
        claim(tracker, asked)


def test_plain_ports_get_legacy_vfs_only_if_so_configured(
        conf, mixed, neutron):
    conf.config(group='sriov', plain_port_mode='legacy')
    tracker = mixed.tracker(OURS)
    assert claim(tracker, port('one'), server='one') == [LEGACY_VF]
    with pytest.raises(exception.PciDeviceRequestFailed):
        claim(tracker, port('two'), server='two')


@pytest.mark.parametrize('modes', [
    ('legacy', 'legacy'), ('switchdev', 'switchdev'), ('unknown', 'unknown'),
    ('unknown', 'switchdev')])
def test_with_one_mode_nobody_is_asked(host, neutron, modes):
    """The filter has judged the host, for what was scheduled."""
    tracker = host(vfs(A, 1), vfs(B, 1), rows=rows(*modes)).tracker(OURS)
    assert trackers.passes(tracker, port('offloaded'))
    assert neutron.calls == 0


@pytest.mark.parametrize('name, mode, found', [
    ('offloaded', 'legacy', None), ('offloaded', 'switchdev', SWITCHDEV_VF),
    ('plain', 'switchdev', None), ('plain', 'legacy', SWITCHDEV_VF)])
def test_with_one_mode_an_attached_port_is_judged(
        conf, host, neutron, name, mode, found):
    conf.config(group='sriov', plain_port_mode='legacy')
    neutron.request('offloaded')
    tracker = host(vfs(B, 1), rows=rows(b=mode)).tracker(OURS)
    if found:
        assert claim(tracker, port(name)) == [found]
    else:
        with pytest.raises(refusal.ClaimRefused, match='requested'):
            claim(tracker, port(name))


def test_one_look_up_serves_all_ports_test_and_claim(mixed, neutron):
    """NUMA fitting tests each choice of nodes, all under one lock."""
    neutron.request('offloaded')
    tracker = mixed.tracker(OURS)
    both = [port('plain'), port('offloaded')]
    for _ in range(3):
        assert trackers.passes(tracker, *both)
    assert claim(tracker, *both) == [LEGACY_VF, SWITCHDEV_VF]
    assert neutron.calls == 1


def test_the_next_claim_looks_again(mixed, neutron):
    """The port was bound in between."""
    one, other = mixed.tracker(OURS), mixed.tracker(OURS)
    assert claim(one, port('plain')) == [LEGACY_VF]
    neutron.request('plain')
    assert claim(other, port('plain')) == [SWITCHDEV_VF]


@pytest.mark.parametrize('had, other, expected', [
    ('switchdev', 'rx', SWITCHDEV_VF), ('tx', 'rx', LEGACY_VF)])
def test_a_released_port_gets_what_it_had(
        host, neutron, had, other, expected):
    """Also where packing, or the order of the pools, takes the others."""
    neutron.release('had', capabilities=(other, had))
    for order in (A, B), (B, A):
        tracker = host(*(vfs(address, 1) for address in order),
                       rows=rows()).tracker(OURS)
        assert claim(tracker, port('had')) == [expected]


@pytest.mark.parametrize('plain_port_mode', ['any', 'legacy'])
def test_a_preference_refuses_nothing(conf, mixed, neutron, plain_port_mode):
    conf.config(group='sriov', plain_port_mode=plain_port_mode)
    neutron.request('one')
    neutron.release('two')
    tracker = mixed.tracker(OURS)
    assert claim(tracker, port('one'), server='one') == [SWITCHDEV_VF]
    assert claim(tracker, port('two'), server='two') == [LEGACY_VF]


@pytest.mark.parametrize('order', [(A, B), (B, A)])
def test_a_plain_port_spares_the_switchdev_vfs(host, neutron, order):
    """Whatever comes first; and it gets one when no other is left."""
    neutron.request('offloaded')
    tracker = host(*(vfs(pf, 2) for pf in order), rows=rows()).tracker(OURS)
    assert pfs_of(claim(tracker, port('one'), port('two'),
                        server='one')) == [A, A]
    assert pfs_of(claim(tracker, port('offloaded'), port('three'),
                        server='two')) == [B, B]


@pytest.mark.parametrize('policy', ['pack', 'prefer_spread'])
def test_to_spare_comes_before_a_wish(conf, host, neutron, policy):
    conf.config(group='sriov', pf_policy=policy)
    tracker = host(vfs(B, 2), vfs(A, 2), rows=rows()).tracker(OURS)
    assert pfs_of(claim(tracker, port('one'), port('two'))) == [A, A]


def test_to_spare_breaks_no_rule(conf, host, neutron):
    conf.config(group='sriov', pf_policy='spread')
    tracker = host(vfs(B, 2), vfs(A, 2), rows=rows()).tracker(OURS)
    assert pfs_of(claim(tracker, port('one'), port('two'))) == [A, B]


@pytest.mark.parametrize('names', [('plain', 'had'), ('had', 'plain')])
def test_what_a_port_had_comes_before_what_is_spared(mixed, neutron, names):
    neutron.release('had', capabilities=('rx', 'tx'))
    got = claim(mixed.tracker(OURS), *map(port, names))
    assert dict(zip(names, got, strict=True)) == {
        'had': LEGACY_VF, 'plain': SWITCHDEV_VF}


@pytest.mark.parametrize('node, expected', [(0, SWITCHDEV_VF),
                                            (1, LEGACY_VF)])
def test_nothing_farther_away_is_taken_to_spare(
        host, neutron, node, expected):
    tracker = host(vfs(B, 1, numa_node=0), vfs(A, 1, numa_node=1),
                   rows=rows()).tracker(OURS)
    asked = port('plain')
    asked.numa_policy = 'preferred'
    assert claim(tracker, asked, numa=trackers.cells(node)) == [expected]


def test_nothing_is_spared_where_a_mode_is_not_known(host, neutron):
    """A port that requires switchdev may get any of them."""
    tracker = host(vfs(B, 1), vfs(A, 1), rows=rows(b='unknown')).tracker(OURS)
    assert claim(tracker, port('plain')) == [SWITCHDEV_VF]


def test_as_many_as_possible_get_what_they_prefer(host, neutron):
    neutron.release('one', 'two', 'three')
    tracker = host(vfs(A, 2), vfs(B, 2), rows=rows()).tracker(OURS)
    got = claim(tracker, port('one'), port('two'), port('three'))
    assert [address[:7] for address in got] == ['0000:04', '0000:04',
                                                '0000:03']


def test_a_request_comes_before_a_preference(mixed, neutron):
    neutron.release('first')
    neutron.request('second')
    assert claim(mixed.tracker(OURS), port('first'), port('second')) == [
        LEGACY_VF, SWITCHDEV_VF]


def test_without_an_answer_the_option_decides(
        conf, mixed, neutron, caplog):
    neutron.error = ConnectionError('Neutron is away')
    assert claim(mixed.tracker(OURS), port('plain')) == [LEGACY_VF]
    assert (f'modes of ports {trackers.uuids.plain} could not be read from '
            'Neutron: Neutron is away' in caplog.text)
    conf.config(group='sriov', unknown_ports='reject')
    with pytest.raises(refusal.ClaimRefused, match='Neutron does not answer'):
        claim(mixed.tracker(OURS), port('plain'))


def test_a_port_that_neutron_does_not_know_is_plain(conf, mixed, neutron):
    """Deleted, or of a release of Nova that did not write down its id."""
    conf.config(group='sriov', unknown_ports='reject')
    assert claim(mixed.tracker(OURS), port('gone')) == [LEGACY_VF]
    old = port('old')
    old.requester_id = None
    assert claim(mixed.tracker(OURS), old) == [LEGACY_VF]


def test_looked_up_ahead_of_a_claim(mixed, neutron):
    neutron.request('offloaded')
    request, other = port('offloaded'), port('other')
    port_answers.learn([request])
    neutron.error = ConnectionError('Neutron is away')
    assert claim(mixed.tracker(OURS), request) == [SWITCHDEV_VF]
    port_answers.learn([other])
    assert claim(mixed.tracker(OURS), other) == [LEGACY_VF]


def test_the_mode_may_be_a_tag(host, neutron):
    """On a host that cannot report it."""
    neutron.request('offloaded')
    tracker = host(vfs(A, 1, eswitch_mode='legacy'),
                   vfs(B, 1, eswitch_mode='switchdev')).tracker(OURS)
    assert claim(tracker, port('offloaded')) == [SWITCHDEV_VF]


@pytest.mark.parametrize('modes, expected', [
    (('legacy', 'switchdev'), SWITCHDEV_VF), (('legacy', 'legacy'), None),
    (('unknown', 'unknown'), LEGACY_VF)])
@pytest.mark.parametrize('tags', [
    {'physical_network': None}, {}], ids=['null', 'no tag'])
def test_a_tunnelled_port(host, neutron, modes, expected, tags):
    """Its network says what it needs; Nova gives VFs without the tag, too."""
    devices = [*vfs(A, 1), *vfs(B, 1)]
    for device in devices:
        device['tags'] = tags
    found = host(devices, rows=[
        document.Row(pf, None, len(tags), mode)
        for pf, mode in zip((A, B), modes, strict=True)])
    asked = port(physical_network=None)
    assert claim(found.tracker(STOCK), asked) == [LEGACY_VF]
    tracker = found.tracker(OURS)
    if expected:
        assert tracker.stats.support_requests([asked], None)
        assert claim(tracker, asked) == [expected]
    else:
        with pytest.raises(refusal.ClaimRefused, match='legacy, switchdev'):
            tracker.stats.support_requests([asked], None)
    assert neutron.calls == 0
