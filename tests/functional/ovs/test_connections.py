"""unix, tcp and ssl: how ovsdb-server of this host may be reached."""

import pytest

from tests.lab.osvif import Port
from tests.sim.card import Card
from tests.sim.card import Pf

VF = '0000:03:00.1'


@pytest.fixture
def host(compute):
    return compute(Card(pfs=(Pf('0000:03:00.0', 'enp3s0f0np0', vfs=1),)))


def reach(host, kind):
    """ovsdb-server listens there, too, in the host's namespace."""
    host.ovs._run('ovs-appctl', f'--target={host.ovs.folder}/ovsdb-server.ctl',
                  'ovsdb-server/add-remote', f'p{kind}:6640:127.0.0.1')
    host.options['os_vif_vflag']['ovsdb_connection'] = (
        f'{kind}:127.0.0.1:6640')


def test_tcp(host):
    reach(host, 'tcp')
    port = Port(VF)
    host.plug(port).result()
    assert host.ovs.ports('br-int') == [host.representor(VF)]
    host.unplug(port).result()
    assert host.ovs.ports('br-int') == []


def test_ssl_without_certificates(host):
    """Stock has no options for them: they are the process's to set."""
    host.options['os_vif_vflag']['ovsdb_connection'] = 'ssl:127.0.0.1:6640'
    outcome = host.plug(Port(VF))
    assert 'os_vif.exception.PlugException' in outcome.error
    for word in ('ssl:127.0.0.1:6640', 'certificate', VF):
        assert word in outcome.text
