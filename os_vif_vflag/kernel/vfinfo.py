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

"""What a PF's driver reports of its VFs, decoded from IFLA_VFINFO_LIST.

pyroute2 sets it, but reads GUIDs wrongly: it takes 32 bytes where the kernel
sends 12 (struct ifla_vf_guid). The names and forms are those that pyroute2
takes for ``link('set', vf=...)``.
"""

from collections.abc import Callable
from functools import partial
import struct

from os_vif_vflag.kernel import nlmsg
from os_vif_vflag.kernel import uapi

_NUMBER = struct.Struct('=I')
_VF_AND_NUMBER = struct.Struct('=II')
_VF_AND_TWO = struct.Struct('=III')
_VF_AND_GUID = struct.Struct('=IxxxxQ')

# mac, ib_node_guid and ib_port_guid are texts; vlan has vlan and qos, rate has
# min_tx_rate and max_tx_rate in Mbit/s; spoofchk, trust and link_state are
# numbers.
Setting = str | int | dict[str, int]
Settings = dict[str, Setting]


def decode(attribute: bytes) -> dict[int, Settings]:
    """:param attribute: IFLA_VFINFO_LIST, empty without VFs
    :returns: number of a VF → what its driver reports
    """
    found = [_vf(info) for kind, info in nlmsg.attributes(attribute)
             if kind == uapi.IFLA_VF_INFO]
    return dict(vf for vf in found if vf is not None)


def _vf(info: bytes) -> tuple[int, Settings] | None:
    """None for a VF of which nothing that is known here is reported."""
    reported: Settings = {}
    number: int | None = None
    for kind, value in nlmsg.attributes(info):
        if kind in _SETTINGS:
            # Each is a struct that begins with the number of the VF.
            number = _NUMBER.unpack_from(value)[0]
            name, read = _SETTINGS[kind]
            setting = read(value)
            if setting is not None:
                reported[name] = setting
    return None if number is None else (number, reported)


def _mac(value: bytes) -> str:
    start = _NUMBER.size
    return value[start:start + uapi.ETH_ALEN].hex(':')


def _number(value: bytes) -> int | None:
    number: int = _VF_AND_NUMBER.unpack_from(value)[1]
    return None if number == uapi.VF_NOT_REPORTED else number


def _guid(value: bytes) -> str:
    guid: int = _VF_AND_GUID.unpack_from(value)[1]
    return guid.to_bytes(8, 'big').hex(':')


def _two(first: str, second: str, value: bytes) -> dict[str, int]:
    _, one, two = _VF_AND_TWO.unpack_from(value)
    return {first: one, second: two}


_SETTINGS: dict[int, tuple[str, Callable[[bytes], Setting | None]]] = {
    uapi.IFLA_VF_MAC: ('mac', _mac),
    uapi.IFLA_VF_VLAN: ('vlan', partial(_two, 'vlan', 'qos')),
    uapi.IFLA_VF_RATE: (
        'rate', partial(_two, 'min_tx_rate', 'max_tx_rate')),
    uapi.IFLA_VF_SPOOFCHK: ('spoofchk', _number),
    uapi.IFLA_VF_LINK_STATE: ('link_state', _number),
    uapi.IFLA_VF_TRUST: ('trust', _number),
    uapi.IFLA_VF_IB_NODE_GUID: ('ib_node_guid', _guid),
    uapi.IFLA_VF_IB_PORT_GUID: ('ib_port_guid', _guid),
}
