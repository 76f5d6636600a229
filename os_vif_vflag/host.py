"""What this host has: PFs, their VFs and their netdevs, from sysfs."""

import dataclasses
import re

from os_vif_vflag import exception
from os_vif_vflag import portname
from os_vif_vflag.sysfs import Sysfs

SWITCHDEV = 'switchdev'
LEGACY = 'legacy'

_VIRTFN = re.compile(r'virtfn([0-9]+)')
_DEVICES = ('bus', 'pci', 'devices')


@dataclasses.dataclass(frozen=True)
class Netdev:
    """A network device and what it says it is.

    :ivar name: interface name
    :ivar port: portname.PortName or None
    """

    name: str
    port: portname.PortName | None

    @property
    def is_vf_representor(self):
        return self.port is not None and self.port.flavour == portname.VF

    def represents(self, number):
        """Whether this is a representor of the host's own VF ``number``."""
        return (self.is_vf_representor
                and self.port.controller is None
                and self.port.number == number)


@dataclasses.dataclass(frozen=True)
class VF:
    """:ivar address: PCI address; :ivar number: as in ``virtfn<number>``"""

    address: str
    number: int


@dataclasses.dataclass(frozen=True)
class PF:
    """A physical function.

    :ivar address: PCI address
    :ivar uplink: name of the uplink netdev, None without one
    :ivar mode: eswitch mode, LEGACY or SWITCHDEV
    :ivar total_vfs: VFs that the card can have
    :ivar vfs: tuple of VF
    """

    address: str
    uplink: str | None
    mode: str
    total_vfs: int
    vfs: tuple


class Host:
    """The PCI network functions of one machine.

    :param root: folder that holds ``sys``; ``/`` is this machine
    """

    def __init__(self, root='/'):
        self.sysfs = Sysfs(root)

    def snapshot(self):
        """:returns: tuple of PF, every SR-IOV network PF of the host"""
        addresses = (a for a in self.sysfs.names(*_DEVICES)
                     if self.sysfs.exists(*_DEVICES, a, 'sriov_totalvfs')
                     and self.sysfs.exists(*_DEVICES, a, 'net'))
        return tuple(self._pf(address) for address in addresses)

    def vf(self, address):
        """Find a VF by its PCI address.

        :returns: tuple (PCI address of its PF, VF)
        :raises exception.VfNotFound: no such device
        :raises exception.NotAVf: a device, but no VF
        """
        if not self.sysfs.exists(*_DEVICES, address):
            raise exception.VfNotFound(vf=address)
        pf = self.sysfs.target(*_DEVICES, address, 'physfn')
        for vf in self._vfs(pf) if pf else ():
            if vf.address == address:
                return pf, vf
        raise exception.NotAVf(vf=address)

    def netdevs(self, pf):
        """Netdevs that are children of the PF's PCI device.

        Linux 5.8 made VF representors such children of the PF; the uplink
        always was one.

        :param pf: PCI address of the PF
        :returns: tuple of Netdev
        """
        return tuple(self._netdev(name)
                     for name in self.sysfs.names(*_DEVICES, pf, 'net'))

    def parentless_netdevs(self, switch_id):
        """Netdevs without a parent device on the eswitch ``switch_id``.

        That is where representors are before Linux 5.8.

        :returns: tuple of Netdev
        """
        return tuple(
            self._netdev(name) for name in self.sysfs.names('class', 'net')
            if not self.sysfs.exists('class', 'net', name, 'device')
            and self.switch_id(name) == switch_id)

    def switch_id(self, netdev):
        """:returns: str, None outside an eswitch. Equal on all PFs of a card:
            it is the card's, not the PF's (mlx5)."""
        return self.sysfs.read('class', 'net', netdev,
                               'phys_switch_id') or None

    @staticmethod
    def uplink(netdevs):
        """The PF's own netdev among its children.

        It names itself ``p<N>``, or nothing at all with older drivers and in
        legacy mode.

        :param netdevs: tuple of Netdev
        :returns: Netdev or None
        """
        by_name = [n for n in netdevs
                   if n.port and n.port.flavour == portname.PHYSICAL]
        unnamed = [n for n in netdevs if n.port is None]
        return next(iter(by_name + unnamed), None)

    def _pf(self, address):
        netdevs = self.netdevs(address)
        uplink = self.uplink(netdevs)
        return PF(address=address,
                  uplink=uplink and uplink.name,
                  mode=self._mode(netdevs, uplink),
                  total_vfs=self.sysfs.number(
                      *_DEVICES, address, 'sriov_totalvfs') or 0,
                  vfs=self._vfs(address))

    def _mode(self, netdevs, uplink):
        # Not from phys_switch_id alone: ice has one in legacy mode too
        # (ice_devlink_create_pf_port). Representors exist in switchdev only.
        if uplink and not any(n.is_vf_representor for n in netdevs):
            switch_id = self.switch_id(uplink.name)
            netdevs = self.parentless_netdevs(switch_id) if switch_id else ()
        return SWITCHDEV if any(n.is_vf_representor for n in netdevs) \
            else LEGACY

    def _netdev(self, name):
        return Netdev(name, portname.parse(
            self.sysfs.read('class', 'net', name, 'phys_port_name')))

    def _vfs(self, pf):
        links = ((_VIRTFN.fullmatch(name), name)
                 for name in self.sysfs.names(*_DEVICES, pf))
        vfs = ((self.sysfs.target(*_DEVICES, pf, name), int(match[1]))
               for match, name in links if match)
        return tuple(sorted((VF(address, number) for address, number in vfs
                             if address), key=lambda vf: vf.number))
