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

"""An Open vSwitch whose database is real, for tests that take milliseconds."""

import pytest

from os_vif_vflag.ovs import client
from tests.lab import ovs
from tests.sim.card import Card
from tests.unit.vflag import compute
from tests.unit.vflag import switch as switches


@pytest.fixture(scope='session')
def _server():
    if ovs.why_not():
        pytest.skip(ovs.why_not())
    with ovs.Ovs(vswitchd=None) as running:
        yield switches.Switch(running)


@pytest.fixture
def switch(_server):
    """:returns: switch.Switch with the bridge br-int and no port"""
    _server.reset()
    _server.vswitchd = switches.Vswitchd(_server.connection)
    _server.vswitchd.start()
    yield _server
    _server.vswitchd.end()


@pytest.fixture
def start(switch, sriov_host, monkeypatch):
    """A function: what is special of the card, options → compute.Compute"""
    started = []

    def build(card=(), **options):
        sim = sriov_host(Card(**{'pfs': compute.PFS} | dict(card)))
        started.append(compute.build(sim, monkeypatch, **{
            'ovsdb_connection': switch.connection, 'ovsdb_timeout': 10}
            | options))
        return started[-1]

    yield build
    for one in started:
        one.end()


@pytest.fixture
def connect(switch):
    """A function: timeout → OvsDb; its thread ends with the test."""
    made = []

    def build(timeout=10, connection=switch.connection):
        made.append(client.OvsDb(connection, timeout, tls=None))
        return made[-1]

    yield build
    for one in made:
        if one._connected is not None:
            one._connected.ovsdb_connection.stop(10)
