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

"""PCI addresses as numbers."""

import re

_ADDRESS = re.compile(
    r'([0-9a-f]{4,8}):([0-9a-f]{2}):([01][0-9a-f])\.([0-7])')


def routing_id(address: str) -> int | None:
    """Bus, device and function as one number; None for another text."""
    match = _ADDRESS.fullmatch(address)
    if not match:
        return None
    _, bus, device, function = (int(part, 16) for part in match.groups())
    return bus << 8 | device << 3 | function


def function(address: str) -> int | None:
    """The number of the function; None for another text."""
    number = routing_id(address)
    return None if number is None else number & 7


def vf_addresses(pf: str, offset: int, stride: int, count: int) -> set[str]:
    """As the kernel computes them (drivers/pci/iov.c, pci_iov_virtfn_devfn).

    :param pf: PCI address
    :returns: PCI addresses of its first VFs; none for another text
    """
    domain, number_of_pf = pf.partition(':')[0], routing_id(pf)
    if number_of_pf is None:
        return set()
    first = number_of_pf + offset
    return {f'{domain}:{number >> 8:02x}:{number >> 3 & 31:02x}.{number & 7}'
            for number in range(first, first + stride * count, stride)}
