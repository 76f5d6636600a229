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

"""What a port's binding says: read, and refused where libvirt would.

Each function takes a nova.network.model.VIF and raises
exception.InvalidPort with port, field, value and what is allowed.
"""

from collections.abc import Mapping
import copy
import re
from typing import Any
import uuid

import nova.conf
from nova.network import model
from oslo_utils import uuidutils

from nova_sriov_ext import conf
from nova_sriov_ext import exception

CONF = conf.register(nova.conf.CONF)

# libvirt refuses a longer one: LIBVIRT_PROFILEID_MAX less the final NUL
# (libvirt, src/util/virnetdevvportprofile.h: 40).
PROFILE_ID_MAX = 39

# libvirt takes 4095, the kernel does not (VLAN_VID_MASK, 802.1Q).
VLAN_MAX = 4094

# Of a VSI, by 802.1Qbg (libvirt, virNetDevVPortProfileParse).
VSI_MAX = {'managerid': 0xff, 'typeid': 0xffffff, 'typeidversion': 0xff}
VSI_INSTANCE = 'instanceid'

DETAILS = 'binding:vif_details'
PROFILE = 'binding:profile'

_NUMBER = re.compile('[0-9]{1,10}')

# What Nova (MAX_DOMAIN in nova/pci/devspec.py) and os-vif (PCIAddressField)
# take; libvirt would take longer domains.
_PCI_ADDRESS = re.compile(
    r'[0-9a-f]{4}:[0-9a-f]{2}:[0-1][0-9a-f]\.[0-7]', re.IGNORECASE)

_MAC = re.compile('[0-9a-f]{2}(:[0-9a-f]{2}){5}', re.IGNORECASE)
# Of the first byte (is_multicast_ether_addr, include/linux/etherdevice.h).
_MULTICAST = 0x01

# What XML 1.0 cannot carry at all, however escaped, and line breaks, which
# an attribute would silently turn into spaces.
_UNPRINTABLE = re.compile('[\x00-\x1f\ud800-\udfff\ufffe\uffff]')

# libvirt takes these but writes them as they are (virNetDevVPortProfileFormat
# in src/conf/netdev_vport_profile_conf.c, seen with 9.0): whatever it writes
# from then on, the file of the domain included, is not XML any more, or has
# attributes that the profile id smuggled in.
_UNESCAPED = re.compile("[<&']")

# A fault shows 255 characters.
_SHOWN = 60


def pci_slot(vif: model.VIF) -> str:
    """PCI address of the VF, or of the PF of a direct-physical port."""
    slot = _binding(vif)[PROFILE].get('pci_slot')
    if not isinstance(slot, str) or not _PCI_ADDRESS.fullmatch(slot):
        raise _invalid(
            vif, f'{PROFILE} has pci_slot', slot,
            'a PCI address of the form 0000:03:00.2',
            'Nova writes it when it binds the port; remove what was '
            'written by hand and create the server again')
    # As libvirt writes it, and Nova compares it when it detaches.
    return slot.lower()


def mac_address(vif: model.VIF) -> str:
    """MAC address as libvirt writes it."""
    mac = vif['address']
    if not isinstance(mac, str) or not _MAC.fullmatch(mac):
        raise _invalid(
            vif, 'mac_address is', mac, 'a MAC address of six bytes',
            'Set the mac_address of the port')
    if int(mac[:2], 16) & _MULTICAST:
        raise exception.InvalidPort(
            port=vif['id'],
            problem=f'mac_address is {mac!r}, a multicast address, which '
                    'libvirt refuses for an interface',
            remedy='Give the port a MAC address with an even first byte')
    return mac.lower()


def datapath_type(vif: model.VIF) -> str | None:
    """None where the binding says nothing of a datapath."""
    kind: object = _binding(vif)[DETAILS].get(
        model.VIF_DETAILS_OVS_DATAPATH_TYPE)
    if kind is not None and not isinstance(kind, str):
        raise _invalid(
            vif, f'{DETAILS} has datapath_type', kind, 'text',
            'The Neutron mechanism driver gives the datapath_type of the '
            'Open vSwitch agent of this host there: "system" or "netdev"')
    return kind


def require_pluggable(vif: model.VIF) -> None:
    """Before anything is set up: os-vif's objects have bare ValueErrors, and
    an interface that is attached is plugged before libvirt sees it
    (LibvirtDriver.attach_interface)."""
    if vif['address'] is not None:
        mac_address(vif)
    datapath_type(vif)


def found_by(vif: model.VIF) -> model.VIF:
    """A VIF to unplug, without what os-vif's objects do not take, and what
    its port is not found by."""
    found = copy.copy(vif)
    found['details'] = vif['details'] or {}
    for check, absent in ((mac_address, {'address': None}),
                          (datapath_type, {'details': {}})):
        try:
            check(vif)
        except exception.InvalidPort:
            found.update(absent)
    return found


def vlans(vif: model.VIF) -> list[int]:
    """VLAN ids; more than one is a trunk, [0] is none."""
    vlan = _binding(vif)[DETAILS].get(model.VIF_DETAILS_VLAN)
    listed = vlan if isinstance(vlan, (list, tuple)) else [vlan]
    numbers = [number for number in (_number(each, VLAN_MAX)
                                     for each in listed) if number is not None]
    if not numbers or len(numbers) < len(listed):
        raise _invalid(
            vif, f'{DETAILS} has vlan', vlan,
            f'a VLAN id from 0 to {VLAN_MAX}',
            'Put the port on a network of type vlan or flat (see '
            'provider:segmentation_id)')
    return numbers


def profile_id(vif: model.VIF) -> str:
    """802.1Qbh port profile of the binding's details, else of its profile,
    else of the physnet."""
    _, value = _find(vif, model.VIF_DETAILS_PROFILEID)
    if value is None:
        value = CONF.sriov.default_profile_ids.get(vif.get_physical_network())
    problem = _problem_of_profile_id(value)
    if problem:
        raise exception.InvalidPort(
            port=vif['id'],
            problem=f'its 802.1Qbh (VM-FEX) port profile id {problem}',
            remedy='The Neutron mechanism driver gives it as "profileid" in '
                   f'{DETAILS}, or [sriov] default_profile_ids in nova.conf; '
                   'use the name of a port profile of the switch, 1 to '
                   f"{PROFILE_ID_MAX} bytes without < & '")
    return str(value)


def _problem_of_profile_id(value: object) -> str | None:
    if value is None or value == '':
        return 'is missing'
    if not isinstance(value, str) or _UNPRINTABLE.search(value):
        return f'{_shown(value)} is not printable text'
    if _UNESCAPED.search(value):
        return (f"{_shown(value)} has one of < & ', which libvirt does not "
                'escape')
    length = len(value.encode())
    if length > PROFILE_ID_MAX:
        return (f'{_shown(value)} has {length} bytes, libvirt takes at most '
                f'{PROFILE_ID_MAX}')
    return None


def vsi(vif: model.VIF) -> dict[str, str]:
    """managerid, typeid, typeidversion and instanceid of an 802.1Qbg port,
    of the binding's details, else of its profile."""
    found = {name: str(_vsi_number(vif, name)) for name in VSI_MAX}
    place, instance = _find(vif, VSI_INSTANCE)
    if not uuidutils.is_uuid_like(instance):
        raise _invalid(vif, f'{place} has {VSI_INSTANCE}', instance, 'a UUID',
                       _VSI_REMEDY)
    return found | {VSI_INSTANCE: str(uuid.UUID(str(instance)))}


_VSI_REMEDY = ('The Neutron mechanism driver gives the parameters of an '
               f'802.1Qbg port in {DETAILS}')


def _vsi_number(vif: model.VIF, name: str) -> int:
    place, value = _find(vif, name)
    number = _number(value, VSI_MAX[name])
    if number is None:
        raise _invalid(vif, f'{place} has {name}', value,
                       f'a number from 0 to {VSI_MAX[name]}', _VSI_REMEDY)
    return number


def _binding(vif: model.VIF) -> dict[str, Mapping[str, Any]]:
    return {DETAILS: vif['details'] or {}, PROFILE: vif['profile'] or {}}


def _find(vif: model.VIF, name: str) -> tuple[str, Any]:
    """:returns: DETAILS or PROFILE, and the value there; None where neither
        has one"""
    return next(((place, values[name])
                 for place, values in _binding(vif).items()
                 if values.get(name) is not None), (DETAILS, None))


def _number(value: object, maximum: int) -> int | None:
    """None for what is not a whole number from 0 to maximum."""
    # Not int(): it takes True, 7.5, 1_000 and other scripts' digits, too.
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None
    return int(value) if 0 <= int(value) <= maximum else None


def _invalid(vif: model.VIF, field: str, value: object, allowed: str,
             remedy: str) -> exception.InvalidPort:
    return exception.InvalidPort(
        port=vif['id'], remedy=remedy,
        problem=f'{field} {_shown(value)}, which is not {allowed}')


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f'{text[:_SHOWN]}…'
