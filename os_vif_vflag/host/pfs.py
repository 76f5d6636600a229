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

"""The PFs of a host, at a price that does not grow with their VFs."""

from collections.abc import Iterator

from os_vif_vflag import exception
from os_vif_vflag.host import bonds
from os_vif_vflag.host import lag
from os_vif_vflag.host import model
from os_vif_vflag.host import snapshot
from os_vif_vflag.host.host import Host
from os_vif_vflag.host.representors import RepresentorFinder
from os_vif_vflag.kernel import pci_address
from os_vif_vflag.kernel import uapi

_DEVICES = ('bus', 'pci', 'devices')


class Pfs:
    """Reads what a LAG depends on, and of the VFs one at most.

    :param representors: knows the uplinks and representors that it saw
        before, and checks what it knows
    """

    def __init__(self, host: Host, representors: RepresentorFinder):
        self._host = host
        self._sysfs = host.sysfs
        self._representors = representors

    def now(self) -> tuple[model.PF, ...]:
        """PFs with uplink, driver, switch id and mode, and with one VF if
        there are any. A mode that is not known is legacy here.
        """
        return tuple(map(self._pf, self._addresses()))

    def lag(self, bond: str) -> model.Lag:
        """:param bond: its name
        :returns: right for an offloaded bond; why another one is not
            offloaded may depend on every VF
        """
        sysfs = self._sysfs.anew()
        return lag.assess(sysfs, bonds.bond(sysfs, bond), self.now())

    def _addresses(self) -> Iterator[str]:
        """VFs are where their PF states it; each comes after its PF."""
        vfs: set[str] = set()
        for address in self._sysfs.names(*_DEVICES):
            if address not in vfs and self._sysfs.exists(
                    *_DEVICES, address, 'sriov_totalvfs'):
                vfs |= self._vfs(address)
                if snapshot.has_network_class(self._sysfs, address):
                    yield address

    def _vfs(self, pf: str) -> set[str]:
        offset, stride, count = (
            self._number(pf, f'sriov_{name}')
            for name in ('offset', 'stride', 'numvfs'))
        return (pci_address.vf_addresses(pf, offset, stride, count)
                if count and stride and offset else set())

    def _pf(self, address: str) -> model.PF:
        uplink = self._representors.uplink(address)
        vf = self._sysfs.target(*_DEVICES, address, 'virtfn0')
        netlink = self._host.netlink
        mode = netlink.eswitch_mode(address) if netlink else None
        return model.PF(
            address=address,
            uplink=uplink,
            driver=self._sysfs.target(*_DEVICES, address, 'driver'),
            switch_id=self._switch_id(uplink) if uplink else None,
            mode=mode or self._inferred_mode(vf),
            mode_inferred=mode is None,
            vfs=(model.VF(vf, 0),) if vf else ())

    def _switch_id(self, uplink: str) -> str | None:
        return self._sysfs.read(
            'class', 'net', uplink, 'phys_switch_id') or None

    def _inferred_mode(self, vf: str | None) -> str:
        if vf is None:
            return uapi.LEGACY
        try:
            self._representors.find(vf)
        except exception.HostError:
            return uapi.LEGACY
        return uapi.SWITCHDEV

    def _number(self, pf: str, name: str) -> int | None:
        return self._sysfs.number(*_DEVICES, pf, name)
