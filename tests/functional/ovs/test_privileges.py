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

"""The plugin in a process without privileges, and its privileged daemon."""

import os
import signal
import threading
import time

from oslo_privsep import capabilities as names
import pytest

from tests.lab import osvif
from tests.lab import sudo
from tests.lab.osvif import MAY_FAIL
from tests.lab.osvif import Port
from tests.sim.card import Card
from tests.sim.card import Pf

VF0, VF1 = '0000:03:00.1', '0000:03:00.2'


@pytest.fixture
def host(compute):
    host = compute(Card(pfs=(Pf('0000:03:00.0', 'enp3s0f0np0', vfs=2),)))
    # Its socket is root's, as Open vSwitch makes it.
    host.options['os_vif_vflag']['ovsdb_connection'] = host.ovs.listen('tcp')
    return host


def act(host, helper_command, *steps):
    host.options['vif_vflag_privileged'] = {'helper_command': helper_command}
    return host.act(*steps, how=osvif.act_unprivileged)


def test_cap_net_admin_is_enough(host):
    """And nothing but the daemon has it."""
    before, port, found = host.ovs.dump(), Port(VF0, mtu=1450), []
    with sudo.Sudo(host.netdevs.netns) as root:
        def look():
            found.extend(map(sudo.capabilities, root.daemons()))
            assert host.netdev(host.representor(VF0)) == ('up', 1450)
            assert host.ovs.ports('br-int') == [host.representor(VF0)]

        act(host, root.command, ('plug', port), look, ('unplug', port)
            ).result()
    assert found == [{names.CAP_NET_ADMIN}]
    assert host.ovs.dump() == before
    assert host.netdev(host.representor(VF0))[0] == 'down'


def test_a_daemon_that_died_is_started_again(host):
    with sudo.Sudo(host.netdevs.netns) as root:
        def kill():
            daemon, = root.daemons()
            os.kill(daemon, signal.SIGKILL)
            # Whoever reads its answers shall see it: a request that meets
            # its end is another matter, see below.
            time.sleep(1)

        act(host, root.command, ('plug', Port(VF0)), kill,
            ('plug', Port(VF1))).result()
    assert len(host.ovs.ports('br-int')) == 2


def test_a_daemon_that_dies_while_it_is_asked(host):
    other, port = Port(VF1), Port(VF0)
    with sudo.Sudo(host.netdevs.netns) as root:
        def kill_soon():
            daemon, = root.daemons()
            os.kill(daemon, signal.SIGSTOP)
            threading.Timer(0.5, os.kill, (daemon, signal.SIGKILL)).start()

        outcome = act(host, root.command, ('plug', other), ('unplug', other),
                      kill_soon, ('plug', port, MAY_FAIL), ('plug', port))
    outcome.result()
    assert host.ovs.ports('br-int') == [host.representor(VF0)]


def test_a_daemon_that_does_not_answer(host):
    port = Port(VF0)
    with sudo.Sudo(host.netdevs.netns) as root:
        outcome = act(host, root.command, ('unplug', port),
                      lambda: [os.kill(daemon, signal.SIGSTOP)
                               for daemon in root.daemons()], ('plug', port))
        for daemon in root.daemons():
            os.kill(daemon, signal.SIGKILL)
    assert_refused(host, outcome, port, 'does not answer')


def assert_refused(host, outcome, port, *words):
    assert 'os_vif.exception.PlugException' in outcome.error, outcome
    for word in (port.id, VF0, host.representor(VF0), 'helper_command',
                 '[vif_vflag_privileged]', *words):
        assert word in outcome.text, outcome.text
    assert host.ovs.ports('br-int') == []
    assert host.netdev(host.representor(VF0))[0] == 'down'


@pytest.mark.parametrize('command, words', [
    ('/nonexistent/sudo', 'No such file'), ('/etc', 'Permission denied'),
    ('false', 'exited non-zero (1)'), ('sudo "', 'No closing quotation')])
def test_a_helper_that_does_not_start(host, command, words):
    before, port = host.ovs.dump(), Port(VF0)
    assert_refused(host, act(host, command, ('plug', port)), port, words)
    assert host.ovs.dump() == before


def test_a_daemon_without_the_capability(host, tmp_path):
    before, port = host.ovs.dump(), Port(VF0)
    (tmp_path / 'nova.conf').write_text(
        '[vif_vflag_privileged]\ncapabilities = CAP_CHOWN\n')
    with sudo.Sudo(host.netdevs.netns, '--config-file',
                   tmp_path / 'nova.conf') as root:
        outcome = act(host, root.command, ('plug', port))
    assert_refused(host, outcome, port, 'Operation not permitted')
    assert host.ovs.dump() == before
