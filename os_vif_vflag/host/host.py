"""What this host has: PFs, VFs, representors, bonds and their LAG state."""

import dataclasses
import re

from os_vif_vflag import exception
from os_vif_vflag.host import bonds
from os_vif_vflag.host import lag
from os_vif_vflag.host import model
from os_vif_vflag.host import netdevs
from os_vif_vflag.host.representors import Representors
from os_vif_vflag.kernel import pci_address
from os_vif_vflag.kernel import uapi
from os_vif_vflag.kernel.netlink import Netlink
from os_vif_vflag.kernel.sysfs import ABSENT
from os_vif_vflag.kernel.sysfs import LISTED
from os_vif_vflag.kernel.sysfs import Sysfs

_VIRTFN = re.compile(r'virtfn([0-9]+)')
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
            found = Representors(own, ports)
            if found.any_of(pf) and pf in found.uplinks:
                return found
        return Representors(
            netdevs.links(self.sysfs, self.netlink), ports, self._driver)

    def vf(self, address):
        """Find a VF by its PCI address.

        :returns: tuple (PCI address of its PF, number of the VF)
        :raises exception.VfNotFound: no such device
        :raises exception.NotAVf: a device, but no VF
        """
        pf = self.sysfs.target(*_DEVICES, address, 'physfn')
        number = _computed_number(self.sysfs, pf, address) if pf else None
        if number is None and pf:
            number = next((n for n, a in _virtfns(self.sysfs, pf)
                           if a == address), None)
        if number is not None:
            return pf, number
        raise (exception.NotAVf(vf=address)
               if self.sysfs.exists(*_DEVICES, address)
               else exception.VfNotFound(vf=address))

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
        """:returns: model.Snapshot"""
        return _Picture(self.sysfs.anew(), self.netlink,
                        self._ports()).snapshot()

    def _driver(self, address):
        return self.sysfs.target(*_DEVICES, address, 'driver')

    def _ports(self, pf=None):
        return self.netlink.ports(pf) if self.netlink else None


class _Picture:
    """One snapshot in the making: what it needs of all netdevs, asked once.

    :param sysfs: sysfs.Sysfs of its own, for its notes
    :param netlink: netlink.Netlink, or None
    :param ports: tuple of netlink.Port, None without devlink
    """

    def __init__(self, sysfs, netlink, ports):
        self._sysfs = sysfs
        self._netlink = netlink
        self._has_devlink = ports is not None
        every = netdevs.links(sysfs, netlink)
        self._children = {}
        for link in sorted(every, key=lambda link: link.ifindex):
            self._children.setdefault(link.parent, []).append(link)
        self._representors = Representors(every, ports, self._driver)
        self._devices = frozenset(sysfs.names(*_DEVICES, silent=LISTED))
        self._vfs = {}
        self._bonds = bonds.bonds(sysfs)
        self._bond_of = {member.name: bond.name for bond in self._bonds
                         for member in bond.members}

    def snapshot(self):
        pfs = tuple(self._pf(address) for address in self._pf_addresses())
        bonds = tuple(
            dataclasses.replace(bond, lag=lag.assess(self._sysfs, bond, pfs))
            for bond in self._bonds)
        return model.Snapshot(pfs, bonds, self._sysfs.unread)

    def _pf_addresses(self):
        pfs = {address for address in self._devices
               if self._exists(address, 'sriov_totalvfs')}
        vfs = {vf for pf in pfs for _, vf in self._virtfns(pf)}
        for address in self._devices - pfs - vfs:
            if not self._exists(address):
                self._dangles(address)
            # Of a PF only sriov_totalvfs cannot be read.
            elif self._exists(address, 'sriov_numvfs'):
                pfs.add(address)
        return sorted(filter(self._is_network, pfs))

    def _virtfns(self, pf):
        if pf not in self._vfs:
            self._vfs[pf] = _virtfns(self._sysfs, pf)
            for number, address in self._vfs[pf]:
                if address not in self._devices:
                    self._dangles(pf, f'virtfn{number}')
        return self._vfs[pf]

    def _is_network(self, address):
        # A PF whose driver reloads has no netdev for a moment; its class
        # says what it is all the same.
        code = self._number(address, 'class', base=16)
        return (code is not None and code >> 16 == uapi.PCI_NETWORK
                or address in self._children)

    def _pf(self, address):
        uplink = self._representors.uplinks.get(address)
        vfs = tuple(self._vf(address, number, vf) for number, vf
                    in self._virtfns(address) if vf in self._devices)
        mode = self._told_mode(address)
        return model.PF(
            address=address,
            uplink=uplink and uplink.name,
            vendor=self._id(address, 'vendor'),
            product=self._id(address, 'device'),
            vf_product=self._vf_product(address, vfs),
            numa_node=self._sysfs.number(*_DEVICES, address, 'numa_node',
                                         unset='-1'),
            mode=mode or self._inferred_mode(address),
            mode_inferred=mode is None,
            total_vfs=self._number(address, 'sriov_totalvfs') or 0,
            num_vfs=self._num_vfs(address, vfs),
            vfs=vfs,
            driver=self._driver(address),
            up=bool(uplink and uplink.up),
            link_type=uplink and uplink.type,
            switch_id=uplink and uplink.switch_id,
            bond=uplink and self._bond_of.get(uplink.name))

    def _vf(self, pf, number, address):
        representor = self._representors.only(pf, number)
        netdevs = self._children.get(address)
        return model.VF(
            address=address, number=number,
            driver=self._driver(address),
            netdev=netdevs[0].name if netdevs else None,
            representor=representor and representor.name)

    def _num_vfs(self, pf, vfs):
        number = self._number(pf, 'sriov_numvfs')
        if number not in (None, len(vfs)):
            self._sysfs.note(
                *_DEVICES, pf, 'sriov_numvfs',
                error=f'says {number}, but there are {len(vfs)} VFs')
        return len(vfs) if number is None else number

    def _vf_product(self, pf, vfs):
        # sriov_vf_device came with Linux 4.15.
        return self._id(pf, 'sriov_vf_device', silent=ABSENT) or (
            self._id(vfs[0].address, 'device') if vfs else None)

    def _told_mode(self, pf):
        """None without devlink, and for users without CAP_NET_ADMIN."""
        return self._netlink.eswitch_mode(pf) if self._has_devlink else None

    def _inferred_mode(self, pf):
        # Not from phys_switch_id: ice has one in legacy mode, too
        # (ice_devlink_create_pf_port). Representors exist in switchdev only.
        return (uapi.SWITCHDEV if self._representors.any_of(pf)
                else uapi.LEGACY)

    def _driver(self, address):
        return self._sysfs.target(*_DEVICES, address, 'driver')

    def _exists(self, *parts):
        return self._sysfs.exists(*_DEVICES, *parts)

    def _dangles(self, *parts):
        self._sysfs.note(*_DEVICES, *parts,
                         error='points to a device that is not there')

    def _number(self, address, name, base=10, silent=LISTED):
        return self._sysfs.number(*_DEVICES, address, name, base=base,
                                  silent=silent)

    def _id(self, address, name, silent=LISTED):
        """:returns: four hexadecimal digits, or None. Vendor and device have
        a leading 0x, sriov_vf_device has none (pci-sysfs.c, iov.c)."""
        number = self._number(address, name, base=16, silent=silent)
        return None if number is None else f'{number:04x}'


def _virtfns(sysfs, pf):
    """:returns: sorted list of (number, PCI address)"""
    matches = (_VIRTFN.fullmatch(name)
               for name in sysfs.names(*_DEVICES, pf))
    return sorted(
        (int(match[1]), address) for match in matches if match
        and (address := sysfs.target(*_DEVICES, pf, match[0],
                                     silent=LISTED)))


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
