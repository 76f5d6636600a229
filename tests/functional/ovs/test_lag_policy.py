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

"""VFs of bonded PFs: plugged, plugged with a warning, or refused."""

import pytest

from tests.lab.osvif import Port
from tests.sim.card import Bond
from tests.sim.card import Card
from tests.sim.card import LagState
from tests.sim.card import Pf

UPLINKS = ('enp3s0f0np0', 'enp3s0f1np1')
PF0, PF1 = '0000:03:00.0', '0000:03:00.1'
VF = '0000:03:01.3'      # VF 1 of the second PF
PFS = (Pf(PF0, UPLINKS[0], vfs=2), Pf(PF1, UPLINKS[1], vfs=2))
LATE = 'VFs were bound before the LAG was active'


def card(lag=None, bond='802.3ad', down=False):
    pfs = (PFS[0], Pf(PF1, UPLINKS[1], vfs=2, link='down')) if down else PFS
    return Card(pfs=pfs, lag=lag,
                bond=bond and Bond('bond0', bond, UPLINKS))


CARDS = {
    'no bond': card(bond=None),
    'active': card(LagState()),
    'degraded': card(LagState(), down=True),
    'disabled': card(LagState('disabled')),
    'balance-rr': card(bond='balance-rr'),
}
REASONS = {
    'degraded': ('degraded', f'no link on {UPLINKS[1]}'),
    'disabled': ('inactive', LATE),
    'balance-rr': ('inactive', 'bond mode balance-rr cannot be offloaded'),
}


def host_of(compute, kind, policy=None):
    host = compute(CARDS[kind])
    if policy:
        host.options['os_vif_vflag']['lag_policy'] = policy
    return host


@pytest.mark.parametrize(('policy', 'kind'), [
    ('ignore', 'disabled'), ('ignore', 'degraded'), ('warn', 'no bond'),
    ('warn', 'active'), ('require', 'no bond'), ('require', 'active')])
def test_plugged_in_silence(compute, policy, kind):
    host = host_of(compute, kind, policy)
    assert host.warnings_of('plug', Port(VF)) == ([], None)
    assert host.ovs.ports('br-int') == ['enp3s0f1_1']


@pytest.mark.parametrize(('policy', 'kind'), [
    (None, 'disabled'), ('warn', 'balance-rr'), ('warn', 'degraded'),
    ('require', 'degraded')])
def test_plugged_with_a_warning(compute, policy, kind):
    host = host_of(compute, kind, policy)
    port = Port(VF)
    (text,), error = host.warnings_of('plug', port)
    assert error is None
    for word in (port.id, VF, PF1, 'bond0', *REASONS[kind]):
        assert word in text
    assert host.ovs.ports('br-int') == ['enp3s0f1_1']


@pytest.mark.parametrize('kind', ['disabled', 'balance-rr'])
def test_require_refuses_a_bond_without_offload(compute, kind):
    host = host_of(compute, kind, 'require')
    before = host.ovs.dump()
    port = Port(VF)
    records, error = host.warnings_of('plug', port)
    assert records == []
    for word in (port.id, VF, PF1, 'bond0', REASONS[kind][1], 'lag_policy'):
        assert word in error
    assert host.ovs.dump() == before
    assert host.netdev('enp3s0f1_1')[0] == 'down'


def test_a_running_server_is_not_refused(compute):
    """nova-compute starts again on a host whose LAG went meanwhile; a
    refusal would put every server of the host into error."""
    host = host_of(compute, 'active', 'require')
    port = Port(VF)
    host.plug(port).result()
    before = host.ovs.dump()
    host.host.set_lag(PF0, LagState('disabled'))
    (text,), error = host.warnings_of('plug', port)
    assert (error, host.ovs.dump()) == (None, before)
    assert LATE in text
    host.unplug(port).result()
    assert LATE in host.warnings_of('plug', port)[1]
