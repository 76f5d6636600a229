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

"""What this host has: PFs, VFs, representors, bonds and their LAG state."""

from os_vif_vflag.host import errors
from os_vif_vflag.host import model
from os_vif_vflag.host import netdevs
from os_vif_vflag.host import snapshot
from os_vif_vflag.host.representors import RepresentorIndex
from os_vif_vflag.kernel import netlink as kernel_netlink
from os_vif_vflag.kernel import pci_address
from os_vif_vflag.kernel import vfinfo
from os_vif_vflag.kernel.sysfs import Sysfs

_DEVICES = ('bus', 'pci', 'devices')
_MACHINE = '/'


class Host:
    """The PCI network functions of one machine.

    :param root: folder that holds ``sys``; ``/`` is this machine
    :param netlink: unless given, this machine's for ``/`` and none for
        another root, where the netdevs of this machine would be wrong
    """

    def __init__(self, root: str = _MACHINE,
                 netlink: kernel_netlink.Source | None = None):
        self.sysfs = Sysfs(root)
        self.netlink = netlink or (
            kernel_netlink.Netlink() if root == _MACHINE else None)

    def representors(self, pf: str) -> RepresentorIndex:
        """The representors of one PF, and its uplink, as they are now: from
        devlink, or the PF's own netdevs, or all netdevs of the host, each
        only where those before it do not name them.

        :param pf: PCI address
        """
        ports = self._ports(pf)
        for own in (netdevs.physical(ports or ()),
                    netdevs.children(self.sysfs, pf)):
            found = RepresentorIndex(own, ports)
            if found.any_of(pf) and pf in found.uplinks:
                return found
        return RepresentorIndex(
            netdevs.links(self.sysfs, self.netlink), ports, self._driver)

    def vf(self, address: str) -> tuple[str, int]:
        """Find a VF by its PCI address.

        :returns: PCI address of its PF, number of the VF
        :raises errors.VfNotFound: no such device
        :raises errors.NotAVf: a device, but not a VF
        """
        pf = self.sysfs.target(*_DEVICES, address, 'physfn')
        number = _computed_number(self.sysfs, pf, address) if pf else None
        if number is None and pf:
            number = next((n for n, a in snapshot.virtfns(self.sysfs, pf)
                           if a == address), None)
        if pf and number is not None:
            return pf, number
        raise (errors.NotAVf(vf=address)
               if self.sysfs.exists(*_DEVICES, address)
               and not _is_place_of_a_vf(self.sysfs, address)
               else errors.VfNotFound(vf=address))

    def uplink(self, pf: str) -> str | None:
        """:param pf: PCI address of a PF
        :returns: name of its own netdev
        """
        link = netdevs.uplinks(netdevs.links(self.sysfs, self.netlink)).get(pf)
        return link.name if link else None

    def netdev(self, vf: str) -> str | None:
        """:param vf: PCI address of a VF
        :returns: name of its netdev on this host
        """
        return next(iter(self.sysfs.names(*_DEVICES, vf, 'net')), None)

    def vfs(self, uplink: str) -> dict[int, vfinfo.Settings]:
        """What the driver of a PF keeps of its VFs.

        :param uplink: name of the PF's netdev
        :returns: number of a VF → its settings, as far as the kernel reports
            them
        """
        return (self.netlink.vfs(uplink) if self.netlink else None) or {}

    def snapshot(self) -> model.HostSnapshot:
        """Everything that the host has now."""
        return snapshot.SnapshotBuilder(self.sysfs.anew(), self.netlink,
                                        self._ports()).snapshot()

    def _driver(self, address: str) -> str | None:
        return self.sysfs.target(*_DEVICES, address, 'driver')

    def _ports(self, pf: str | None = None) -> (
            tuple[kernel_netlink.Port, ...] | None):
        return self.netlink.ports(pf) if self.netlink else None


def _is_place_of_a_vf(sysfs: Sysfs, address: str) -> bool:
    """Whether a PF has a VF at this address, or could have. The kernel takes
    the links between the two away before the VF
    (drivers/pci/iov.c, pci_iov_remove_virtfn)."""
    for pf in sysfs.names(*_DEVICES):
        offset, stride, most = (
            sysfs.number(*_DEVICES, pf, f'sriov_{name}')
            for name in ('offset', 'stride', 'totalvfs'))
        if offset and stride and most and address in (
                pci_address.vf_addresses(pf, offset, stride, most)):
            return True
    return False


def _computed_number(sysfs: Sysfs, pf: str, address: str) -> int | None:
    """The VF's number from the addresses, or None when that is not
    confirmed by its link (drivers/pci/iov.c, pci_iov_virtfn_devfn)."""
    first, own = pci_address.routing_id(pf), pci_address.routing_id(address)
    offset = sysfs.number(*_DEVICES, pf, 'sriov_offset')
    stride = sysfs.number(*_DEVICES, pf, 'sriov_stride')
    if first is None or own is None or offset is None or not stride:
        return None
    number = (own - first - offset) // stride
    link = sysfs.target(*_DEVICES, pf, f'virtfn{number}')
    return number if link == address else None
