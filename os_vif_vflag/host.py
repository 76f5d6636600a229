"""What this host has: PFs, VFs, representors, bonds and their LAG state."""

import dataclasses
import re

from os_vif_vflag import bonding
from os_vif_vflag import exception
from os_vif_vflag import facts
from os_vif_vflag import kernel
from os_vif_vflag import lag
from os_vif_vflag import links
from os_vif_vflag.netlink import Netlink
from os_vif_vflag.representor import Representors
from os_vif_vflag.sysfs import Sysfs

_VIRTFN = re.compile(r'virtfn([0-9]+)')
_ADDRESS = re.compile(
    r'([0-9a-f]{4,8}):([0-9a-f]{2}):([01][0-9a-f])\.([0-7])')
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

    def representors(self):
        """:returns: Representors as they are now"""
        return Representors(
            links.links(self.sysfs, self.netlink),
            self.netlink.ports() if self.netlink else None)

    def vf(self, address):
        """Find a VF by its PCI address.

        :returns: tuple (PCI address of its PF, number of the VF)
        :raises exception.VfNotFound: no such device
        :raises exception.NotAVf: a device, but no VF
        """
        if not self.sysfs.exists(*_DEVICES, address):
            raise exception.VfNotFound(vf=address)
        pf = self.sysfs.target(*_DEVICES, address, 'physfn')
        number = self._computed_number(pf, address) if pf else None
        if number is None and pf:
            number = next((n for n, a in self._virtfns(pf) if a == address),
                          None)
        if number is None:
            raise exception.NotAVf(vf=address)
        return pf, number

    def snapshot(self):
        """:returns: facts.Snapshot"""
        self.sysfs.unread.clear()
        bonds = bonding.bonds(self.sysfs)
        picture = _Picture(self, bonds)
        pfs = tuple(picture.pf(address)
                    for address in self.sysfs.names(*_DEVICES)
                    if picture.is_network_pf(address))
        bonds = tuple(
            dataclasses.replace(bond, lag=lag.assess(self.sysfs, bond, pfs))
            for bond in bonds)
        return facts.Snapshot(pfs, bonds, tuple(self.sysfs.unread))

    def _computed_number(self, pf, address):
        """The VF's number from the addresses, or None when that is not
        confirmed by its link (drivers/pci/iov.c, pci_iov_virtfn_devfn)."""
        ids = _routing_id(pf), _routing_id(address)
        offset = self.sysfs.number(*_DEVICES, pf, 'sriov_offset')
        stride = self.sysfs.number(*_DEVICES, pf, 'sriov_stride')
        if None in ids or offset is None or not stride:
            return None
        number = (ids[1] - ids[0] - offset) // stride
        link = self.sysfs.target(*_DEVICES, pf, f'virtfn{number}')
        return number if link == address else None

    def _virtfns(self, pf):
        """:returns: sorted list of (number, PCI address)"""
        matches = (_VIRTFN.fullmatch(name)
                   for name in self.sysfs.names(*_DEVICES, pf))
        return sorted(
            (int(match[1]), address) for match in matches if match
            and (address := self.sysfs.target(*_DEVICES, pf, match[0])))


class _Picture:
    """What one snapshot needs of all netdevs, asked once."""

    def __init__(self, host, bonds):
        self._host = host
        self._bonds = {member.name: bond.name
                       for bond in bonds for member in bond.members}
        self._sysfs = host.sysfs
        self._links = links.links(host.sysfs, host.netlink)
        self._children = {}
        for link in self._links:
            self._children.setdefault(link.parent, []).append(link)
        self._representors = Representors(
            self._links, host.netlink.ports() if host.netlink else None)

    def is_network_pf(self, address):
        # A PF whose driver reloads has no netdev for a moment; its class
        # says what it is all the same: 02xxxx, network controller.
        sysfs = self._sysfs
        return (sysfs.exists(*_DEVICES, address, 'sriov_totalvfs')
                and ((sysfs.read(*_DEVICES, address, 'class') or '')
                     .startswith('0x02')
                     or address in self._children))

    def pf(self, address):
        uplink = self._uplink(address)
        vfs = tuple(self._vf(address, number, vf_address)
                    for number, vf_address in self._host._virtfns(address))
        return facts.PF(
            address=address,
            uplink=uplink and uplink.name,
            vendor=self._id(address, 'vendor'),
            product=self._id(address, 'device'),
            vf_product=self._id(address, 'sriov_vf_device'),
            numa_node=self._numa_node(address),
            mode=self._mode(address),
            total_vfs=self._number(address, 'sriov_totalvfs') or 0,
            num_vfs=self._number(address, 'sriov_numvfs') or 0,
            vfs=vfs,
            driver=self._driver(address),
            up=bool(uplink and uplink.up),
            link_type=uplink and uplink.type,
            switch_id=uplink and uplink.switch_id,
            bond=uplink and self._bonds.get(uplink.name))

    def _vf(self, pf, number, address):
        self._sysfs.note_if_missing(*_DEVICES, pf, f'virtfn{number}')
        fits = {link.name
                for link in self._representors.find(pf, number)}
        netdevs = self._children.get(address, ())
        return facts.VF(
            address=address, number=number,
            driver=self._driver(address),
            netdev=netdevs[0].name if netdevs else None,
            representor=fits.pop() if len(fits) == 1 else None)

    def _uplink(self, pf):
        """It names itself ``p<N>``, or nothing at all with older drivers
        and in legacy mode."""
        children = self._children.get(pf, ())
        named = [c for c in children
                 if c.port and c.port.flavour == kernel.PHYSICAL]
        unnamed = [c for c in children if c.port is None]
        return next(iter(named + unnamed), None)

    def _mode(self, pf):
        told = self._host.netlink and self._host.netlink.eswitch_mode(pf)
        # Not from phys_switch_id: ice has one in legacy mode, too
        # (ice_devlink_create_pf_port). Representors exist in switchdev only.
        return told or (kernel.SWITCHDEV if self._representors.any_of(pf)
                        else kernel.LEGACY)

    def _driver(self, address):
        return self._sysfs.target(*_DEVICES, address, 'driver')

    def _number(self, address, name):
        return self._sysfs.number(*_DEVICES, address, name, silent=())

    def _numa_node(self, address):
        node = self._sysfs.number(*_DEVICES, address, 'numa_node')
        return None if node is None or node < 0 else node

    def _id(self, address, name):
        """:returns: four hexadecimal digits, or None. Vendor and device have
        a leading 0x, sriov_vf_device has none (pci-sysfs.c, iov.c)."""
        number = self._sysfs.number(*_DEVICES, address, name, base=16)
        return None if number is None else f'{number:04x}'


def _routing_id(address):
    """:returns: bus, device and function as one number, or None"""
    match = _ADDRESS.fullmatch(address)
    if not match:
        return None
    _, bus, device, function = (int(part, 16) for part in match.groups())
    return bus << 8 | device << 3 | function
