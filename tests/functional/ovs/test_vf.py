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
"""``nova-sriov vf`` on a real Open vSwitch, whose datapath in user space
carries nothing in hardware."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from tests.lab.compute import pings
from tests.lab.osvif import INSTANCE
from tests.lab.osvif import Port
from tests.sim import inside
from tests.sim.card import Card
from tests.sim.card import Pf

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'
VF0, VF1 = '0000:03:00.2', '0000:03:01.2'
CARD = Card(pfs=(Pf(PF0, 'enp3s0f0np0', vfs=2),
                 Pf(PF1, 'enp3s0f1np1', vfs=2)))
PLAIN = Card(pfs=(Pf('0000:81:00.0', 'ens8f0', vfs=1, mode='legacy'),))


@pytest.fixture
def host(compute):
    return compute(CARD, PLAIN)


@pytest.fixture
def vf(host, tmp_path):
    """A function: words of the command line → (status, stdout, stderr)."""
    nova_conf = tmp_path / 'nova.conf'
    nova_conf.write_text(
        '[pci]\ndevice_spec = {"address": "0000:03:00.*", '
        '"physical_network": "physnet2"}\n'
        f'[os_vif_vflag]\novsdb_connection = {host.ovs.connection}\n'
        '[libvirt]\nconnection_uri = test:///default\n')
    script = pathlib.Path(sys.executable).parent / 'nova-sriov'

    def run(*words):
        done = subprocess.run(inside.command(
            [script, '--config-file', nova_conf, 'vf', *words],
            sys=host.host.sys, netns=host.netdevs.netns), timeout=60,
            capture_output=True, text=True, check=False, env={
                k: v for k, v in os.environ.items() if k[:3] != 'OS_'})
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture
def ping(host):
    """Two guests of which one pings the other, until the test is over."""
    one = host.guest(VF0, '192.0.2.1/24')
    host.guest(VF1, '192.0.2.2/24')
    for address in (VF0, VF1):
        host.plug(Port(address)).result()
    assert pings(one, '192.0.2.2')
    process = subprocess.Popen(inside.command(
        ['setpriv', '--pdeathsig', 'KILL', 'ping', '-q', '-i', '0.05',
         '192.0.2.2'], netns=one.netns), stdout=subprocess.DEVNULL)
    yield
    process.kill()
    process.wait()


def test_traffic_in_software(host, vf, ping):
    status, out, err = vf('list', '-f', 'json', '--interval', '2')
    assert (status, err) == (0, '')
    found = {row['VF']: row for row in json.loads(out)}
    assert found.keys() == {VF0, VF1}
    row = found[VF0]
    packets = row.pop('Packets')
    done, _, flows = row.pop('Flows').partition('/')
    # Both ways, 20 a second each.
    assert packets > 20 and done == '0' and int(flows) >= 2
    assert 'hw-offload is off in Open vSwitch' in row.pop('Cause')
    assert row == {
        'VF': VF0, 'PF': 'enp3s0f0np0', 'Physnet': 'physnet2',
        'Server': INSTANCE, 'OVS port': host.representor(VF0),
        'Bond': None, 'LAG': 'none', 'Hardware %': 0.0,
        'Verdict': 'software'}


def test_the_next_cause(host, vf, ping):
    host.ovs.vsctl('set', 'Open_vSwitch', '.',
                   'other_config:hw-offload=true')
    status, out, err = vf('show', VF0, '-f', 'json')
    assert (status, err) == (0, '')
    found = json.loads(out)
    assert found['cause'].startswith('hw-tc-offload is off on ')
    assert (found['packets_in_hardware'], found['flows_in_hardware']) == (
        0, 0)
    assert found['packets_of_flows'] > 20


def test_no_traffic(host, vf):
    host.plug(Port(VF0)).result()
    host.ovs.vsctl('set', 'Open_vSwitch', '.',
                   'other_config:hw-offload=true')
    status, out, err = vf('list', '--all', '-f', 'json', '--interval', '0.1')
    assert (status, err) == (0, '')
    found = {row['VF']: row for row in json.loads(out)}
    assert len(found) == 5
    assert 'is not a port of Open vSwitch' in found[VF1]['Cause']
    legacy, = (row for row in found.values() if row['PF'] == 'ens8f0')
    assert 'does not count the packets' in legacy['Cause']
    assert {row['Verdict'] for row in found.values()} <= {'idle', 'unknown'}


def test_an_open_vswitch_that_does_not_run(host, vf):
    port = Port(VF0)
    host.plug(port).result()
    host.ovs.stop()
    status, out, err = vf('show', VF0, '-f', 'json', '--interval', '0.1')
    assert status == 0
    found = json.loads(out)
    assert (found['verdict'], found['cause']) == ('unknown', None)
    assert 'ovs-vswitchd at' in err and 'ovsdb-server at' in err


@pytest.mark.parametrize('words, problem', [
    (('show', '0000:99:00.0'), 'This host has no VF 0000:99:00.0'),
    (('list', '--interval', 'x'), "'x' is not a number of seconds above 0"),
    (('list', '--interval', '-1'), 'above 0'),
    (('list', '--interval', 'inf'), 'above 0'),
])
def test_bad_input(vf, words, problem):
    status, out, err = vf(*words)
    assert status != 0 and problem in err and 'Traceback' not in err
