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

"""``nova-sriov host show`` on a simulated card with a real Open vSwitch."""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys

import pytest

from tests.lab.osvif import INSTANCE
from tests.lab.osvif import Port
from tests.sim import inside
from tests.sim.card import Bond
from tests.sim.card import Card
from tests.sim.card import LagState
from tests.sim.card import Pf

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'
UP0, UP1 = 'enp3s0f0np0', 'enp3s0f1np1'
VF0 = '0000:03:00.2'
CARD = Card((Pf(PF0, UP0, vfs=2, vfs_bound_to=None),
             Pf(PF1, UP1, vfs=2, vfs_bound_to=None)), lag=LagState(),
            bond=Bond('bond0', '802.3ad', (UP0, UP1)))


@pytest.fixture
def host(compute):
    return compute(CARD)


@pytest.fixture
def show(host, tmp_path):
    """A function: words of the command line → (status, stdout, stderr)."""
    nova_conf = tmp_path / 'nova.conf'
    nova_conf.write_text(
        '[pci]\ndevice_spec = {"vendor_id": "15b3", "product_id": "101e", '
        '"address": "0000:03:00.*", "physical_network": "physnet2"}\n'
        f'[os_vif_vflag]\novsdb_connection = {host.ovs.connection}\n'
        '[libvirt]\nconnection_uri = test:///default\n')

    def run(*words):
        script = pathlib.Path(sys.executable).parent / 'nova-sriov'
        done = subprocess.run(inside.command(
            [script, '--config-file', nova_conf, 'host', 'show', *words],
            sys=host.host.sys, netns=host.netdevs.netns), timeout=60,
            capture_output=True, text=True, check=False, env={
                k: v for k, v in os.environ.items() if k[:3] != 'OS_'})
        return done.returncode, done.stdout, done.stderr

    return run


def rows(outcome):
    status, out, err = outcome
    assert (status, err) == (0, '')
    return json.loads(out)


def test_a_row_for_each_pf(host, show):
    host.plug(Port(VF0)).result()
    first, second = rows(show('-f', 'json'))
    assert first == {
        'PF': PF0, 'Netdev': UP0, 'Driver': 'mlx5_core',
        'Physnet': 'physnet2', 'Mode': 'switchdev', 'Link': 'up', 'NUMA': 0,
        'Bond': 'bond0', 'LAG': 'active', 'Possible': 8, 'VFs': 2,
        'Used': 1, 'Free': 1}
    assert (second['PF'], second['Used'], second['Free']) == (PF1, 0, 2)


def test_a_row_for_each_vf(host, show):
    host.plug(Port(VF0)).result()
    found = rows(show('--vfs', '-f', 'json'))
    name = host.representor(VF0)
    assert found[0] == {
        'PF': PF0, 'VF': 0, 'Address': VF0, 'Physnet': 'physnet2',
        'Driver': None, 'Netdev': None, 'Representor': name,
        'OVS port': name, 'Server': INSTANCE}
    assert [(row['Representor'] is not None, row['Server'])
            for row in found[1:]] == 3 * [(True, None)]


def test_a_row_for_each_bond(host, show):
    assert rows(show('--lag', '-f', 'json')) == [{
        'Bond': 'bond0', 'Mode': '802.3ad', 'Members': f'{UP0}, {UP1}',
        'Active': None, 'Link': 'up', 'LAG': 'active', 'Source': 'driver',
        'Reason': ''}]
    host.host.set_link(PF1, 'down')
    row, = rows(show('--lag', '-f', 'json'))
    assert (row['LAG'], row['Reason']) == ('degraded', f'no link on {UP1}')
    assert row['Members'] == f'{UP0}, {UP1} (down)'


def test_nobody_judges_a_bond_that_holds_no_pf(host, show):
    bond = host.host.cards[0].bond
    host.host.set_bond(PF0, dataclasses.replace(bond, members=()))
    row, = rows(show('--lag', '-f', 'json'))
    assert (row['Members'], row['LAG'], row['Source']) == ('', 'none', None)


@pytest.mark.parametrize('form, first', [
    ('table', '+-'), ('yaml', '- '), ('csv', '"PF"'), ('value', PF0)])
def test_each_output_format(host, show, form, first):
    status, out, err = show('-f', form)
    assert (status, err) == (0, '')
    assert out.startswith(first)
    assert PF1 in out


def test_without_open_vswitch(host, show):
    """It still shows the rest, and says what is missing."""
    host.ovs.stop()
    status, out, err = show('-f', 'json')
    assert status == 0
    assert [row['PF'] for row in json.loads(out)] == [PF0, PF1]
    assert 'ovsdb-server at' in err
    assert 'did not answer' in err
