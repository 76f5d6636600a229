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

"""What plug sets on the host for an SR-IOV VIF, and unplug takes back.

Each class is a Setting.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
import contextlib
import dataclasses
import functools
from typing import Protocol

from nova import objects
import nova.conf
from nova.network import model
from oslo_utils import strutils

from nova_sriov_ext import conf
from nova_sriov_ext import exception
from nova_sriov_ext.virt.libvirt import binding
from nova_sriov_ext.virt.libvirt import rate_limit
from os_vif_vflag import exception as vflag_exception
from os_vif_vflag.host import errors
from os_vif_vflag.host import ib_partition
from os_vif_vflag.host import netdev_setup
from os_vif_vflag.host import vf_settings
from os_vif_vflag.host.host import Host
from os_vif_vflag.kernel import uapi
from os_vif_vflag.kernel import vfinfo

CONF = conf.register(nova.conf.CONF)


class Setting(Protocol):
    """Both may be repeated.

    They raise os_vif_vflag.exception.HostError when this host cannot, and
    exception.InvalidPort when no host could.
    """

    def apply(self, host: Host, instance: objects.Instance, vif: model.VIF,
              runs: bool = False) -> Callable[[], object]:
        """:param runs: whether the guest may run already, perhaps since
            before this driver was installed
        :returns: what puts back what was before
        """

    def clear(self, host: Host, instance: objects.Instance,
              vif: model.VIF) -> None:
        """The VF that the VIF names may be another port's of the same server,
        or nobody's. Another server's is not touched, see owner.py."""


@dataclasses.dataclass(frozen=True)
class Part:
    """What one property of a VIF means for the VF.

    :ivar names: of the settings to clear
    :ivar owner: what the VF has only while it is this port's, where anything
        shows that
    :ivar is_lasting: whether it is set again for a guest that runs
    :ivar ours: each of these may be ours: they are cleared where the VF has
        them
    """

    wanted: Callable[[objects.Instance, model.VIF], vfinfo.Settings]
    names: Callable[[model.VIF], Iterable[str]] = lambda vif: ()
    owner: Callable[[model.VIF], vfinfo.Settings] = lambda vif: {}
    is_lasting: bool = True
    ours: Callable[[objects.Instance, model.VIF], Iterable[vfinfo.Settings]
                   ] = lambda instance, vif: ()


class Uplink:
    """Settings of the VF that go through the uplink, all in one request."""

    def __init__(self, *parts: Part) -> None:
        self._parts = parts

    def apply(self, host: Host, instance: objects.Instance, vif: model.VIF,
              runs: bool = False) -> Callable[[], object]:
        wanted: vfinfo.Settings = {}
        for part in self._parts:
            if part.is_lasting or not runs:
                wanted |= part.wanted(instance, vif)
        if not wanted:
            return _nothing
        return vf_settings.apply(host, binding.pci_slot(vif), wanted)

    def clear(self, host: Host, instance: objects.Instance,
              vif: model.VIF) -> None:
        owner = {name: value for part in self._parts
                 for name, value in part.owner(vif).items()}
        slot = binding.pci_slot(vif)
        vf_settings.restore(host, slot, {
            name: vf_settings.CLEARED[name] for part in self._parts
            for name in part.names(vif)}, owner)
        for part in self._parts:
            for ours in part.ours(instance, vif):
                vf_settings.restore(host, slot, {
                    name: vf_settings.CLEARED[name] for name in ours}, ours)


class Netdev:
    """The VF's own netdev, on which libvirt puts a macvtap: up, with the MAC
    of the port.

    Two differences from stock Nova (set_vf_interface_vlan). It sets the
    netdev of a port with VLAN 0 down, under the running guest when
    nova-compute starts again; here it is up. And unplug requests there the
    MAC 00:00:00:00:00:00 and down at once, of which the kernel does neither
    (EADDRNOTAVAIL); here it goes down and keeps its MAC.
    """

    def apply(self, host: Host, instance: objects.Instance, vif: model.VIF,
              runs: bool = False) -> Callable[[], object]:
        slot = binding.pci_slot(vif)
        name = host.netdev(slot)
        if name is None:
            raise errors.NoVfNetdev(vf=slot)
        _set_up(host, name, binding.mac_address(vif))
        return functools.partial(self.clear, host, instance, vif)

    def clear(self, host: Host, instance: objects.Instance,
              vif: model.VIF) -> None:
        name = host.netdev(binding.pci_slot(vif))
        if name is not None and _has_address(host, name, _mac_of(vif)):
            with contextlib.suppress(errors.LinkFailed):
                netdev_setup.set_down(name)


class Unlimited:
    """Nothing on the host can limit what such a VIF sends."""

    def apply(self, host: Host, instance: objects.Instance, vif: model.VIF,
              runs: bool = False) -> Callable[[], object]:
        rate_limit.warn_of_all(instance)
        return _nothing

    def clear(self, host: Host, instance: objects.Instance,
              vif: model.VIF) -> None:
        """Nothing was set."""


class InfiniBand:
    """Node and port GUID from the MAC, partition from the segmentation id.

    A port without segmentation id is in the default partition.
    """

    _GUIDS = ('ib_node_guid', 'ib_port_guid')

    def apply(self, host: Host, instance: objects.Instance, vif: model.VIF,
              runs: bool = False) -> Callable[[], object]:
        slot = binding.pci_slot(vif)
        guid = guid_of(binding.mac_address(vif))
        iov = ib_partition.find(host, slot)
        if iov:
            return functools.partial(iov.apply, iov.apply(
                iov.member(_partition(vif), guid)))
        wanted: vfinfo.Settings = dict.fromkeys(self._GUIDS, guid)
        # Firmware may keep the ports of new VFs down. Stock Nova's eswitchd
        # sets them up, and a guest that it plugged may run.
        if not runs:
            wanted['link_state'] = uapi.IFLA_VF_LINK_STATE_AUTO
        return vf_settings.apply(host, slot, wanted)

    def clear(self, host: Host, instance: objects.Instance,
              vif: model.VIF) -> None:
        slot, guid = binding.pci_slot(vif), guid_of(_mac_of(vif))
        try:
            iov = ib_partition.find(host, slot)
        except vflag_exception.HostError:
            return
        if iov is None:
            vf_settings.restore(host, slot, dict.fromkeys(
                self._GUIDS, vf_settings.NO_GUID),
                                owner={'ib_port_guid': guid})
        elif iov.has(guid):
            iov.apply(iov.outsider())


def guid_of(address: str) -> str:
    """fa:16:3e:0a:ec:e7 → fa:16:3e:00:00:0a:ec:e7, as Mellanox's agent for
    Neutron always did, and as subnet managers are configured."""
    return f'{address[:8]}:00:00:{address[9:]}'


def _mac_of(vif: model.VIF) -> str:
    """What is not a MAC no VF has."""
    return str(vif['address']).lower()


def _set_up(host: Host, netdev: str, address: str) -> None:
    """Up, with a MAC.

    Once igb's PF has set the MAC of a VF that is not trusted, the VF's netdev
    may not set any, not even the same («attempted to override
    administratively set MAC address», igb_set_vf_mac_addr). It has the PF's
    then, or takes it when it goes down (igbvf_reset).

    :raises errors.LinkFailed: it is as it was, with another MAC
    """
    # Some drivers refuse one while the netdev is up, even the one that it
    # has (eth_prepare_mac_addr_change).
    if _has_address(host, netdev, address):
        netdev_setup.set_up(netdev)
        return
    was_up = _is_up(host, netdev)
    try:
        netdev_setup.set_up(netdev, address=address)
    except errors.LinkFailed:
        for _ in range(2):
            netdev_setup.set_up(netdev)
            if _has_address(host, netdev, address):
                return
            netdev_setup.set_down(netdev)
        if was_up:
            netdev_setup.set_up(netdev)
        raise


def _is_up(host: Host, netdev: str) -> bool:
    flags = host.sysfs.number('class', 'net', netdev, 'flags', base=16)
    return bool((flags or 0) & uapi.IFF_UP)


def _has_address(host: Host, netdev: str, address: str) -> bool:
    return host.sysfs.read('class', 'net', netdev, 'address') == address


def _mac_and_vlan(instance: objects.Instance,
                  vif: model.VIF) -> vfinfo.Settings:
    return {'mac': binding.mac_address(vif),
            'vlan': {'vlan': _vlan(vif), 'qos': 0}}


def _vlan(vif: model.VIF) -> int:
    """0 for none."""
    number, *more = binding.vlans(vif)
    if more:
        raise exception.InvalidPort(
            port=vif['id'],
            problem=f'binding:vif_details has vlan {[number, *more]}, but a '
                    f'VF behind vnic_type {vif["vnic_type"]} has one VLAN',
            remedy='Use vnic type direct for a trunk')
    return number


def _trust(instance: objects.Instance, vif: model.VIF) -> vfinfo.Settings:
    trusted = (vif['profile'] or {}).get('trusted')
    return ({'trust': 1} if strutils.bool_from_string(trusted) else {})


def _trust_to_clear(vif: model.VIF) -> tuple[str, ...]:
    return ('trust',) if 'trusted' in (vif['profile'] or {}) else ()


def _rate_if_chosen(instance: objects.Instance,
                    vif: model.VIF) -> vfinfo.Settings:
    return (rate_limit.wanted(instance, vif)
            if CONF.sriov.switchdev_vf_rates else {})


def _partition(vif: model.VIF) -> int:
    # VLAN 0 is not a partition.
    has_id = (vif['details'] or {}).get(model.VIF_DETAILS_VLAN) is not None
    return (_vlan(vif) if has_id else 0) or ib_partition.DEFAULT


def _nothing() -> None:
    """What puts back nothing."""


MAC_AND_VLAN = Part(_mac_and_vlan, lambda vif: ('mac', 'vlan'),
                    lambda vif: {'mac': _mac_of(vif)})
# libvirt sets it through the PF, and leaves it where the association fails
# (virNetDevVPortProfileOp8021Qbh).
MAC_OF_LIBVIRT = Part(lambda instance, vif: {}, lambda vif: ('mac',),
                      lambda vif: {'mac': _mac_of(vif)})
TRUST = Part(_trust, _trust_to_clear)
# Neutron's SR-IOV agent may have set another one since.
RATE = Part(rate_limit.wanted, is_lasting=False, ours=rate_limit.ours)
# Stock Nova ignores the flavor's there.
CHOSEN_RATE = dataclasses.replace(RATE, wanted=_rate_if_chosen)
