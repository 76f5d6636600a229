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

"""Bonds, as sysfs shows them while they are set up and taken apart."""

import pytest

from os_vif_vflag.host import bonds
from os_vif_vflag.host import model
from os_vif_vflag.kernel.sysfs import Sysfs
from tests.sim.card import Bond
from tests.sim.card import Card
from tests.sim.card import Pf

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'


@pytest.fixture
def sim(sriov_host):
    return sriov_host(
        Card((Pf(PF0, 'up0'), Pf(PF1, 'up1', link='down')),
             bond=Bond('bond0', 'active-backup', ('up1', 'up0'))),
        Card((Pf('0000:81:00.0', 'up2'),), switch_id='aa'))


def attribute(sim, *parts):
    return sim.sys.joinpath('class', 'net', *parts)


def test_a_bond_is_found_by_a_member(sim):
    host = Sysfs(str(sim.root))
    assert [bonds.bond_of(host, name) for name in (
        'up0', 'up1', 'up2', 'bond0', 'gone')] == [
            'bond0', 'bond0', None, None, None]


def test_a_bridge_is_no_bond(sim):
    """A netdev in a bridge has a master as well."""
    attribute(sim, 'br0').mkdir()
    attribute(sim, 'up2', 'master').symlink_to(attribute(sim, 'br0'))
    assert bonds.bond_of(Sysfs(str(sim.root)), 'up2') is None


def test_members_are_in_the_order_of_the_bond(sim):
    host = Sysfs(str(sim.root))
    assert bonds.member_names(host, 'bond0') == ['up1', 'up0']
    assert bonds.member_names(host, 'up2') == []


BOND = model.Bond('bond0', 'active-backup', (
    model.Member('up1', False), model.Member('up0', True)), 'up0', True)


@pytest.mark.parametrize('missing, changed', [
    ('mode', {'mode': None}), ('slaves', {'members': ()}),
    ('active_slave', {'active': None}), ('mii_status', {'up': False})])
def test_what_a_bond_does_not_show_is_noted(sim, missing, changed):
    host = Sysfs(str(sim.root))
    assert bonds.bonds(host) == [BOND]
    path = attribute(sim, 'bond0', 'bonding', missing)
    path.unlink()
    assert bonds.bonds(host) == [
        model.Bond(**{**vars(BOND), **changed})]
    assert [str(note) for note in host.unread] == [
        f'{path}: No such file or directory']


def test_a_member_of_which_nothing_is_shown_has_no_link(sim):
    host = Sysfs(str(sim.root))
    path = attribute(sim, 'up0', 'bonding_slave', 'mii_status')
    path.unlink()
    bond, = bonds.bonds(host)
    assert bond.members == (
        model.Member('up1', False), model.Member('up0', False))
    assert [str(note) for note in host.unread] == [
        f'{path}: No such file or directory']


@pytest.mark.parametrize('text, note', [
    ('802.3ad 4', None), ('802.3ad', None),
    ('balanced-xor 2', "'balanced-xor 2' is not a bond mode"),
    ('', "'' is not a bond mode"),
    ('x' * 50, f"{'x' * 40!r} is not a bond mode")])
def test_a_mode_is_one_of_the_kernels(sim, text, note):
    host = Sysfs(str(sim.root))
    path = attribute(sim, 'bond0', 'bonding', 'mode')
    path.write_text(f'{text}\n')
    bond, = bonds.bonds(host)
    assert bond.mode == (None if note else '802.3ad')
    assert [str(one) for one in host.unread] == (
        [f'{path}: {note}'] if note else [])


def test_bonds_are_by_name_and_those_that_are_there(sim):
    """bonding_masters lists them in any order, and one that is just going."""
    attribute(sim, 'a0').symlink_to(attribute(sim, 'bond0').resolve())
    attribute(sim, 'bonding_masters').write_text('bond0 gone a0 bond0\n')
    host = Sysfs(str(sim.root))
    assert [bond.name for bond in bonds.bonds(host)] == ['a0', 'bond0']
    assert [str(note) for note in host.unread] == [
        f'{attribute(sim, "gone", "bonding")}: is not there, though '
        'bonding_masters lists it']
