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

"""unix, tcp and ssl: how ovsdb-server of this host may be reached."""

import time

import pytest

from tests.lab import ovs
from tests.lab import pki
from tests.lab.osvif import Port
from tests.sim.card import Card
from tests.sim.card import Pf

VF0, VF1 = '0000:03:00.1', '0000:03:00.2'
TIMEOUT = 2


@pytest.fixture
def host(compute):
    host = compute(Card(pfs=(Pf('0000:03:00.0', 'enp3s0f0np0', vfs=2),)))
    host.options['os_vif_vflag']['ovsdb_timeout'] = TIMEOUT
    host.act().result()     # what is imported once counts in no test's time
    return host


@pytest.fixture(scope='module')
def authority(tmp_path_factory):
    return pki.Authority(tmp_path_factory.mktemp('ours'), 'ours')


@pytest.fixture(scope='module')
def server(authority):
    return authority.identity('ovsdb-server')


@pytest.fixture(scope='module')
def files(authority):
    """Options of a client that ovsdb-server and the plugin agree on."""
    client = authority.identity('client')
    return {'ssl_key_file': client.key, 'ssl_cert_file': client.certificate,
            'ssl_ca_cert_file': authority.certificate}


@pytest.fixture(scope='module')
def stranger(tmp_path_factory):
    return pki.Authority(tmp_path_factory.mktemp('another'), 'another')


@pytest.fixture
def encrypted(host, authority):
    path = host.ovs.folder / 'encrypted.key'
    pki.encrypt(authority.identity('secretive').key, path)
    return path


@pytest.fixture
def tls_host(host, authority, server, files):
    """ovsdb-server takes only clients whose certificate is signed."""
    host.ovs.vsctl('set-ssl', server.key, server.certificate,
                   authority.certificate)
    host.options['os_vif_vflag'].update(files)
    reach(host, 'ssl')
    return host


def reach(host, *listens):
    host.options['os_vif_vflag']['ovsdb_connection'] = host.ovs.listen(
        *listens)


def assert_plugs_and_unplugs(host):
    port = Port(VF0)
    before = host.ovs.dump()
    host.plug(port).result()
    assert host.ovs.ports('br-int') == [host.representor(VF0)]
    host.unplug(port).result()
    assert host.ovs.dump() == before


def assert_refused(host, *words):
    """In time, with these words, and nothing changed."""
    before, port = host.ovs.dump(), Port(VF0)
    start = time.monotonic()
    outcome = host.plug(port)
    assert time.monotonic() - start < TIMEOUT + 4
    assert 'os_vif.exception.PlugException' in outcome.error, outcome
    for word in (port.id, VF0, *map(str, words)):
        assert word in outcome.text, outcome.text
    assert host.ovs.dump() == before
    assert host.netdev(host.representor(VF0))[0] == 'down'


def test_plug_and_unplug_by_tcp(host):
    reach(host, 'tcp')
    assert_plugs_and_unplugs(host)


def test_plug_and_unplug_by_ssl(tls_host):
    assert_plugs_and_unplugs(tls_host)


def test_ssl_after_a_restart(tls_host):
    """nova-compute connects again, with the same files."""
    def restart():
        tls_host.ovs.restart(ovs.SERVER)
        reach(tls_host, 'ssl')

    tls_host.options['os_vif_vflag']['ovsdb_timeout'] = 15
    tls_host.act(('plug', Port(VF0)), restart, ('plug', Port(VF1))).result()
    assert tls_host.ovs.ports('br-int') == ['enp3s0f0_0', 'enp3s0f0_1']


def test_the_server_is_not_whom_we_trust(tls_host, stranger):
    tls_host.options['os_vif_vflag']['ssl_ca_cert_file'] = (
        stranger.certificate)
    assert_refused(tls_host, 'ssl:127.0.0.1:6640', 'certificate verify failed')


def test_the_server_does_not_trust_us(tls_host, stranger):
    client = stranger.identity('client')
    tls_host.options['os_vif_vflag'].update(
        ssl_key_file=client.key, ssl_cert_file=client.certificate)
    assert_refused(tls_host, 'ssl:127.0.0.1:6640',
                   'is ssl_cert_file of an authority that it trusts?')


def test_the_server_speaks_no_tls(tls_host):
    plain = tls_host.ovs.listen('tcp', 6641)
    tls_host.options['os_vif_vflag']['ovsdb_connection'] = plain.replace(
        'tcp', 'ssl')
    assert_refused(tls_host, 'ssl:127.0.0.1:6641')


@pytest.mark.parametrize('option', [
    'ssl_key_file', 'ssl_cert_file', 'ssl_ca_cert_file'])
@pytest.mark.parametrize('value, problem', [
    (None, 'it is not set'), ('/nonexistent.pem', 'No such file'),
    ('/', 'Is a directory'), ('/dev/null', 'cannot be used')])
def test_tls_files_that_cannot_be_used(tls_host, option, value, problem):
    options = tls_host.options['os_vif_vflag']
    del options[option]
    if value:
        options[option] = value
    assert_refused(tls_host, option, value or 'None', problem)


def test_a_key_of_another_certificate(tls_host, stranger):
    tls_host.options['os_vif_vflag']['ssl_key_file'] = (
        stranger.identity('other').key)
    assert_refused(tls_host, 'ssl_key_file', 'mismatch')


def test_a_key_with_a_password(tls_host, encrypted):
    """Nobody is there to type it."""
    tls_host.options['os_vif_vflag']['ssl_key_file'] = encrypted
    assert_refused(tls_host, encrypted, 'ssl_key_file')
