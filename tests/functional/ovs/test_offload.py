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

"""Whose hw-tc-offload a plug turns on.

No driver here offers it: another feature, which a veth has, stands in.
"""

import errno

import pyroute2
import pytest

from os_vif_vflag.kernel import ethtool
from os_vif_vflag.privileged import calls
from tests.lab import osvif
from tests.lab.osvif import Port
from tests.sim import inside
from tests.sim.card import Bond
from tests.sim.card import Card
from tests.sim.card import LagState
from tests.sim.card import Pf

INSTEAD = 'rx-gro'
UPLINKS = ('enp3s0f0np0', 'enp3s0f1np1')
PFS = (Pf('0000:03:00.0', UPLINKS[0], vfs=2),
       Pf('0000:03:00.1', UPLINKS[1], vfs=2))
VF = '0000:03:01.3'      # VF 1 of the second PF
BONDED = Card(pfs=PFS, lag=LagState(),
              bond=Bond('bond0', '802.3ad', UPLINKS))


def _plug(options, port):
    ethtool.HW_TC_OFFLOAD = INSTEAD
    osvif.act(options, ('plug', port))


def _gone(names):
    raise BrokenPipeError(errno.EPIPE, 'Broken pipe')


def _plug_with_a_daemon_that_goes(options, port):
    calls.turn_on_tc_offload = _gone
    osvif.act(options, ('plug', port))


def _on(names):
    with pyroute2.Ethtool() as socket:
        return {name for name in names
                if socket.get_features(name).features[INSTEAD].enable}


def turned_on(host, port):
    host.call(_plug, port).result()
    names = [link.name for link in host.host.links()]
    return inside.call(_on, names, netns=host.netdevs.netns).result()


@pytest.mark.parametrize(('card', 'uplinks'), [
    (Card(pfs=PFS), UPLINKS[1:]), (BONDED, UPLINKS)])
def test_representor_and_uplinks(compute, card, uplinks):
    host = compute(card)
    assert turned_on(host, Port(VF)) == {'enp3s0f1_1', *uplinks}


def test_not_wanted(compute):
    host = compute(BONDED)
    host.options['os_vif_vflag']['hw_tc_offload'] = False
    assert turned_on(host, Port(VF)) == set()


def test_drivers_that_do_not_offer_it_are_no_error(compute):
    host = compute(BONDED)
    host.plug(Port(VF)).result()
    assert host.ovs.ports('br-int') == ['enp3s0f1_1']


def test_the_privileged_daemon_goes_in_between(compute):
    """Then the representor, up already, is set down again."""
    host = compute(Card(pfs=PFS))
    outcome = host.call(_plug_with_a_daemon_that_goes, Port(VF))
    assert 'privileged process' in outcome.text
    assert host.netdev('enp3s0f1_1')[0] == 'down'
    assert host.ovs.ports('br-int') == []
