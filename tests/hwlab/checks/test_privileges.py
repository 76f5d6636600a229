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

"""The plugin as a user with no privileges, and its privileged daemon."""

import os
import signal
import time

from oslo_privsep import capabilities as names
import pytest

from tests.hwlab.checks import kernel
from tests.lab import osvif
from tests.lab import sudo
from tests.lab.osvif import Port


@pytest.fixture
def act(host, monkeypatch):
    """A function: takes steps as nobody, with the daemon of a Sudo."""
    # The socket of the other connection is root's.
    monkeypatch.setitem(host.options['os_vif_vflag'], 'ovsdb_connection',
                        host.ovs.listen('tcp'))

    def take(root, *steps):
        monkeypatch.setitem(host.options, 'vif_vflag_privileged',
                            {'helper_command': root.command})
        host.act(*steps, how=osvif.act_unprivileged).result()

    return take


def test_capability(card, host, act):
    """The daemon has CAP_NET_ADMIN alone, and that is enough"""
    before, port = host.ovs.dump(), Port(kernel.vfs(card[0])[0], mtu=1450)
    name, found = host.representor(port.vf), []
    with sudo.Sudo(None) as root:
        def look():
            found.extend(map(sudo.capabilities, root.daemons()))
            assert host.netdev(name) == ('up', 1450)
            assert host.ovs.ports('br-int') == [name]

        act(root, ('plug', port), look, ('unplug', port))
    assert found == [{names.CAP_NET_ADMIN}]
    assert host.ovs.dump() == before
    assert host.netdev(name)[0] == 'down'


def test_daemon_is_killed(card, host, act):
    """A daemon that was killed is started again for the next plug"""
    one, two = (Port(vf) for vf in kernel.vfs(card[0])[:2])
    with sudo.Sudo(None) as root:
        def kill():
            daemon, = root.daemons()
            os.kill(daemon, signal.SIGKILL)
            time.sleep(2)

        act(root, ('plug', one), kill, ('plug', two))
        assert len(host.ovs.ports('br-int')) == 2
    host.act(('unplug', one), ('unplug', two)).result()
