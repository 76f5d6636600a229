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

"""What is done with privileges, to real netdevs."""

import copy
import errno
import os
import subprocess

import pyroute2
import pytest

from os_vif_vflag.host import errors
from os_vif_vflag.host import netdev_setup
from os_vif_vflag.host import vf_settings
from os_vif_vflag.kernel import ethtool
from os_vif_vflag.kernel import netlink
from os_vif_vflag.kernel import nlmsg
from os_vif_vflag.privileged import calls
from tests.unit.vflag import netns

pytestmark = netns.root
# One that the driver of a veth lets be changed, and that starts off.
FEATURE = 'rx-gro'


@pytest.fixture(autouse=True)
def _here(monkeypatch):
    """In this process, which has the privileges itself."""
    monkeypatch.setattr(calls.vif_plug, 'client_mode', False)


def ip(*arguments):
    return subprocess.run(['ip', *arguments], check=True, text=True,
                          capture_output=True).stdout


def inside(function):
    """In a name space with veth0, up, and its peer."""
    def run():
        ip('link', 'add', 'veth0', 'type', 'veth', 'peer', 'name', 'veth1')
        ip('link', 'set', 'veth0', 'up')
        return function()
    return netns.call(run)


def shown(name='veth0'):
    """:returns: tuple (whether it is up, MTU, MAC), from ip(8)"""
    words = ip('-o', 'link', 'show', name).split()
    return ('UP' in words[2].strip('<>').split(','),
            int(words[words.index('mtu') + 1]),
            words[words.index('link/ether') + 1])


def test_a_netdev_is_set():
    def run():
        before = shown()
        calls.set_link('veth0', 'down')
        down = shown()
        calls.set_link('veth0', 'up', 9000, '02:16:3e:0a:ec:e7')
        both = shown()
        calls.set_link('veth0', 'up', 1400)
        calls.set_link('veth0', 'down', address='02:16:3e:0a:ec:e8')
        return before, down, both, shown()

    before, down, both, after = inside(run)
    assert before[:2] == (True, 1500)
    assert down == (False, *before[1:])
    assert both == (True, 9000, '02:16:3e:0a:ec:e7')
    assert after == (False, 1400, '02:16:3e:0a:ec:e8')


def test_a_netdev_is_up_with_what_the_network_wants_and_down_again():
    def run():
        netdev_setup.set_down('veth0')
        before = shown()
        netdev_setup.set_up('veth0', 1400, '02:16:3e:0a:ec:e7')
        both = shown()
        netdev_setup.set_down('veth0')
        return before, both, shown()

    before, both, after = inside(run)
    assert before[:2] == (False, 1500)
    assert both == (True, 1400, '02:16:3e:0a:ec:e7')
    assert after == (False, *both[1:])


def test_what_the_kernel_refuses_is_named():
    def run():
        found = []
        for call in (
                lambda: netdev_setup.set_up('gone'),
                lambda: netdev_setup.set_up('veth0', 1),
                lambda: netdev_setup.set_up('veth0', 1400,
                                            '01:00:00:00:00:00'),
                lambda: netdev_setup.set_up('veth0', None,
                                            '01:00:00:00:00:00'),
                lambda: netdev_setup.set_down('gone')):
            with pytest.raises(errors.LinkFailed) as caught:
                call()
            found.append(str(caught.value))
        return found

    for text, words in zip(inside(run), (
            'gone could not be set up: No such device.',
            'veth0 could not be set up with MTU 1: Invalid argument.',
            'veth0 could not be set up with MTU 1400 and MAC '
            '01:00:00:00:00:00: Cannot assign requested address.',
            'veth0 could not be set up with MAC 01:00:00:00:00:00: Cannot '
            'assign requested address.',
            'gone could not be set down: No such device.'), strict=True):
        assert f'Network device {words}' in text


def test_a_feature_that_stays_off_is_named():
    """hw-tc-offload itself is offered by no driver here."""
    def run():
        refused = [calls.turn_on_tc_offload(['veth0', 'gone'])]
        for names, feature in ((['gone', 'veth0'], FEATURE),
                               (['veth0'], FEATURE),
                               (['veth0'], 'no-such-feature')):
            refused.append(ethtool.turn_on(names, feature))
        return refused

    assert inside(run) == [
        {'veth0': 'the driver does not offer it', 'gone': 'No such device'},
        {'gone': 'No such device'}, {},
        {'veth0': 'Operation not supported'}]


def test_a_feature_is_on_afterwards():
    def run():
        def on():
            with pyroute2.Ethtool() as other:
                return other.get_features('veth0').features[FEATURE].enable
        before = on()
        ethtool.turn_on(['veth0'], FEATURE)
        return before, on()

    assert inside(run) == (False, True)


def test_a_kernel_that_does_not_answer(monkeypatch):
    def wait(*_):
        raise TimeoutError('timed out')

    monkeypatch.setattr(nlmsg, 'request_of_family', wait)
    assert calls.turn_on_tc_offload(['dev0']) == {'dev0': 'timed out'}


@pytest.mark.parametrize('name', [*vf_settings.CLEARED, 'spoofchk'])
def test_the_kernel_understands_what_is_set_of_a_vf(name):
    """A veth has no VFs: what is parsed is refused by its driver."""
    settings = copy.deepcopy(vf_settings.CLEARED | {'spoofchk': 1})
    before = copy.deepcopy(settings)

    def run():
        found = []
        for device, value in (('veth0', {name: settings[name]}),
                              ('veth0', settings), ('gone', settings)):
            with pytest.raises(OSError) as caught:
                calls.set_vf(device, 0, value)
            found.append((caught.value.errno, caught.value.strerror))
        return found

    assert inside(run) == [
        (number, os.strerror(number)) for number in (
            errno.EOPNOTSUPP, errno.EOPNOTSUPP, errno.ENODEV)]
    assert settings == before


def test_netdevs_without_vfs():
    def run():
        kernel = netlink.Netlink()
        return kernel.vfs('veth0'), kernel.vfs('gone'), sorted(
            (link.name, link.up, link.type) for link in kernel.links())

    none, gone, links = inside(run)
    assert (none, gone) == ({}, None)
    assert [link[0] for link in links] == ['lo', 'veth0', 'veth1']
    assert {link[2] for link in links[1:]} == {'ethernet'}


@pytest.fixture
def iov(tmp_path, monkeypatch):
    monkeypatch.setattr(calls, 'INFINIBAND', str(tmp_path))
    (tmp_path / 'mlx4_0/iov/ports').mkdir(parents=True)
    return tmp_path / 'mlx4_0/iov'


def test_a_file_of_iov(iov):
    (iov / 'ports/1').write_text('before, and longer\n')
    before = len(os.listdir('/proc/self/fd'))
    calls.write_iov('mlx4_0', ('ports', '1'), 'now')
    assert (iov / 'ports/1').read_text() == 'now'
    assert len(os.listdir('/proc/self/fd')) == before


def test_no_file_of_iov_is_made(iov):
    with pytest.raises(FileNotFoundError):
        calls.write_iov('mlx4_0', ('ports', '2'), 'now')
    assert not (iov / 'ports/2').exists()


@pytest.mark.parametrize('device, parts', [
    ('..', ('x',)), ('.', ('x',)), ('mlx4_0', ('..', 'x')),
    ('mlx4_0', ('ports/1',)), ('mlx4_0', ('',)), ('mlx4_0', ('.', 'ports'))])
def test_nothing_else_can_be_written(iov, device, parts):
    with pytest.raises(ValueError, match=f'leads out of {iov.parents[1]}'):
        calls.write_iov(device, parts, 'now')
