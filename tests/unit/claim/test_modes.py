"""Legacy and switchdev VFs on one physnet of one host."""

import time

from nova import exception
import pytest

from nova_sriov_ext import asked
from nova_sriov_ext import exception as refusal
from nova_sriov_ext import report
from nova_sriov_ext.claim import ports
from tests.unit.claim import trackers
from tests.unit.claim.trackers import OURS
from tests.unit.claim.trackers import STOCK
from tests.unit.claim.trackers import claim
from tests.unit.claim.trackers import port
from tests.unit.claim.trackers import vfs

A, B = '0000:03:00.0', '0000:04:00.0'
LEGACY_VF, SWITCHDEV_VF = '0000:03:01.0', '0000:04:01.0'


class Neutron:
    """What Neutron says, and how often it was asked.

    :ivar asking: names of the ports that ask for switchdev
    """

    def __init__(self):
        self.asking = set()
        self.calls = []
        self.answer = self.tell

    def tell(self, ids):
        return frozenset(getattr(trackers.uuids, name)
                         for name in self.asking) & set(ids)

    def ask(self, ids):
        self.calls.append(set(ids))
        return self.answer(ids)


@pytest.fixture
def neutron(monkeypatch):
    found = Neutron()
    monkeypatch.setattr(asked, 'ask', found.ask)
    monkeypatch.setattr(ports, 'PORTS', ports.Ports())
    return found


def rows(a='legacy', b='switchdev'):
    return [report.Row(A, trackers.PHYSNET, 1, a),
            report.Row(B, trackers.PHYSNET, 1, b)]


@pytest.fixture
def mixed(host):
    return host(vfs(A, 1), vfs(B, 1), rows=rows())


def test_the_port_that_asks_gets_the_switchdev_vf(mixed, neutron):
    """Nova gives it the first."""
    neutron.asking = {'offloaded'}
    assert claim(mixed.tracker(STOCK), port('offloaded')) == [LEGACY_VF]
    assert claim(mixed.tracker(OURS), port('offloaded')) == [SWITCHDEV_VF]
    assert claim(mixed.tracker(OURS), port('plain')) == [LEGACY_VF]


def test_a_plain_port_makes_room(mixed, neutron):
    neutron.asking = {'offloaded'}
    both = port('plain'), port('offloaded')
    assert claim(mixed.tracker(OURS), *both) == [LEGACY_VF, SWITCHDEV_VF]
    assert claim(mixed.tracker(OURS), *both[::-1]) == [
        SWITCHDEV_VF, LEGACY_VF]


def test_never_a_legacy_vf_when_no_other_is_left(mixed, neutron):
    neutron.asking = {'one', 'two'}
    tracker = mixed.tracker(OURS)
    assert claim(tracker, port('one'), server='one') == [SWITCHDEV_VF]
    assert not trackers.passes(tracker, port('two'))
    with pytest.raises(exception.PciDeviceRequestFailed):
        claim(tracker, port('two'), server='two')


def test_a_physnet_in_another_spelling(host, neutron):
    """Nova compares without case."""
    neutron.asking = {'offloaded'}
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
    tracker = host(vfs(A, 1), vfs(B, 1), rows=rows(*modes)).tracker(OURS)
    assert claim(tracker, port('offloaded'))
    assert neutron.calls == []


def test_one_question_serves_test_and_claim(mixed, neutron):
    tracker = mixed.tracker(OURS)
    assert trackers.passes(tracker, port('plain'))
    assert claim(tracker, port('plain'))
    assert len(neutron.calls) == 1


def test_an_answer_grows_old(mixed, neutron, monkeypatch):
    claim(mixed.tracker(OURS), port('plain'))
    now = time.monotonic()
    monkeypatch.setattr(ports.time, 'monotonic', lambda: now + 61)
    neutron.asking = {'plain'}
    assert claim(mixed.tracker(OURS), port('plain')) == [SWITCHDEV_VF]


def _fails(ids):
    raise ConnectionError('Neutron is away')


def _hangs(ids):
    time.sleep(3)


@pytest.mark.parametrize('answer', [_fails, _hangs])
def test_without_an_answer_the_option_decides(conf, mixed, neutron, answer):
    conf.config(group='sriov', port_timeout=1)
    neutron.answer = answer
    assert claim(mixed.tracker(OURS), port('plain')) == [LEGACY_VF]
    conf.config(group='sriov', unknown_ports='reject')
    start = time.monotonic()
    with pytest.raises(exception.PciDeviceRequestFailed):
        claim(mixed.tracker(OURS), port('plain'))
    assert time.monotonic() - start < 2


def test_a_silent_neutron_is_waited_for_once(conf, host, neutron):
    """NUMA fitting tests each choice of nodes, all under one lock."""
    conf.config(group='sriov', port_timeout=1)
    neutron.answer = _hangs
    tracker = host(vfs(A, 2), vfs(B, 2), rows=rows()).tracker(OURS)
    start = time.monotonic()
    for _ in range(3):
        assert trackers.passes(tracker, port('a'), port('b'))
    assert time.monotonic() - start < 2


def test_a_neutron_that_is_back_is_asked_again(mixed, neutron, monkeypatch):
    neutron.asking, neutron.answer = {'offloaded'}, _fails
    claim(mixed.tracker(OURS), port('offloaded'))
    now = time.monotonic()
    monkeypatch.setattr(ports.time, 'monotonic', lambda: now + 11)
    neutron.answer = neutron.tell
    assert claim(mixed.tracker(OURS), port('offloaded')) == [SWITCHDEV_VF]


def test_asked_ahead_of_a_claim(mixed, neutron):
    neutron.asking = {'offloaded'}
    ports.remember({trackers.uuids.offloaded})
    neutron.answer = _fails
    assert claim(mixed.tracker(OURS), port('offloaded')) == [SWITCHDEV_VF]
    ports.remember({trackers.uuids.other})


def test_the_mode_may_be_a_tag(host, neutron):
    """On a host that cannot report it."""
    neutron.asking = {'offloaded'}
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
        report.Row(pf, None, len(tags), mode)
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
    assert neutron.calls == []
