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

"""VF-LAG on real bonds of the card's uplinks: shown, and lag_policy."""

import contextlib
import pathlib
import re

import pytest

from tests.hwlab.checks import kernel
from tests.lab.osvif import Port

# As Nova's host sees it → as /proc/net/bonding has it.
MODES = {'802.3ad': 'IEEE 802.3ad Dynamic link aggregation',
         'active-backup': 'fault-tolerance (active-backup)',
         'balance-rr': 'load balancing (round-robin)'}


@contextlib.contextmanager
def bonded(mode, uplinks):
    kernel.run('ip', 'link', 'add', 'bond0', 'type', 'bond', 'mode', mode,
               'miimon', '100')
    try:
        for name in uplinks:
            kernel.run('ip', 'link', 'set', name, 'down')
            kernel.run('ip', 'link', 'set', name, 'master', 'bond0')
            kernel.run('ip', 'link', 'set', name, 'up')
        kernel.run('ip', 'link', 'set', 'bond0', 'up')
        kernel.run('sleep', '2')
        yield uplinks
    finally:
        kernel.run('ip', 'link', 'del', 'bond0')
        for name in uplinks:
            kernel.run('ip', 'link', 'set', name, 'up')


@pytest.fixture
def uplinks(card):
    return [kernel.uplink(pf) for pf in card]


@pytest.fixture
def policy(host):
    """A function: sets lag_policy until the end of the check."""
    options = host.options['os_vif_vflag']
    yield lambda value: options.update(lag_policy=value)
    options.pop('lag_policy', None)


@pytest.fixture
def port(card, host):
    found = Port(kernel.vfs(card[1])[0])
    yield found
    host.unplug(found).result()


def _proc():
    text = pathlib.Path('/proc/net/bonding/bond0').read_text()
    print(text)
    return text


@pytest.mark.parametrize('mode', MODES)
def test_shown(host, uplinks, mode):
    """nova-sriov host show --lag has a bond as /proc/net/bonding does"""
    with bonded(mode, uplinks):
        row, = host.show('--lag')
        text = _proc()
    assert f'Bonding Mode: {MODES[row["Mode"]]}' in text
    assert row['Mode'] == mode
    assert row['Members'].split(', ') == re.findall(
        'Slave Interface: (.*)', text)
    active = re.search('Currently Active Slave: (.*)', text)
    assert row['Active'] == (active and active[1])
    assert (row['LAG'], row['Source']) == (
        'inactive' if mode == 'balance-rr' else 'active', 'inference')


def test_empty(host, card):
    """Of a bond without members nobody says anything"""
    with bonded('802.3ad', ()):
        row, = host.show('--lag')
    assert (row['Members'], row['LAG'], row['Source']) == ('', 'none', None)


def test_required(host, uplinks, policy, port):
    """lag_policy = require plugs into an offloaded bond without a word"""
    policy('require')
    with bonded('802.3ad', uplinks):
        assert host.warnings_of('plug', port) == ([], None)
        for name in uplinks:
            assert 'hw-tc-offload: on' in kernel.run('ethtool', '-k', name)
        row, *_ = host.show()
        print(row)
        host.unplug(port).result()


def test_refused(host, uplinks, policy, port):
    """lag_policy = require refuses balance-rr, and changes nothing"""
    policy('require')
    before = host.ovs.dump()
    with bonded('balance-rr', uplinks):
        records, error = host.warnings_of('plug', port)
        print(records, error)
        assert 'balance-rr cannot be offloaded' in error
        assert host.ovs.dump() == before
        assert host.netdev(host.representor(port.vf))[0] == 'down'


def test_degraded(host, uplinks, policy, port):
    """A bond with a link down is plugged into, with a warning"""
    policy('require')
    with bonded('active-backup', uplinks):
        kernel.run('ip', 'link', 'set', uplinks[0], 'down')
        kernel.run('sleep', '2')
        row, = host.show('--lag')
        assert (row['LAG'], row['Reason']) == (
            'degraded', f'no link on {uplinks[0]}')
        (text,), error = host.warnings_of('plug', port)
        assert error is None
        assert f'no link on {uplinks[0]}' in text
        host.unplug(port).result()
