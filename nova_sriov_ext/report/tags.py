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

"""Device types and tags, compared as Nova compares those of requests and
pools."""

from collections.abc import Mapping
from typing import Any

# What an operator or Nova wrote as JSON: of a device_spec, of a request, of
# one of Nova's PCI pools.
Tags = Mapping[str, Any]

# Tags of a pool that Nova makes: PCI address and netdev of the PF.
ADDRESS = 'address'
# Into a port's PCI request, and with it into the database of the cell, Nova
# writes the netdev of the PF that Placement chose for the port's bandwidth
# (update_pci_request_with_placement_allocations in nova/compute/utils.py).
NETDEV = 'parent_ifname'

PF = 'type-PF'
VDPA = 'vdpa'
VFS = frozenset(('type-VF', VDPA))

# Devices that a request gets only when it names their type.
SPECIAL = frozenset((PF, VDPA))


def equal(have: object, want: object) -> bool:
    """Nova's comparison of tags: strings without case, lists as sets
    (nova/pci/utils.py, ``pci_device_prop_match``)."""
    if isinstance(want, list) and isinstance(have, list):
        return all(item in have for item in want)
    return folded(have) == folded(want)


def folded(value: object) -> object:
    """A string without case, anything else as it is."""
    return value.lower() if isinstance(value, str) else value


def true(value: object) -> bool:
    """oslo.utils' ``bool_from_string`` with its default: not strict."""
    return str(value).strip().lower() in ('1', 't', 'true', 'on', 'y', 'yes')
