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

"""Keys and certificates, made by openssl for one test run."""

import dataclasses
import pathlib
import subprocess

_KEY = ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1',
        '-nodes', '-days', '1')


@dataclasses.dataclass(frozen=True)
class Identity:
    """Whose: names of PEM files."""

    key: pathlib.Path
    certificate: pathlib.Path


class Authority:
    """One that signs certificates.

    :param folder: where its files are kept
    :param name: of the authority
    """

    def __init__(self, folder, name):
        self._folder = pathlib.Path(folder)
        self._own = self._paths(name)
        _openssl('req', '-x509', *_KEY, '-subj', f'/CN={name}',
                 '-keyout', self._own.key, '-out', self.certificate)

    @property
    def certificate(self):
        return self._own.certificate

    def identity(self, name):
        """:returns: Identity, signed by this authority"""
        made = self._paths(name)
        request = self._folder / f'{name}.csr'
        _openssl('req', *_KEY, '-subj', f'/CN={name}',
                 '-keyout', made.key, '-out', request)
        _openssl('x509', '-req', '-in', request, '-out', made.certificate,
                 '-CA', self.certificate, '-CAkey', self._own.key,
                 '-CAcreateserial', '-days', '1')
        return made

    def _paths(self, name):
        return Identity(self._folder / f'{name}.key',
                        self._folder / f'{name}.pem')


def encrypt(key, encrypted):
    """Write a private key that wants a password."""
    _openssl('pkey', '-in', key, '-aes256', '-passout', 'pass:secret',
             '-out', encrypted)


def _openssl(*arguments):
    subprocess.run(['openssl', *map(str, arguments)], check=True,
                   capture_output=True)
