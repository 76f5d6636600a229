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

"""Whatever becomes of /sys while it is read: facts about what is whole,
names of what is not, and never a wrong representor."""

import collections
import contextlib
import dataclasses
import itertools
import os
import pathlib
import re

import hypothesis
from hypothesis import strategies as st
import pytest

from os_vif_vflag import exception
from os_vif_vflag.host import errors
from os_vif_vflag.host.host import Host
from os_vif_vflag.host.representors import RepresentorFinder
from tests.sim import memory
from tests.sim import sysfs
from tests.sim.card import Bond
from tests.sim.card import Card
from tests.sim.card import LagState
from tests.sim.card import Pf
from tests.unit import amount
from tests.unit.vflag.host import damage
from tests.unit.vflag.host import machines
from tests.unit.vflag.host import sources

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'
DEVICES = 'bus/pci/devices'
# Not there on every kernel, machine, driver or netdev
OPTIONAL = re.compile(
    '.*/(numa_node|sriov_vf_device|driver|phys_port_name|phys_switch_id|'
    'bonding_masters|debug/.*)|class/net/[^/]+/device')
# What the text says is up to the kernel; only numbers and words that stand in
# a table can be seen to be wrong.
CHECKED = re.compile(
    '.*/(vendor|device|class|sriov_vf_device|sriov_numvfs|sriov_totalvfs|'
    'numa_node|ifindex|type|bonding/mode|lag/state|lag/type)')
DEVICE = re.compile(f'{DEVICES}/[^/]+')
LISTING = re.compile(f'{DEVICES}|class/net')
# Whether these exist is looked up; they are not read.
ONLY_LOOKED_FOR = re.compile(f'{DEVICES}/[^/]+|.*/bonding')
TEXTS = ('empty', 'negative', 'words', 'bytes', 'digits')


@contextlib.contextmanager
def machine(cards, source):
    """:returns: (simulation, Host that is watched)"""
    with memory.folder() as folder:
        sim = sysfs.Sysfs(pathlib.Path(folder), *cards)
        host = sources.host(sim, source)
        host.sysfs.files = damage.Watched(str(sim.root))
        yield sim, host


def places(host):
    """:returns: dict shape → paths that a snapshot reads. The thousand
    attributes of representors would hide the few of the bond."""
    del host.sysfs.files.requests[:]
    host.snapshot()
    shapes = collections.defaultdict(list)
    for _, path in host.sysfs.files.requests:
        shape = re.sub(r'\d+', '', re.sub(r'[\da-f:]{7,}\.\d', 'F', path))
        there = os.path.lexists(host.sysfs.path(path))
        if there and path not in shapes[shape]:
            shapes[shape].append(path)
    return dict(shapes)


def touched(sim, path):
    """:returns: set of the PFs whose facts may suffer, and of bonds"""
    of = {device.address: device.parent or device.address
          for device in sim.pci_devices()}
    links = {link.name: link for link in sim.links()}
    cards = {pf.address: card for card in sim.cards for pf in card.pfs}
    everything = set(cards) | {c.bond.name for c in sim.cards if c.bond}
    parts = path.split('/')
    name = (re.findall(r'[\da-f]+:[\da-f]+:[\da-f]+\.\d', path) or [None])[0]
    if path in (DEVICES, 'class/net', 'class/net/bonding_masters'):
        return everything
    if name:
        return _card(cards[of[name]]) if name in of else set()
    link = links.get(parts[2])
    if link is None:
        return set()
    if link.kind in ('bond', 'foreign'):
        return next(_card(card) for card in sim.cards if card.bond
                    and card.bond.name in (link.name, link.master))
    card = cards[link.key[0]]
    # Without a parent, or a port's index, netdevs are distinguished by the
    # others of the card.
    apart = card.representors_under_pf and card.naming != 'number'
    return ({link.key[0]} | _bond(card)) if apart else _card(card)


def _bond(card):
    return {card.bond.name} if card.bond else set()


def _card(card):
    return {pf.address for pf in card.pfs} | _bond(card)


def named(path, kind):
    """Whether damage of this kind must be in Snapshot.unread."""
    if kind in TEXTS:
        return bool(CHECKED.fullmatch(path)) and not (
            kind == 'negative' and path.endswith('numa_node'))
    if kind in ('EACCES', 'EIO', 'ENODEV', 'EINVAL'):
        # An mlx5 LAG that has just become inactive refuses its type so.
        return not ONLY_LOOKED_FOR.fullmatch(path) and not (
            kind == 'EINVAL' and path.endswith(('lag/type', 'carrier')))
    if kind == 'folder':
        return not LISTING.fullmatch(path) and not DEVICE.fullmatch(path)
    if kind == 'EOPNOTSUPP' and ONLY_LOOKED_FOR.fullmatch(path):
        return False
    # A device that is not even listed is not missed.
    return not (OPTIONAL.fullmatch(path)
                or kind == 'removed' and DEVICE.fullmatch(path))


def whole(snapshot, suffering):
    return ([pf for pf in snapshot.pfs if pf.address not in suffering],
            [bond for bond in snapshot.bonds if bond.name not in suffering])


def check(sim, host, before, finder, damages):
    suffering = set().union(*(touched(sim, path) for path, _ in damages))
    truth = sources.representors(sim)
    with damage.done(host.sysfs, damages):
        after = host.snapshot()
        assert whole(after, suffering) == whole(before, suffering)
        for pf in after.pfs:
            for vf in pf.vfs:
                assert vf.representor in (None, truth.get(vf.address))
        for one in (RepresentorFinder(host), finder):
            for vf in list(truth)[::3]:
                with contextlib.suppress(exception.HostError):
                    assert one.find(vf) == truth[vf]
        return after


damages = st.lists(
    st.tuples(st.integers(0, 1 << 30), st.integers(0, 1 << 30),
              st.sampled_from(damage.KINDS)), min_size=1, max_size=3)


@hypothesis.settings(max_examples=amount.cases(100))
@hypothesis.given(
    machines.cards(), st.sampled_from(list(sources.SOURCES.values())),
    st.lists(damages, min_size=8, max_size=16))
def test_whatever_is_damaged(cards, source, rounds):
    with machine(cards, source) as (sim, host):
        shapes = list(places(host).values())
        before, finder = host.snapshot(), RepresentorFinder(host)
        assert before.unread == ()
        for vf, representor in sources.representors(sim).items():
            with contextlib.suppress(exception.HostError):
                assert finder.find(vf) == representor
        for drawn in rounds:
            chosen = []
            for shape, number, kind in drawn:
                paths = shapes[shape % len(shapes)]
                chosen.append((paths[number % len(paths)], kind))
            check(sim, host, before, finder, chosen)
        assert host.snapshot() == before


BONDED = Card(
    (Pf(PF0, 'up0', external_vfs=1, numa_node=0), Pf(PF1, 'up1')),
    lag=LagState(), bond=Bond('bond0', 'active-backup', ('up0', 'up1')))
OTHER = Card((Pf('0000:81:00.0', 'up2', vfs=2),), switch_id='aa',
             naming='number')


@pytest.mark.parametrize('source', [{}, None], ids=['netlink', 'sysfs'])
def test_each_damage_alone(source):
    """All that a snapshot reads, in every way: it is named."""
    with machine((BONDED, OTHER), source) as (sim, host):
        shapes = places(host)
        before, finder = host.snapshot(), RepresentorFinder(host)
        ways = itertools.product(shapes.values(), damage.KINDS)
        for paths, kind in itertools.islice(ways, 0, None, amount.PART):
            after = check(sim, host, before, finder, [(paths[0], kind)])
            if named(paths[0], kind):
                # A VF's link that is gone shows in the PF's numbers.
                said = re.sub('virtfn.*', '', paths[0])
                assert any(said in unread.path for unread in after.unread), (
                    paths[0], kind)
        assert host.snapshot() == before


@pytest.mark.parametrize('gone, said', [
    (4, 'says 4, but there are 0 VFs'), (1, 'says 4, but there are 3 VFs')])
def test_vfs_without_links(sriov_host, gone, said):
    """Hot unplug, or a driver that reloads: configured, and not there. The
    other PF is as it was."""
    sim = sriov_host(Card((Pf(PF0, 'up0'), Pf(PF1, 'up1'))))
    host = Host(str(sim.root))
    before = host.snapshot()
    for number in range(gone):
        (sim.sys / DEVICES / PF0 / f'virtfn{number}').unlink()
    after = host.snapshot()
    assert after.pfs[1] == before.pfs[1]
    assert after.pfs[0] == dataclasses.replace(
        before.pfs[0], vfs=before.pfs[0].vfs[gone:])
    assert [(str(unread).rpartition('/')[2]) for unread in after.unread] == [
        f'sriov_numvfs: {said}']
    for vf in sim.pf(PF0).vf_addresses[:gone]:
        with pytest.raises(errors.VfNotFound):
            RepresentorFinder(host).find(vf)


def test_the_notes_are_for_people(sriov_host):
    """Path and reason, each once."""
    sim = sriov_host(Card((Pf(PF0, 'up0'),)))
    host = Host(str(sim.root))
    host.sysfs.files = damage.Watched(str(sim.root))
    place = f'{DEVICES}/{PF0}'
    with damage.done(host.sysfs, [
            (f'{place}/vendor', 'words'), (f'{place}/device', 'EIO'),
            (f'{place}/virtfn1', 'dangling'),
            (f'{place}/sriov_totalvfs', 'empty')]):
        said = {str(unread) for unread in host.snapshot().unread}
    assert said == {
        f"{sim.sys}/{place}/vendor: 'garbage here' is not a number",
        f'{sim.sys}/{place}/device: Input/output error',
        f'{sim.sys}/{place}/virtfn1: points to a device that is not there',
        f"{sim.sys}/{place}/sriov_totalvfs: '' is not a number",
        f'{sim.sys}/{place}/sriov_numvfs: says 4, but there are 3 VFs'}
