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

"""Who uses the VFs of this host: asked of Open vSwitch and of libvirt."""

import dataclasses

from lxml import etree

from os_vif_vflag import exception as vflag_exception

# A VF that libvirt has given to a guest is bound to it.
_PASSED_THROUGH = 'vfio-pci'

_ADDRESSES = ('./devices/interface[@type="hostdev"]/source/address'
              '|./devices/hostdev[@type="pci"]/source/address')


@dataclasses.dataclass(frozen=True)
class Use:
    """How a VF is used.

    :ivar used: whether a guest has it
    :ivar port: name of the Open vSwitch port of its representor, or None
    :ivar instance: uuid of the server, None when nobody tells
    """

    used: bool = False
    port: str | None = None
    instance: str | None = None


def uses(vfs, ports, guests):
    """Join VFs with what uses them.

    :param vfs: iterable of os_vif_vflag.host.model.VF
    :param ports: dict, name of an interface → its external_ids in OVS; None
        when Open vSwitch does not answer
    :param guests: dict, PCI address → uuid of the domain; None when libvirt
        does not answer: then the VF's driver tells
    :returns: dict, PCI address of the VF → Use
    """
    return {vf.address: _use(vf, ports or {}, guests) for vf in vfs}


def _use(vf, ports, guests):
    external_ids = ports.get(vf.representor)
    instance = (guests or {}).get(vf.address) or (
        external_ids or {}).get('vm-uuid')
    passed = guests is None and vf.driver == _PASSED_THROUGH
    return Use(used=bool(instance) or passed,
               port=None if external_ids is None else vf.representor,
               instance=instance)


def ports(ovsdb):
    """:param ovsdb: os_vif_vflag.ovs.client.OvsDb
    :returns: tuple (dict for uses, None or what is wrong)
    """
    try:
        return ovsdb.interfaces(), None
    except vflag_exception.HostError as e:
        return None, str(e)


def guests(uri):
    """:param uri: str, of libvirt
    :returns: tuple (dict for uses, None or what is wrong)
    """
    try:
        import libvirt
    except ImportError:
        return None, ('libvirt-python is not installed here: whether a VF is '
                      'used is told from its driver')
    # Else libvirt prints every error on its own.
    libvirt.registerErrorHandler(lambda *_: None, None)
    try:
        connection = libvirt.openReadOnly(uri)
        try:
            return _addresses(connection.listAllDomains()), None
        finally:
            connection.close()
    except libvirt.libvirtError as e:
        return None, (f'libvirt at {uri} does not answer ({e}): whether a VF '
                      'is used is told from its driver')


def _addresses(domains):
    return {_address(element): domain.UUIDString()
            for domain in domains
            for element in etree.fromstring(domain.XMLDesc(0)).xpath(
                _ADDRESSES)}


def _address(element):
    domain, bus, slot, function = (
        int(element.get(key), 0)
        for key in ('domain', 'bus', 'slot', 'function'))
    return f'{domain:04x}:{bus:02x}:{slot:02x}.{function:x}'
