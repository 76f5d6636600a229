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
from os_vif_vflag.host import netdevs
from os_vif_vflag.host import snapshot
from os_vif_vflag.host.representors import RepresentorIndex
from os_vif_vflag.kernel import pci_address
from os_vif_vflag.kernel.netlink import Netlink
from os_vif_vflag.kernel.sysfs import Sysfs

_DEVICES = ('bus', 'pci', 'devices')
_MACHINE = '/'


class Host:
    """The PCI network functions of one machine.

    :param root: folder that holds ``sys``; ``/`` is this machine
    :param netlink: netlink.Netlink or what stands in for it. Unless given,
        this machine's for ``/`` and none for another root, where the
        netdevs of this machine would be wrong.
    """

    def __init__(self, root=_MACHINE, netlink=None):
        self.sysfs = Sysfs(root)
        self.netlink = netlink or (Netlink() if root == _MACHINE else None)

    def representors(self, pf):
        """What there is to tell the representors of one PF, and its uplink:
        devlink, or the PF's own netdevs, or all netdevs of the host, each
        only where those before it do not tell.

        :param pf: PCI address
        :returns: Representors as they are now
        """
        ports = self._ports(pf)
        for own in (netdevs.physical(ports or ()),
                    netdevs.children(self.sysfs, pf)):
            found = RepresentorIndex(own, ports)
            if found.any_of(pf) and pf in found.uplinks:
                return found
        return RepresentorIndex(
            netdevs.links(self.sysfs, self.netlink), ports, self._driver)

    def vf(self, address):
        """Find a VF by its PCI address.

        :returns: tuple (PCI address of its PF, number of the VF)
        :raises errors.VfNotFound: no such device
        :raises errors.NotAVf: a device, but no VF
        """
        pf = self.sysfs.target(*_DEVICES, address, 'physfn')
        number = _computed_number(self.sysfs, pf, address) if pf else None
        if number is None and pf:
            number = next((n for n, a in snapshot.virtfns(self.sysfs, pf)
                           if a == address), None)
        if number is not None:
            return pf, number
        raise (errors.NotAVf(vf=address)
               if self.sysfs.exists(*_DEVICES, address)
               else errors.VfNotFound(vf=address))

    def uplink(self, pf):
        """:param pf: PCI address of a PF
        :returns: name of its own netdev, None without one
        """
        link = netdevs.uplinks(netdevs.links(self.sysfs, self.netlink)).get(pf)
        return link and link.name

    def netdev(self, vf):
        """:param vf: PCI address of a VF
        :returns: name of its netdev on this host, None without one
        """
        return next(iter(self.sysfs.names(*_DEVICES, vf, 'net')), None)

    def vfs(self, uplink):
        """What the driver of a PF keeps of its VFs.

        :param uplink: name of the PF's netdev
        :returns: dict number of a VF → dict as of vfinfo.decode, empty where
            the kernel does not tell
        """
        return (self.netlink.vfs(uplink) if self.netlink else None) or {}

    def snapshot(self):
        """:returns: model.HostSnapshot"""
        return snapshot.SnapshotBuilder(self.sysfs.anew(), self.netlink,
                                        self._ports()).snapshot()

    def _driver(self, address):
        return self.sysfs.target(*_DEVICES, address, 'driver')

    def _ports(self, pf=None):
        return self.netlink.ports(pf) if self.netlink else None


def _computed_number(sysfs, pf, address):
    """The VF's number from the addresses, or None when that is not
    confirmed by its link (drivers/pci/iov.c, pci_iov_virtfn_devfn)."""
    ids = pci_address.routing_id(pf), pci_address.routing_id(address)
    offset = sysfs.number(*_DEVICES, pf, 'sriov_offset')
    stride = sysfs.number(*_DEVICES, pf, 'sriov_stride')
    if None in ids or offset is None or not stride:
        return None
    number = (ids[1] - ids[0] - offset) // stride
    link = sysfs.target(*_DEVICES, pf, f'virtfn{number}')
    return number if link == address else None
