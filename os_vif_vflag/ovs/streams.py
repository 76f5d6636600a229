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

"""Connections to a remote ovsdb-server that notice when it is gone.

As os-vif's own plugin does it, for the whole process: the kernel's keepalives
instead of python-ovs' probes. Those are answered by a thread of ovsdbapp, and
a process that is busy elsewhere would lose its connection every few seconds.
"""

from collections.abc import Iterable
from collections.abc import Iterator
import contextlib
import dataclasses
import errno
import os
import socket
import ssl
from typing import Self

from oslo_config import cfg
from ovs import poller as ovs_poller
from ovs import stream

from os_vif_vflag.ovs import ovs_errors
from os_vif_vflag.ovs import remotes


@dataclasses.dataclass(frozen=True)
class TlsFiles:
    """What an ``ssl:`` connection needs: names of files in PEM form, or None.

    The fields are the options of that name.
    """

    ssl_key_file: str | None = None
    ssl_cert_file: str | None = None
    ssl_ca_cert_file: str | None = None

    @classmethod
    def of(cls, config: cfg.ConfigOpts.GroupAttr) -> Self:
        """:param config: the options of conf.OPTS"""
        return cls(**{field.name: getattr(config, field.name)
                      for field in dataclasses.fields(cls)})

    def use(self) -> None:
        """Give them to python-ovs, which keeps them for the whole process.

        :raises ovs_errors.TlsFileUnusable: names the option and the file
        """
        key = _readable('ssl_key_file', self.ssl_key_file)
        certificate = _readable('ssl_cert_file', self.ssl_cert_file)
        authority = _readable('ssl_ca_cert_file', self.ssl_ca_cert_file)
        # What OpenSSL would refuse only once it is connected.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        with _failing_as('ssl_ca_cert_file', authority):
            context.load_verify_locations(authority)
        with _failing_as('ssl_cert_file and ssl_key_file',
                         f'{certificate} with {key}'):
            # Without a password OpenSSL would wait for one on the terminal.
            context.load_cert_chain(certificate, key, password='')
        stream.Stream.ssl_set_private_key_file(key)
        stream.Stream.ssl_set_certificate_file(certificate)
        stream.Stream.ssl_set_ca_cert_file(authority)


class _Kept(stream.Stream):

    @staticmethod
    def needs_probes() -> bool:
        return False

    @classmethod
    def _open(cls, suffix: str, dscp: int) -> (
            tuple[int, socket.socket | None]):
        error, opened = super()._open(suffix, dscp)
        if opened is not None:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return error, opened


class TcpStream(_Kept, stream.TCPStream):
    pass


class SslStream(_Kept, stream.SSLStream):
    """One that keeps OpenSSL's words; python-ovs makes «Operation not
    permitted» of any.

    :ivar refusal: why there is no TLS connection
    :ivar agreed: whether the handshake was done
    """

    refusal: str | None = None
    agreed = False
    _greeted = False     # the peer is to speak

    def connect(self) -> int:
        error: int = stream.Stream.connect(self)
        if error:
            return error
        try:
            with self._refusing():
                self.socket.do_handshake()
        except ssl.SSLWantReadError:
            self._greeted = True
            return errno.EAGAIN
        except OSError:
            return errno.EPROTO
        self.agreed = True
        return 0

    def connect_wait(self, poller: ovs_poller.Poller) -> None:
        # python-ovs waits for room to write all the while, which there
        # always is, and so takes a whole CPU.
        self.wait(poller, stream.Stream.W_RECV if self._greeted
                  else stream.Stream.W_CONNECT)

    def recv(self, n: int) -> tuple[int, bytes | str]:
        try:
            with self._refusing():
                answer: tuple[int, bytes] = self._recv(n)
                return answer
        except ssl.SSLWantReadError:
            return errno.EAGAIN, ''
        except ssl.SSLZeroReturnError:
            return 0, ''
        except OSError:
            return errno.EPROTO, ''

    @contextlib.contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            raise
        except OSError as e:
            self.refusal = e.strerror or str(e)
            raise


def prepare(members: Iterable[str], tls: TlsFiles) -> None:
    """Make python-ovs able to connect.

    :param members: of remotes.split
    :param tls: only ``ssl:`` needs them
    :raises ovs_errors.TlsFileUnusable: see TlsFiles.use
    """
    stream.Stream.register_method('tcp', TcpStream)
    stream.Stream.register_method('ssl', SslStream)
    if any(member.startswith(remotes.SSL) for member in members):
        tls.use()


def words(error: int, opened: stream.Stream | None = None) -> str:
    """What went wrong.

    :param error: errno, or -1 of python-ovs where the peer closed
    :param opened: the stream that it happened to
    """
    reason: str = getattr(opened, 'refusal', None) or (
        os.strerror(error) if error > 0 else 'connection closed')
    # With TLS 1.3 a server refuses a certificate after the handshake, and
    # closes the connection: its reason may be lost with that.
    if getattr(opened, 'agreed', False):
        reason += '; is ssl_cert_file of an authority that it trusts?'
    return reason


def _readable(option: str, name: str | None) -> str:
    """:returns: the name of a file that can be opened"""
    with _failing_as(option, name):
        if name is None:
            raise OSError('it is not set')
        with open(name, 'rb'):
            return name


@contextlib.contextmanager
def _failing_as(option: str, name: str | None) -> Iterator[None]:
    try:
        yield
    except OSError as e:     # ssl.SSLError is one
        raise ovs_errors.TlsFileUnusable(
            option=option, file=name, error=e.strerror or e) from None
