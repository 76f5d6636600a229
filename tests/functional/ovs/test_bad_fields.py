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

"""Every field of a VIF object missing, empty, of the wrong type or absurd.

The plugin is called as os-vif calls it, which would make an exception of its
own of any.
"""

import dataclasses

import pytest

from tests.lab import damaged
from tests.lab import ovs
from tests.lab.damaged import MISSING
from tests.lab.damaged import Damage
from tests.lab.osvif import Port
from tests.lab.osvif import VhostPort
from tests.sim import attributes
from tests.sim.card import Card
from tests.sim.card import Pf

PF, VF, DISK = '0000:03:00.0', '0000:03:00.1', '0000:05:00.0'
PORT = Port(VF, id='7d5c0a66-0f6b-4a0e-9f0d-0e7a3f1f7c01')
VHOST = VhostPort(None, id=PORT.id, datapath_type='netdev')
ALWAYS = (MISSING, None, '', 0, 7, -1.5, True, [], ['x'], {}, b'br-int')
TEXTS = (' ', '\0', 'br int', 'x' * 300)

# What a port cannot be plugged without: field -> absurd values, and what the
# error is about.
NEEDED = {
    'id': (TEXTS, 'id'),
    'address': ((*TEXTS, 'fa:16:3e', 'ff:ff:ff:ff:ff:ff',
                 '00:00:00:00:00:00', '01:00:5e:00:00:01'), 'MAC address'),
    'network': (('br-int',), 'network'),
    'network.bridge': ((*TEXTS[:3], '..', 'br/int'), 'bridge'),
    'port_profile': (('ovs',), 'port profile'),
    'port_profile.interface_id': (TEXTS, 'interface id'),
    'dev_address': ((*TEXTS, '03:00.1', '0000:03:00.1/../x', '0000:03:00.9'),
                    'PCI address'),
    'instance': (('server',), 'server has no uuid'),
    'instance.uuid': (TEXTS, 'server has no uuid'),
}
# What may be left out, but not be nonsense: field -> what is.
OPTIONAL = {
    'network.mtu': ((-1, 1, 67, 65536, 10 ** 30, '1500', True, 1500.0, [1]),
                    'MTU'),
    'port_profile.datapath_type': (
        ('psychic', 'system ', 7, True, ['netdev'], {}), 'datapath type'),
    'port_profile.representor_address': (
        ('0000:03:00.2', PF, 'x', 7, []), 'representor of another device'),
    'port_profile.representor_name': ((7, [], True), 'representor_name'),
    'port_profile.profile_id': ((7, []), 'profile_id'),
    'port_profile.create_port': (('yes', 7), 'create_port'),
    'port_profile.create_tap': (('yes',), 'create_tap'),
    'port_profile.multiqueue': ((1,), 'multiqueue'),
    'port_profile.datapath_offload': (('yes', {}), 'datapath_offload'),
    'dev_type': (('token ring', 7, []), 'device type'),
}
# As well formed as any, but the host has no such thing.
ABSENT = {
    'a PF': ({'vf': PF}, 'not an SR-IOV VF'),
    'a disk': ({'vf': DISK}, 'not an SR-IOV VF'),
    'nothing': ({'vf': 'ffff:ff:1f.7'}, 'There is no VF'),
    'no bridge': ({'bridge': 'br-none'}, 'no bridge br-none'),
    'a bridge of 300 characters': (
        {'bridge': 'b' * 300}, 'at most 15 characters'),
    'a trunk of 16 characters': (
        {'bridge': 'tbr-of-sixteen-c'}, 'at most 15 characters'),
    'a trunk of 300 characters': (
        {'bridge': 'tbr-' * 75}, 'at most 15 characters'),
}
VHOST_NEEDED = {
    'path': ((*TEXTS, '/\n', '/' + 'x' * 107), 'path of a socket'),
    'mode': (('middle',), 'mode'),
}
FOUND_BY = ('id', 'port_profile', 'port_profile.interface_id')


@pytest.fixture(scope='module')
def host(lasting_compute):
    host = lasting_compute(Card(pfs=(Pf(PF, 'enp3s0f0np0', vfs=2),)))
    host.host.add_device(DISK, attributes.NVME)
    return host


def attempts(host, cases):
    """:param cases: list of (action, Port, Damage or None)
    :returns: list of (Damage or None, damaged.Attempt)
    """
    found = host.run(damaged.attempt, cases).result()
    return list(zip((damage for _, _, damage in cases), found, strict=True))


def damages(table, always=()):
    return [Damage(field, value) for field, (absurd, _) in table.items()
            for value in (*always, *absurd)]


@pytest.mark.parametrize('port, table, always', [
    (PORT, NEEDED, ALWAYS), (PORT, OPTIONAL, ()),
    (VHOST, VHOST_NEEDED, ALWAYS)], ids=['needed', 'optional', 'vhost'])
def test_what_is_wrong_is_named_and_changes_nothing(host, port, table, always):
    """Names port, device, cause and remedy."""
    cases = [('plug', port, damage) for damage in damages(table, always)]
    for damage, attempt in attempts(host, cases):
        assert (attempt.error, attempt.changed) == ('InvalidVif', False), (
            damage, attempt)
        shown = {'id': port.id, 'dev_address': port.vf or 'unknown'}
        shown.pop(damage.field, None)
        for words in (*shown.values(), table[damage.field][1], 'Give it'):
            assert words in attempt.text, (damage, attempt)


@pytest.mark.parametrize('what', ABSENT)
def test_not_on_this_host(host, what):
    changes, words = ABSENT[what]
    port = dataclasses.replace(PORT, **changes)
    (_, attempt), = attempts(host, [('plug', port, None)])
    assert (attempt.error, attempt.changed) == ('PlugFailed', False)
    for part in (port.id, port.vf, words):
        assert part in attempt.text
    assert attempt.text.count('. ') >= 1        # a remedy follows


def test_optional_fields_may_be_left_out(host):
    damages = [Damage(field, value) for field in OPTIONAL
               for value in (MISSING, None)]
    damages += [Damage('network.mtu', 0),
                Damage('port_profile.datapath_type', '')]
    cases = [(action, PORT, damage) for damage in damages
             for action in ('plug', 'unplug')]
    for damage, attempt in attempts(host, cases):
        assert (attempt.error, attempt.changed) == ('', True), (
            damage, attempt)


def test_unplug_needs_only_what_finds_the_port(host):
    cases = [('unplug', PORT, damage)
             for damage in damages(NEEDED | OPTIONAL, ALWAYS)]
    refused = set()
    for damage, attempt in attempts(host, cases):
        assert attempt.error in ('', 'InvalidVif'), (damage, attempt)
        assert not attempt.changed
        if attempt.error:
            refused.add(damage.field)
    assert refused == set(FOUND_BY)


def test_what_is_plugged_can_be_unplugged_whatever_else_is_wrong(host):
    cases = [case for field in (NEEDED | OPTIONAL).keys() - set(FOUND_BY)
             for case in (('plug', PORT, None),
                          ('unplug', PORT, Damage(field, ['x'])))]
    for damage, attempt in attempts(host, cases):
        assert (attempt.error, attempt.changed) == ('', True), damage


def test_a_bridge_that_exists_may_have_any_name(compute):
    """Its own port is nothing that plug creates."""
    host = compute(Card(pfs=(Pf(PF, 'enp3s0f0np0', vfs=2),)),
                   vswitchd=ovs.STAND_IN)
    for name in ('a-bridge-of-more-than-15', 'tbr-of-more-than-15'):
        host.ovs.add_bridge(name)
        host.plug(Port(VF, bridge=name)).result()
        assert host.ovs.ports(name) == [host.representor(VF)]


def test_any_value_in_any_field(host):
    refused, plugged = host.run(
        damaged.fuzz, PORT, sorted(NEEDED | OPTIONAL), 200).result()
    print(f'{refused} refused, {plugged} plugged')
    assert refused > 50 and plugged > 5
