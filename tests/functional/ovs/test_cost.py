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

"""What plug and unplug cost ovsdb-server, in ovsdb-server's own words."""

import pytest

from tests.lab.osvif import Port
from tests.sim.card import Card
from tests.sim.card import Pf

PF = Pf('0000:03:00.0', 'enp3s0f0np0', vfs=2, vf_offset=2, vf_stride=1)
VF, OTHER = PF.vf_addresses
SAME = '7d3b1c52-6f0e-4a8b-9c1d-2e5f60718293'


@pytest.fixture(scope='module')
def host(lasting_compute):
    return lasting_compute(Card(pfs=(PF,)))


def transactions(host, action, port):
    with host.ovs.transactions() as seen:
        host.act((action, port)).result()
    return len(seen)


def test_one_transaction_each(host):
    """Also when the port is there already; none when it is not."""
    port = Port(VF)
    assert [transactions(host, action, port) for action in (
        'plug', 'plug', 'unplug', 'unplug')] == [1, 1, 1, 0]


def test_a_stale_port_costs_no_other_one(host):
    """Another VF has this iface-id, and another port this representor."""
    host.plug(Port(OTHER, id=SAME)).result()
    host.plug(Port(VF)).result()
    port = Port(VF, id=SAME)
    assert transactions(host, 'plug', port) == 1
    assert host.ovs.ports('br-int') == [host.representor(VF)]
    assert transactions(host, 'unplug', port) == 1
    assert host.ovs.ports('br-int') == []
