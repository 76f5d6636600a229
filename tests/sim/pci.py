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

"""PCI addresses: text, routing ID, and where SR-IOV puts a VF."""

import re

_ADDRESS = re.compile(
    r'([0-9a-f]{4}):([0-9a-f]{2}):([01][0-9a-f])\.([0-7])')


def split(address: str) -> tuple[int, int]:
    """'0000:03:00.1' -> (domain, 16-bit routing ID)."""
    match = _ADDRESS.fullmatch(address)
    if not match:
        raise ValueError(
            f'{address!r} is not a PCI address: use dddd:bb:ss.f in lower '
            'case')
    domain, bus, slot, function = (int(part, 16) for part in match.groups())
    return domain, bus << 8 | slot << 3 | function


def join(domain: int, routing_id: int) -> str:
    return (f'{domain:04x}:{routing_id >> 8:02x}:'
            f'{routing_id >> 3 & 0x1f:02x}.{routing_id & 7}')


def slot(address: str) -> str:
    """The address without its function: all functions of one slot."""
    return address.rpartition('.')[0]


def vf_address(pf_address: str, offset: int, stride: int, vf: int) -> str:
    """The address of VF number `vf` of a PF.

    The sum runs over functions, slots and buses: with more VFs than the
    bus has numbers left, they go on on the next bus (drivers/pci/iov.c,
    pci_iov_virtfn_bus and pci_iov_virtfn_devfn).
    """
    domain, routing_id = split(pf_address)
    routing_id += offset + stride * vf
    if routing_id > 0xffff:
        raise ValueError(
            f'VF {vf} of {pf_address} is beyond the last PCI bus: '
            'use a lower bus, offset or stride')
    return join(domain, routing_id)
