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

"""What a VIF object must have before anything is done with it."""

from collections.abc import Callable
from collections.abc import Iterable
import re

from os_vif.objects import base
from os_vif.objects import instance_info as osv_instance_info
from os_vif.objects import network
from os_vif.objects import vif as osv_vif
from oslo_utils import uuidutils

from os_vif_vflag import exception
from os_vif_vflag.ovs import ovs_port

PROFILES = (osv_vif.VIFPortProfileOpenVSwitch,
            osv_vif.VIFPortProfileOVSRepresentor)
VIFS = (osv_vif.VIFHostDevice, osv_vif.VIFVHostUser)

# dev_valid_name, net/core/dev.c: a bridge's own port is a netdev. A slash is
# what ovs-vswitchd refuses in a bridge's name, too. How long it may be matters
# only where it is created, see ovs_port.OvsPort.
_BRIDGE = re.compile(r'(?!\.{1,2}$)[^\s/:]+')
# The domain of VMD's devices has more than four digits.
_PCI_ADDRESS = re.compile(r'[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]')
# Of one netdev: the first byte is even (is_valid_ether_addr,
# include/linux/etherdevice.h).
_MAC = re.compile(r'(?!00(:00){5})[0-9a-f][02468ace](:[0-9a-f]{2}){5}',
                  re.IGNORECASE)
# sockaddr_un, include/uapi/linux/un.h: 108 bytes with the one that ends it
_PATH = re.compile(r'/.{1,106}')
# ETH_MIN_MTU and ETH_MAX_MTU, include/uapi/linux/if_ether.h. 0 stands for
# a missing one.
MTUS = range(68, 65536)

_Check = tuple[str, Callable[[osv_vif.VIFBase], bool]]


def _of_host_device(vif: osv_vif.VIFBase) -> bool:
    return isinstance(vif, osv_vif.VIFHostDevice)


# (description, test), in the order in which one relies on the other. A port is
# found by these alone: whatever else is wrong with it, it can be unplugged.
_TO_BE_FOUND: tuple[_Check, ...] = (
    ('it is not a VIFHostDevice or VIFVHostUser',
     lambda vif: type(vif) in VIFS),
    ('it has no id', lambda vif: _text(vif, 'id')),
    ('it has no Open vSwitch port profile',
     lambda vif: type(_value(vif, 'port_profile')) in PROFILES),
    ('its port profile has no interface id',
     lambda vif: _text(vif.port_profile, 'interface_id')),
)
_TO_BE_PLUGGED: tuple[_Check, ...] = _TO_BE_FOUND + (
    ('its id is not a UUID', lambda vif: uuidutils.is_uuid_like(vif.id)),
    ('its port profile has an interface id that is not a UUID',
     lambda vif: uuidutils.is_uuid_like(vif.port_profile.interface_id)),
    ('it has no PCI address',
     lambda vif: not _of_host_device(vif) or has_pci_address(vif)),
    ('its device type is neither ethernet nor generic',
     lambda vif: _unset_or(
         vif, 'dev_type', lambda kind: kind in ('ethernet', 'generic'))),
    ('it has no path of a socket',
     lambda vif: _of_host_device(vif) or _matches(vif, 'path', _PATH)),
    ('it has no mode, client or server',
     lambda vif: (_of_host_device(vif)
                  or _value(vif, 'mode') in ('client', 'server'))),
    ('it has no MAC address',
     lambda vif: _matches(vif, 'address', _MAC)),
    ('it has no network', lambda vif: _has_network(vif)),
    ('its network has no bridge', lambda vif: _text(vif.network, 'bridge')),
    ('its network\'s bridge has a name that no network device can have',
     lambda vif: _matches(vif.network, 'bridge', _BRIDGE)),
    (f'its network\'s MTU is not between {MTUS[0]} and {MTUS[-1]}',
     lambda vif: _unset_or(
         vif.network, 'mtu', lambda mtu: type(mtu) is int
         and (mtu == 0 or mtu in MTUS))),
    ('its port profile has a datapath type that is neither system nor netdev',
     lambda vif: _unset_or(
         vif.port_profile, 'datapath_type',
         lambda kind: kind in ('', ovs_port.SYSTEM, ovs_port.NETDEV))),
    # Nova puts the VF's address into both. Behind the socket of a virtio
    # forwarder there is a VF, too, which is not ours.
    ('its port profile has the representor of another device',
     lambda vif: not _of_host_device(vif) or _unset_or(
         vif.port_profile, 'representor_address',
         lambda address: address == vif.dev_address)),
    *((f'its port profile has {field}, which is not a {kind.__name__}',
       lambda vif, field=field, kind=kind: _unset_or(
           vif.port_profile, field, lambda value: isinstance(value, kind)))
      for field, kind in (('representor_name', str), ('profile_id', str),
                          ('create_port', bool), ('create_tap', bool),
                          ('multiqueue', bool),
                          ('datapath_offload', osv_vif.DatapathOffloadBase))),
)


def check_to_plug(vif: osv_vif.VIFBase,
                  instance_info: osv_instance_info.InstanceInfo) -> None:
    """:raises exception.InvalidVif: names what is wrong and where"""
    _check(vif, _TO_BE_PLUGGED)
    if not (isinstance(instance_info, osv_instance_info.InstanceInfo)
            and uuidutils.is_uuid_like(_value(instance_info, 'uuid'))):
        raise _invalid(vif, 'its server has no uuid')


def check_to_unplug(vif: osv_vif.VIFBase) -> None:
    """:raises exception.InvalidVif: names what is wrong and where"""
    _check(vif, _TO_BE_FOUND)


def has_pci_address(vif: osv_vif.VIFBase) -> bool:
    return _matches(vif, 'dev_address', _PCI_ADDRESS)


def bridge_of(vif: osv_vif.VIFBase) -> str | None:
    """The name of the bridge; None where a VIF to unplug does not have one."""
    return (vif.network.bridge
            if _has_network(vif) and _text(vif.network, 'bridge') else None)


def place_of(vif: osv_vif.VIFBase) -> str:
    """Where it is plugged, for messages."""
    kind, field = (('VF', 'dev_address') if _of_host_device(vif)
                   else ('socket', 'path'))
    return f'{kind} {_shown(vif, field)}'


def _check(vif: osv_vif.VIFBase, table: Iterable[_Check]) -> None:
    for problem, test in table:
        if not test(vif):
            raise _invalid(vif, problem)


def _invalid(vif: osv_vif.VIFBase, problem: str) -> exception.InvalidVif:
    return exception.InvalidVif(
        port=_shown(vif, 'id'), vf=_shown(vif, 'dev_address'),
        problem=problem)


def _value(obj: base.VersionedObject, field: str) -> object:
    """None where there is no such field, or where it was never set: that of
    os-vif's objects cannot be read."""
    fields = getattr(obj, 'fields', ())
    return getattr(obj, field) if field in fields and field in obj else None


def _unset_or(obj: base.VersionedObject, field: str,
              test: Callable[[object], bool]) -> bool:
    value = _value(obj, field)
    return value is None or test(value)


def _has_network(vif: osv_vif.VIFBase) -> bool:
    return isinstance(_value(vif, 'network'), network.Network)


def _text(obj: base.VersionedObject, field: str) -> bool:
    value = _value(obj, field)
    return isinstance(value, str) and value != ''


def _matches(obj: base.VersionedObject, field: str,
             form: re.Pattern[str]) -> bool:
    """Whether it is a text of this form, and one to be shown: no control
    characters, which OVSDB's JSON does not take (RFC 7047, 3.1)."""
    value = _value(obj, field)
    return (isinstance(value, str) and value.isprintable()
            and form.fullmatch(value) is not None)


def _shown(vif: osv_vif.VIFBase, field: str) -> object:
    return _value(vif, field) or 'unknown'
