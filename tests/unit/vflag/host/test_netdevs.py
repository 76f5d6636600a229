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

"""Netdevs as a dump and sysfs show them, one by one."""

import errno

import pytest

from os_vif_vflag.host import netdevs
from os_vif_vflag.kernel import port_name
from os_vif_vflag.kernel.netlink import Link
from os_vif_vflag.kernel.netlink import Port
from os_vif_vflag.kernel.sysfs import Sysfs
from tests.sim import netlink
from tests.sim.card import Bond
from tests.sim.card import Card
from tests.sim.card import Pf
from tests.unit.vflag.host import damage

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'
SWITCH = 'e41d2d0300a1b2c4'


@pytest.fixture
def sim(sriov_host):
    return sriov_host(Card(
        (Pf(PF0, 'up0', vfs=1), Pf(PF1, 'up1', vfs=1, link='down')),
        bond=Bond('bond0', '802.3ad', ('up0', 'up1'))))


def read(sim):
    return Sysfs(str(sim.root))


def attribute(sim, *parts):
    return sim.sys.joinpath('class', 'net', *parts)


def by_name(links):
    return {link.name: link for link in links}


def test_sysfs_shows_what_a_dump_shows(sim):
    dumped = by_name(netlink.Netlink(sim).links())
    host = read(sim)
    shown = by_name(netdevs.links(host, None))
    assert {name: shown[name] for name in dumped} == dumped
    assert shown['up0'] == Link(
        'up0', dumped['up0'].ifindex, port_name.parse('p0'), SWITCH, PF0,
        up=True, type='ethernet')
    assert not shown['up1'].up
    # Of the host's own, whatever the simulation has of them
    assert shown.keys() - dumped == {'lo'} and shown['lo'].type is None
    assert host.unread == ()


@pytest.mark.parametrize('missing, changed', [
    ('operstate', {'up': False}), ('type', {'type': None}),
    ('ifindex', None)])
def test_what_a_listed_netdev_does_not_show_is_noted(sim, missing, changed):
    whole = by_name(netdevs.links(read(sim), None))
    attribute(sim, 'up0', missing).unlink()
    host = read(sim)
    found = by_name(netdevs.links(host, None))
    expected = changed and Link(**{**vars(whole['up0']), **changed})
    assert found.get('up0') == expected
    assert {**found, 'up0': None} == {**whole, 'up0': None}
    assert [str(note) for note in host.unread] == [
        f'{attribute(sim, "up0", missing)}: No such file or directory']


@pytest.mark.parametrize('missing, changed', [
    ('phys_port_name', {'port_name': None}), ('device', {'parent': None}),
    ('phys_switch_id', {'switch_id': None})])
def test_what_not_every_netdev_has_is_not_missed(sim, missing, changed):
    whole = by_name(netdevs.links(read(sim), None))['up0']
    attribute(sim, 'up0', missing).unlink()
    host = read(sim)
    found = by_name(netdevs.links(host, None))['up0']
    assert found == Link(**{**vars(whole), **changed})
    assert host.unread == ()


def test_a_host_without_netdevs_is_noted(tmp_path):
    host = Sysfs(str(tmp_path))
    assert netdevs.links(host, None) == ()
    assert [note.path for note in host.unread] == [
        str(tmp_path / 'sys/class/net')]


def test_a_dump_with_parents_is_taken_as_it_is(sim):
    """Nothing is read from sysfs then."""
    dump = netlink.Netlink(sim)
    host = Sysfs('/nowhere')
    assert netdevs.links(host, dump) == dump.links()


def test_a_dump_without_parents_is_completed(sim):
    """Before Linux 5.14; what the dump says is not read again."""
    whole = by_name(netlink.Netlink(sim).links())
    dump = netlink.Netlink(sim, parents=False)
    assert by_name(netdevs.links(read(sim), dump)) == whole
    for name in ('phys_port_name', 'phys_switch_id'):
        attribute(sim, 'up0', name).write_text('another\n')
    assert by_name(netdevs.links(read(sim), dump)) == whole


def test_a_dump_that_is_refused_is_replaced(sim):
    host = read(sim)
    assert netdevs.links(host, netlink.Netlink(sim, rtnetlink=False)) == (
        netdevs.links(host, None))


PORTS = [Port(device, port_name.parse(text), f'dev{number}', number)
         for number, (device, text) in enumerate((
             (PF0, 'p0'), (PF0, 'pf0vf0'), (PF1, 'p1'), (PF1, 'pf1')), 1)]


def test_physical_ports_are_links_to_their_devices():
    assert list(netdevs.physical(PORTS)) == [
        Link('dev1', 1, port_name.parse('p0'), parent=PF0),
        Link('dev3', 3, port_name.parse('p1'), parent=PF1)]


def test_netdevs_of_a_pf(sim):
    """The ifindex of a representor is not read: one request less a VF."""
    whole = by_name(netlink.Netlink(sim).links())
    up, representor = (whole[name] for name in ('up0', 'up0_0'))
    assert by_name(netdevs.children(read(sim), PF0)) == {
        'up0': Link('up0', up.ifindex, up.port_name, parent=PF0),
        'up0_0': Link('up0_0', 0, representor.port_name, parent=PF0)}
    assert list(netdevs.children(read(sim), '0000:04:00.0')) == []


def test_a_netdev_of_a_pf_that_has_just_gone_is_none(sim):
    """It has neither phys_port_name nor ifindex, and is not missed."""
    attribute(sim, 'up0').unlink()
    host = read(sim)
    assert [link.name for link in netdevs.children(host, PF0)] == ['up0_0']
    assert host.unread == ()


def test_what_identifies_a_netdev(sim):
    whole = by_name(netlink.Netlink(sim).links())['up0_0']
    assert netdevs.identity(read(sim), 'up0_0') == Link(
        'up0_0', whole.ifindex, whole.port_name, parent=PF0)
    assert netdevs.identity(read(sim), 'gone') is None
    attribute(sim, 'up0_0', 'ifindex').unlink()
    assert netdevs.identity(read(sim), 'up0_0') is None


def link(name, ifindex, text=None, parent=PF0):
    return Link(name, ifindex, port_name.parse(text), parent=parent)


@pytest.mark.parametrize('first, others', [
    # The one that says that it is a port, whatever its number
    (link('up', 9, 'p0'), [link('x', 1)]),
    # of two ports the first
    (link('up', 9, 'p0'), [link('up1', 2, 'p1')]),
    (link('up', 9, 'p1'), [link('up1', 2, 'p10')]),
    # of two that say nothing the older one
    (link('up', 2), [link('x', 7)]),
    (link('up', 2, 'p0'), [link('x', 7, 'p0')]),
    # and never a representor, be it the first
    (link('up', 9), [link('rep', 1, 'pf0vf0'), link('pf', 2, 'pf0')]),
])
def test_the_uplink_among_others(first, others):
    nobodys = link('x', 1, 'p0', parent=None)
    for links in ((first, *others, nobodys), (nobodys, *others, first)):
        assert netdevs.uplinks(links) == {PF0: first}


def test_each_pf_has_its_uplink():
    links = [link('a', 1, 'p0'), link('b', 2, 'p0', parent=PF1)]
    assert netdevs.uplinks(links) == {PF0: links[0], PF1: links[1]}


@pytest.mark.parametrize('state, carrier, up, noted', [
    ('up', '0', True, False), ('unknown', '1', True, False),
    ('unknown', '0', False, False), ('down', '1', False, False),
    ('unknown', None, False, True)])
def test_where_no_state_is_set_the_carrier_decides(
        sim, state, carrier, up, noted):
    attribute(sim, 'up1', 'operstate').write_text(f'{state}\n')
    path = attribute(sim, 'up1', 'carrier')
    path.unlink()
    if carrier:
        path.write_text(f'{carrier}\n')
    host = read(sim)
    assert by_name(netdevs.links(host, None))['up1'].up is up
    assert [note.path for note in host.unread] == [str(path)] * noted


def test_the_carrier_of_a_netdev_that_is_set_down_is_not_missed(sim):
    """The kernel answers EINVAL."""
    attribute(sim, 'up0', 'operstate').write_text('unknown\n')
    host = read(sim)
    host.files = damage.Watched(str(sim.root))
    host.files.errors['class/net/up0/carrier'] = errno.EINVAL
    assert not by_name(netdevs.links(host, None))['up0'].up
    assert host.unread == ()
