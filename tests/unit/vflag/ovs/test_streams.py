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

"""TLS to a server that trusts us, or not, or speaks something else."""

import contextlib
import dataclasses
import json
import shutil
import socket
import ssl
import threading

from ovs import stream
import pytest

from os_vif_vflag.ovs import client
from os_vif_vflag.ovs import ovs_errors
from os_vif_vflag.ovs import schema
from os_vif_vflag.ovs import streams
from tests.lab import pki
from tests.unit.vflag import compute
from tests.unit.vflag.ovs import test_schema

pytestmark = pytest.mark.skipif(
    not shutil.which('openssl'), reason='needs openssl')
ANSWER = test_schema.reply(test_schema.SCHEMA)


@pytest.fixture(scope='session')
def authority(tmp_path_factory):
    return pki.Authority(tmp_path_factory.mktemp('ours'), 'ours')


@pytest.fixture(scope='session')
def stranger(tmp_path_factory):
    return pki.Authority(tmp_path_factory.mktemp('another'), 'another')


@pytest.fixture(scope='session')
def identity(authority):
    """The server's, and, to make one less, ours."""
    return authority.identity('server')


@pytest.fixture(scope='session')
def strangers(stranger):
    return stranger.identity('client')


def files(identity, authority):
    return streams.TlsFiles(str(identity.key), str(identity.certificate),
                            str(authority.certificate))


@pytest.fixture
def start(identity, authority):
    """A function that starts a server: wants our certificate, and sends
    the schema. :returns: its connection"""
    with contextlib.ExitStack() as stack:
        def build(answer=ANSWER, plain=False):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(identity.certificate, identity.key)
            context.load_verify_locations(authority.certificate)
            context.verify_mode = ssl.CERT_REQUIRED
            listening = stack.enter_context(
                socket.create_server(('127.0.0.1', 0)))
            stack.callback(listening.shutdown, socket.SHUT_RDWR)
            target = serve_plain if plain else serve
            threading.Thread(target=target, daemon=True, args=(
                listening, context, answer)).start()
            return f'ssl:127.0.0.1:{listening.getsockname()[1]}'
        yield build


def serve(listening, context, answer):
    with contextlib.ExitStack() as clients:
        while True:
            try:
                client = clients.enter_context(listening.accept()[0])
                client = clients.enter_context(
                    context.wrap_socket(client, server_side=True))
                reply(client, answer)
            except ssl.SSLError:
                client.close()
            except OSError:
                return


def serve_plain(listening, context, answer):
    """One that takes no TLS, and says so in its own way."""
    with listening.accept()[0] as client:
        client.recv(65536)
        client.sendall(b'? no such request\n')


def reply(client, answer):
    said = answer(json.loads(client.recv(65536)))
    if said is None:
        client.unwrap()
    else:
        client.sendall(said)


@pytest.fixture
def ours(authority, identity):
    """Files that we and the server agree on."""
    return files(identity, authority)


def fetch(remote, tls, timeout=5):
    streams.prepare((remote,), tls)
    return schema.fetch((remote,), timeout)


def why(remote, tls):
    with pytest.raises(schema.Unavailable) as caught:
        fetch(remote, tls)
    return str(caught.value)


def test_who_trusts_us(start, ours):
    assert fetch(start(), ours) == test_schema.SCHEMA


def test_a_long_answer(start, ours):
    long = test_schema.SCHEMA | {'cksum': 'x' * 20000}
    assert fetch(start(test_schema.reply(long)), ours) == long


def test_the_server_is_not_whom_we_trust(start, identity, stranger):
    assert 'certificate verify failed' in why(
        start(), files(identity, stranger))


def test_the_server_does_not_trust_us(start, strangers, authority):
    assert why(start(), files(strangers, authority)).endswith(
        '; is ssl_cert_file of an authority that it trusts?')


def test_the_server_speaks_no_tls(start, ours):
    said = why(start(plain=True), ours)
    assert 'trusts' not in said and said != 'Connection timed out'


def test_the_server_ends_the_connection(start, ours):
    said = why(start(lambda request: None), ours)
    assert said.startswith('connection closed')


def test_a_tcp_connection_needs_no_files():
    remotes, none = ('tcp:127.0.0.1:1', 'unix:/db'), streams.TlsFiles()
    assert streams.prepare(remotes, none) is None
    with pytest.raises(ovs_errors.TlsFileUnusable):
        streams.prepare((*remotes, 'ssl:127.0.0.1:1'), none)


@pytest.mark.parametrize('number, option', enumerate((
    'ssl_key_file', 'ssl_cert_file', 'ssl_ca_cert_file')))
@pytest.mark.parametrize('value, problem', [
    (None, 'it is not set'), ('/nonexistent.pem', 'No such file'),
    ('/', 'Is a directory'), ('/dev/null', '')])
def test_files_that_cannot_be_used(ours, number, option, value, problem):
    tls = dataclasses.replace(ours, **{option: value})
    with pytest.raises(ovs_errors.TlsFileUnusable) as caught:
        streams.prepare(('tcp:127.0.0.1:1', 'ssl:127.0.0.1:2'), tls)
    for words in (option, str(value), f'cannot be used: {problem}'):
        assert words in str(caught.value)


def test_the_plugin_has_the_files_of_its_options(ours):
    tls = dataclasses.replace(ours, ssl_key_file='/nonexistent.pem')
    with pytest.raises(ovs_errors.TlsFileUnusable, match='/nonexistent.pem'):
        client.OvsDb('ssl:127.0.0.1:1', 1, tls).has_bridge('br-int')


def test_a_key_of_another_certificate(ours, strangers):
    tls = dataclasses.replace(ours, ssl_key_file=str(strangers.key))
    with pytest.raises(ovs_errors.TlsFileUnusable) as caught:
        tls.use()
    for words in ('ssl_cert_file and ssl_key_file', 'mismatch',
                  f'{ours.ssl_cert_file} with {strangers.key}'):
        assert words in str(caught.value)


def test_a_key_with_a_password(ours, tmp_path):
    """Nobody is there to type it."""
    pki.encrypt(ours.ssl_key_file, tmp_path / 'secret.key')
    tls = dataclasses.replace(ours, ssl_key_file=str(tmp_path / 'secret.key'))
    with pytest.raises(ovs_errors.TlsFileUnusable, match='secret.key'):
        tls.use()


def test_the_options_are_those_of_the_configuration():
    tls = streams.TlsFiles.of(compute.options(
        ssl_key_file='/key', ssl_cert_file='/cert', ssl_ca_cert_file='/ca'))
    assert tls == streams.TlsFiles('/key', '/cert', '/ca')
    assert streams.TlsFiles.of(compute.options()) == streams.TlsFiles()


@pytest.mark.parametrize('kind', ['tcp', 'ssl'])
def test_the_kernel_notices_that_the_server_is_gone(start, ours, kind):
    """By its keepalives: a probe would need a thread that has time."""
    remote = start().replace('ssl', kind)
    streams.prepare((remote,), ours)
    assert not stream.stream_or_pstream_needs_probes(remote)
    error, opened = stream.Stream.open(remote)
    try:
        assert opened.socket.getsockopt(
            socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    finally:
        opened.close()


def test_words_name_the_cause():
    assert streams.words(111) == 'Connection refused'
    assert streams.words(-1) == 'connection closed'
