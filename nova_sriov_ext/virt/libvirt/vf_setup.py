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

Each class has ``apply(host, instance, vif, runs)``, which returns a function
that puts back what was before, and ``clear(host, instance, vif)``; both may
be repeated. ``runs`` says that the guest may run already, perhaps since
before this driver was installed. The VF that ``clear`` is told of may be
another port's of the same server, or nobody's (another server's is not
touched, see owner.py). ``host`` is the os_vif_vflag.host.host.Host. They raise
os_vif_vflag.exception.HostError when this host cannot, and
nova_sriov_ext.exception.InvalidPort when no host could.
"""

from collections.abc import Callable
import contextlib
import dataclasses
import functools

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
from os_vif_vflag.kernel import uapi

CONF = conf.register(nova.conf.CONF)


@dataclasses.dataclass(frozen=True)
class Part:
    """What one property of a VIF means for the VF.

    :ivar wanted: function (instance, vif) → dict of settings, see
        vf_settings.py
    :ivar names: function (vif) → names of those to clear
    :ivar owner: function (vif) → dict of what the VF has only while it is
        this port's, where anything tells
    :ivar is_lasting: whether it is set again for a guest that runs
    :ivar ours: function (instance, vif) → list of dicts of settings, each
        of which may be ours: they are cleared where the VF has them
    """

    wanted: Callable
    names: Callable = lambda vif: ()
    owner: Callable = lambda vif: {}
    is_lasting: bool = True
    ours: Callable = lambda instance, vif: ()


class Uplink:
    """Settings of the VF that go through the uplink, all in one request.

    :param parts: Part
    """

    def __init__(self, *parts):
        self._parts = parts

    def apply(self, host, instance, vif, runs=False):
        wanted = {}
        for part in self._parts:
            if part.is_lasting or not runs:
                wanted |= part.wanted(instance, vif)
        if not wanted:
            return _nothing
        slot = binding.pci_slot(vif)
        return functools.partial(
            vf_settings.restore, host, slot, vf_settings.apply(host, slot,
                                                               wanted))

    def clear(self, host, instance, vif):
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
    nova-compute starts again; here it is up. And unplug asks there for the
    MAC 00:00:00:00:00:00 and down in one request, of which the kernel does
    neither (EADDRNOTAVAIL); here it goes down and keeps its MAC.
    """

    def apply(self, host, instance, vif, runs=False):
        slot = binding.pci_slot(vif)
        name = host.netdev(slot)
        if name is None:
            raise errors.NoVfNetdev(vf=slot)
        address = binding.mac_address(vif)
        # Some drivers refuse it while the netdev is up, be it the same
        # (eth_prepare_mac_addr_change).
        if _has_address(host, name, address):
            address = None
        netdev_setup.set_up(name, address=address)
        return functools.partial(self.clear, host, instance, vif)

    def clear(self, host, instance, vif):
        name = host.netdev(binding.pci_slot(vif))
        if name is not None and _has_address(host, name, _mac_of(vif)):
            with contextlib.suppress(errors.LinkFailed):
                netdev_setup.set_down(name)


class Unlimited:
    """Nothing on the host can limit what such a VIF sends."""

    def apply(self, host, instance, vif, runs=False):
        rate_limit.warn_of_all(instance)
        return _nothing

    def clear(self, host, instance, vif):
        """Nothing was set."""


class InfiniBand:
    """Node and port GUID from the MAC, partition from the segmentation id.

    A port without segmentation id is in the default partition.
    """

    _GUIDS = ('ib_node_guid', 'ib_port_guid')

    def apply(self, host, instance, vif, runs=False):
        slot = binding.pci_slot(vif)
        guid = guid_of(binding.mac_address(vif))
        iov = ib_partition.find(host, slot)
        if iov:
            return functools.partial(iov.apply, iov.apply(
                iov.member(_partition(vif), guid)))
        wanted = dict.fromkeys(self._GUIDS, guid)
        # Firmware may keep the ports of new VFs down. Stock Nova's eswitchd
        # sets them up, and a guest that it plugged may run.
        if not runs:
            wanted['link_state'] = uapi.IFLA_VF_LINK_STATE_AUTO
        return functools.partial(
            vf_settings.restore, host, slot, vf_settings.apply(host, slot,
                                                               wanted))

    def clear(self, host, instance, vif):
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


def guid_of(address):
    """fa:16:3e:0a:ec:e7 → fa:16:3e:00:00:0a:ec:e7, as Mellanox's agent for
    Neutron always did, and subnet managers are told."""
    return f'{address[:8]}:00:00:{address[9:]}'


def _mac_of(vif):
    """:returns: str; one that is no MAC is no VF's"""
    return str(vif['address']).lower()


def _has_address(host, netdev, address):
    return host.sysfs.read('class', 'net', netdev, 'address') == address


def _mac_and_vlan(instance, vif):
    return {'mac': binding.mac_address(vif),
            'vlan': {'vlan': _vlan(vif), 'qos': 0}}


def _vlan(vif):
    """:returns: int, 0 for none"""
    number, *more = binding.vlans(vif)
    if more:
        raise exception.InvalidPort(
            port=vif['id'],
            problem=f'binding:vif_details has vlan {[number, *more]}, but a '
                    f'VF behind vnic_type {vif["vnic_type"]} has one VLAN',
            remedy='Use vnic type direct for a trunk')
    return number


def _trust(instance, vif):
    trusted = (vif['profile'] or {}).get('trusted')
    return ({'trust': 1} if strutils.bool_from_string(trusted) else {})


def _trust_to_clear(vif):
    return ('trust',) if 'trusted' in (vif['profile'] or {}) else ()


def _rate_if_chosen(instance, vif):
    return (rate_limit.wanted(instance, vif)
            if CONF.sriov.switchdev_vf_rates else {})


def _partition(vif):
    # VLAN 0 is no partition.
    has_id = (vif['details'] or {}).get(model.VIF_DETAILS_VLAN) is not None
    return (_vlan(vif) if has_id else 0) or ib_partition.DEFAULT


def _nothing():
    """What puts back nothing."""


MAC_AND_VLAN = Part(_mac_and_vlan, lambda vif: ('mac', 'vlan'),
                    lambda vif: {'mac': _mac_of(vif)})
TRUST = Part(_trust, _trust_to_clear)
# Neutron's SR-IOV agent may have set another one since.
RATE = Part(rate_limit.wanted, is_lasting=False, ours=rate_limit.ours)
# Stock Nova ignores the flavor's there.
CHOSEN_RATE = dataclasses.replace(RATE, wanted=_rate_if_chosen)
