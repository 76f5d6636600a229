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

"""What a PF's driver tells of its VFs, decoded from IFLA_VFINFO_LIST.

pyroute2 sets it, but reads GUIDs wrongly: it takes 32 bytes where the kernel
sends 12 (struct ifla_vf_guid). The names and forms are those that pyroute2
takes for ``link('set', vf=...)``.
"""

import struct

from os_vif_vflag.kernel import nlmsg
from os_vif_vflag.kernel import uapi

_NUMBER = struct.Struct('=I')
_VF_AND_NUMBER = struct.Struct('=II')
_VF_AND_TWO = struct.Struct('=III')
_VF_AND_GUID = struct.Struct('=IxxxxQ')


def decode(attribute):
    """:param attribute: bytes of IFLA_VFINFO_LIST, empty without VFs
    :returns: dict number of a VF → dict of what its driver tells: mac (str),
        vlan (dict vlan, qos), rate (dict min_tx_rate, max_tx_rate; Mbit/s),
        spoofchk, trust, link_state (int), ib_node_guid, ib_port_guid (str)
    """
    return dict(_vf(info) for kind, info in nlmsg.attributes(attribute)
                if kind == uapi.IFLA_VF_INFO)


def _vf(info):
    told = {}
    number = None
    for kind, value in nlmsg.attributes(info):
        if kind in _SETTINGS:
            # Each is a struct that begins with the number of the VF.
            number = _NUMBER.unpack_from(value)[0]
            name, read = _SETTINGS[kind]
            told[name] = read(value)
    return number, {name: value for name, value in told.items()
                    if value is not None}


def _mac(value):
    start = _NUMBER.size
    return value[start:start + uapi.ETH_ALEN].hex(':')


def _number(value):
    number = _VF_AND_NUMBER.unpack_from(value)[1]
    return None if number == uapi.VF_NOT_TOLD else number


def _guid(value):
    guid = _VF_AND_GUID.unpack_from(value)[1]
    return guid.to_bytes(8, 'big').hex(':')


def _two(first, second):
    def read(value):
        _, one, two = _VF_AND_TWO.unpack_from(value)
        return {first: one, second: two}
    return read


_SETTINGS = {
    uapi.IFLA_VF_MAC: ('mac', _mac),
    uapi.IFLA_VF_VLAN: ('vlan', _two('vlan', 'qos')),
    uapi.IFLA_VF_RATE: ('rate', _two('min_tx_rate', 'max_tx_rate')),
    uapi.IFLA_VF_SPOOFCHK: ('spoofchk', _number),
    uapi.IFLA_VF_LINK_STATE: ('link_state', _number),
    uapi.IFLA_VF_TRUST: ('trust', _number),
    uapi.IFLA_VF_IB_NODE_GUID: ('ib_node_guid', _guid),
    uapi.IFLA_VF_IB_PORT_GUID: ('ib_port_guid', _guid),
}
