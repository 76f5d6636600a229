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

"""privsep-helper on simulated cards: python -m … FOLDER OPTIONS

The veth that stands for a PF has no VFs: what the daemon sets of them is kept
in the FOLDER of the host (tests.sim.vfs), by the rules of the PF's driver. All
other netlink is real.
"""

import contextlib
import sys
from unittest import mock

from oslo_privsep import daemon

from os_vif_vflag.privileged import calls
from tests.sim import vfs


class IPRoute(contextlib.AbstractContextManager):
    """The one request that os_vif_vflag makes of pyroute2's."""

    folder = None

    def __exit__(self, *_exc):
        pass

    def link(self, verb, ifname, vf):
        assert verb == 'set'
        settings = dict(vf)
        vfs.Vfs(self.folder).set(ifname, settings.pop('vf'), settings)


def main():
    IPRoute.folder = sys.argv[1]
    sys.argv = ['privsep-helper', *sys.argv[2:]]
    with mock.patch.object(calls, 'IPRoute', IPRoute):
        daemon.helper_main()


if __name__ == '__main__':
    main()
