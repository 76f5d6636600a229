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

"""nova-compute with the backend eventlet: one process, green threads.

In a process of its own: what eventlet has patched is never again as before.
"""

import json
import subprocess
import sys

import pytest

from tests.lab import state
from tests.lab import sudo
from tests.sim import inside
from tests.sim.card import Card
from tests.sim.card import Pf

VFS = 32


@pytest.fixture
def host(compute):
    return compute(Card(pfs=(Pf(
        '0000:03:00.0', 'enp3s0f0np0', vfs=VFS, total_vfs=VFS),)))


def green(host):
    vfs = host.host.pf('0000:03:00.0').vf_addresses
    with sudo.Sudo(host.netdevs.netns) as root:
        host.options['vif_vflag_privileged'] = {
            'helper_command': root.command}
        return _run(host, vfs)


def _run(host, vfs):
    done = subprocess.run(
        inside.command(
            [sys.executable, '-W', 'ignore', '-m', 'tests.lab.green',
             json.dumps({'options': host.options, 'vfs': vfs})],
            sys=host.host.sys, netns=host.netdevs.netns),
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_all_at_once(host):
    found = green(host)
    assert len(found['plugged']) == VFS // 2
    assert state.plugged(host) == {
        port: host.representor(vf) for vf, port in found['plugged'].items()}
    for number, vf in enumerate(
            host.host.pf('0000:03:00.0').vf_addresses):
        assert host.netdev(host.representor(vf))[0] == (
            'up' if number % 2 else 'down')
    # Others of nova-compute run meanwhile.
    print(f'no other green thread for {found["silence"]:.3f} s')
    assert found['silence'] < 1


def test_the_server_is_away(host):
    """Every call ends with an error in time; none blocks the process."""
    host.options['os_vif_vflag']['ovsdb_timeout'] = 1
    host.ovs.pause('ovsdb-server')
    with pytest.raises(AssertionError, match='did not answer'):
        green(host)
    host.ovs.resume('ovsdb-server')
    assert host.ovs.ports('br-int') == []
