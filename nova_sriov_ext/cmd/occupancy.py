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

"""Who uses the VFs of this host: read from Open vSwitch and libvirt."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
import dataclasses
from typing import TYPE_CHECKING

from lxml import etree

from os_vif_vflag import exception as vflag_exception
from os_vif_vflag.host import model
from os_vif_vflag.ovs import client

if TYPE_CHECKING:
    import libvirt

# A VF that libvirt has given to a guest is bound to it.
_PASSED_THROUGH = 'vfio-pci'

_ADDRESSES = ('./devices/interface[@type="hostdev"]/source/address',
              './devices/hostdev[@type="pci"]/source/address')
# A macvtap names the netdev of its VF.
_NETDEVS = './devices/interface[@type="direct"]/source[@dev]'


# Name of an interface → its external_ids in OVS.
Ports = Mapping[str, Mapping[str, str]]
# PCI address, or netdev, of what a guest has → uuid of the server
Guests = Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class Use:
    """How a VF is used.

    :ivar used: whether a guest has it
    :ivar port: name of the Open vSwitch port of its representor
    :ivar instance: uuid of the server, None when it is not known
    :ivar port_id: uuid of Neutron's port, by Open vSwitch
    :ivar mac: of that port, likewise
    :ivar by_netdev: whether a guest has the netdev of the VF (macvtap)
    """

    used: bool = False
    port: str | None = None
    instance: str | None = None
    port_id: str | None = None
    mac: str | None = None
    by_netdev: bool = False


def uses(vfs: Iterable[model.VF], ports: Ports | None,
         guests: Guests | None) -> dict[str, Use]:
    """Join VFs with what uses them.

    :param ports: None when Open vSwitch does not answer
    :param guests: None when libvirt does not answer: then the VF's driver
        shows whether it is used
    :returns: by the PCI address of the VF
    """
    return {vf.address: _use(vf, ports or {}, guests) for vf in vfs}


def _use(vf: model.VF, ports: Ports, guests: Guests | None) -> Use:
    found = ports.get(vf.representor) if vf.representor else None
    external_ids = found or {}
    instance = _guest(vf, guests or {}) or external_ids.get('vm-uuid')
    passed = guests is None and vf.driver == _PASSED_THROUGH
    return Use(used=bool(instance) or passed,
               port=None if found is None else vf.representor,
               instance=instance,
               port_id=external_ids.get('iface-id'),
               mac=external_ids.get('attached-mac'),
               by_netdev=vf.netdev is not None and vf.netdev in (guests or {}))


def _guest(vf: model.VF, guests: Guests) -> str | None:
    return guests.get(vf.address) or (
        guests.get(vf.netdev) if vf.netdev else None)


def ports(ovsdb: client.OvsDb) -> tuple[Ports | None, str | None]:
    """:returns: what uses takes, what is wrong"""
    try:
        return ovsdb.interfaces(), None
    except vflag_exception.HostError as e:
        return None, str(e)


def guests(uri: str) -> tuple[Guests | None, str | None]:
    """:param uri: of libvirt
    :returns: what uses takes, what is wrong
    """
    try:
        import libvirt
    except ImportError:
        return None, ('libvirt-python is not installed here: whether a VF is '
                      'used is concluded from its driver')
    # Else libvirt prints every error on its own.
    libvirt.registerErrorHandler(lambda *_: None, None)
    try:
        connection = libvirt.openReadOnly(uri)
        try:
            return _devices(connection.listAllDomains()), None
        finally:
            connection.close()
    except libvirt.libvirtError as e:
        return None, (f'libvirt at {uri} does not answer ({e}): whether a VF '
                      'is used is concluded from its driver')


def _devices(domains: Iterable[libvirt.virDomain]) -> dict[str, str]:
    """As Guests."""
    return {device: domain.UUIDString() for domain in domains
            for device in _devices_of(etree.fromstring(domain.XMLDesc(0)))}


def _devices_of(domain: etree._Element) -> Iterator[str]:
    for path in _ADDRESSES:
        yield from map(_address, domain.findall(path))
    for source in domain.findall(_NETDEVS):
        yield str(source.attrib['dev'])


def _address(element: etree._Element) -> str:
    domain, bus, slot, function = (
        int(element.attrib[key], 0)
        for key in ('domain', 'bus', 'slot', 'function'))
    return f'{domain:04x}:{bus:02x}:{slot:02x}.{function:x}'
