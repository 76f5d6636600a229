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

"""Representors are found, whatever happens to names, modes and namespaces:
devlink's answer is the expected one."""

import pytest

from os_vif_vflag.host import errors
from os_vif_vflag.host.host import Host
from os_vif_vflag.host.representors import RepresentorFinder
from tests.hwlab.checks import kernel


def _compare(card):
    """Every VF of the card by one finder and by a new one."""
    finder = RepresentorFinder(Host())
    expected = {vf: kernel.representors(pf)[number]
                for pf in card for number, vf in enumerate(kernel.vfs(pf))}
    for one in (finder, finder, RepresentorFinder(Host())):
        assert {vf: one.find(vf) for vf in expected} == expected
    return len(expected)


def test_as_made(card):
    """Every representor is found"""
    assert _compare(card) == 6


def test_swapped_names(card):
    """Two representors that have each other's name are found"""
    one, two = (kernel.representors(card[0])[number] for number in (0, 1))
    for _ in range(2):
        for old, new in ((one, 'swap'), (two, one), ('swap', two)):
            kernel.run('ip', 'link', 'set', old, 'name', new)
        _compare(card)


def test_uplink_renamed(card):
    """They are found after the uplink has got another name"""
    name = kernel.uplink(card[0])
    kernel.run('ip', 'link', 'set', name, 'name', 'uplink')
    try:
        _compare(card)
    finally:
        kernel.run('ip', 'link', 'set', 'uplink', 'name', name)


@pytest.mark.parametrize('number', [0, 1])
def test_mode_flip(card, number):
    """They are found after legacy mode and back"""
    for _ in range(2):
        kernel.set_mode(card[number], 'legacy')
        kernel.set_mode(card[number], 'switchdev')
        _compare(card)


def test_reload(card):
    """They are found after devlink dev reload"""
    kernel.run('devlink', 'dev', 'reload', f'pci/{card[1]}')
    kernel.set_mode(card[1], 'legacy')
    kernel.set_mode(card[1], 'switchdev')
    _compare(card)


def test_other_vfs(card):
    """They are found after the VFs were taken away and made again"""
    kernel.set_vfs(card[0], 0)
    kernel.set_vfs(card[0], 3)
    # As Linux has it, netdevsim without VFs is in legacy mode.
    kernel.set_mode(card[0], 'switchdev')
    _compare(card)


def test_namespace(card):
    """A representor in another network namespace is not found, the others
    are; back again, it is"""
    name = kernel.representors(card[1])[1]
    kernel.run('ip', 'netns', 'add', 'away')
    try:
        kernel.run('ip', 'link', 'set', name, 'netns', 'away')
        finder = RepresentorFinder(Host())
        with pytest.raises(errors.RepresentorNotFound) as error:
            finder.find(kernel.vfs(card[1])[1])
        print(repr(error.value))
        others = kernel.representors(card[1])
        assert finder.find(kernel.vfs(card[1])[0]) == others[0]
    finally:
        kernel.run('ip', '-n', 'away', 'link', 'set', name, 'netns', '1')
        kernel.run('ip', 'netns', 'del', 'away')
    kernel.settle()
    _compare(card)
