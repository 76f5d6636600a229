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

"""pyroute2 as os_vif_vflag.privileged.calls uses it, with a simulated
kernel."""

from collections.abc import Mapping
from typing import Self

from pyroute2 import netlink

from tests.sim import sysfs
from tests.sim import vfs


class IPRoute:
    """Sets a table."""

    def __init__(self, table: vfs.Vfs):
        self._vfs = table

    def __call__(self) -> Self:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def link(self, command: str, ifname: str,
             vf: Mapping[str, vfs.Setting]) -> None:
        settings = dict(vf)
        number = settings.pop('vf')
        assert command == 'set' and isinstance(number, int)
        try:
            self._vfs.set(ifname, number, settings)
        except OSError as e:
            raise netlink.exceptions.NetlinkError(
                e.errno, e.strerror) from None


def patches(host: sysfs.Sysfs) -> tuple[vfs.Vfs, dict[str, object]]:
    """What to replace so that os_vif_vflag changes a simulated host.

    :returns: the table that it changes, dotted name → what to put there
    """
    table = vfs.Vfs(host.root)

    def set_link(name: str, state: str, mtu: int | None = None,
                 address: str | None = None) -> None:
        table.set_netdev(name, address, state, mtu)

    return table, {
        'os_vif_vflag.privileged.calls.IPRoute': IPRoute(table),
        'os_vif_vflag.privileged.calls.set_link': set_link,
        'os_vif_vflag.privileged.calls.INFINIBAND': str(
            host.sys / 'class/infiniband'),
        'os_vif_vflag.privileged.calls.vif_plug.client_mode': False,
    }
