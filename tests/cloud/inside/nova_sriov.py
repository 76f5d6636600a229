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

"""nova-sriov on a host of the demo: python -m … FOLDER OPTIONS

The domains of libvirt are those in the FOLDER of the host (domains.py), and
what the drivers keep of VFs is beside them (tests.sim.vfs); all else that it
reads is what nova-compute reads.
"""

import pathlib
import sys
import types
from unittest import mock

from nova_sriov_ext.cmd import shell
from os_vif_vflag.kernel import netlink
from tests.sim import vfs


class Domain:
    """The methods' names are libvirt's, here and below."""

    def __init__(self, path):
        self._path = path

    def UUIDString(self):
        return self._path.stem

    def XMLDesc(self, _flags):
        return self._path.read_text()


class Connection:

    def __init__(self, folder):
        self._folder = folder

    def listAllDomains(self):
        return [Domain(path) for path in self._folder.glob('*.xml')]

    def close(self):
        pass


def main():
    folder = pathlib.Path(sys.argv.pop(1))
    sys.argv[0] = 'nova-sriov'
    libvirt = types.SimpleNamespace(
        libvirtError=OSError, registerErrorHandler=lambda *_: None,
        openReadOnly=lambda _uri: Connection(folder / 'domains'))
    with (mock.patch.dict(sys.modules, libvirt=libvirt),
          mock.patch.object(netlink.Netlink, 'vfs',
                            lambda _self, name: vfs.Vfs(folder).of(name))):
        sys.exit(shell.main())


if __name__ == '__main__':
    main()
