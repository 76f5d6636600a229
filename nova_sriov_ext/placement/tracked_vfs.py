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

"""The VFs of a compute host, as Nova's PCI tracker knows them."""

from __future__ import annotations

import collections
import dataclasses
from typing import TYPE_CHECKING

from nova import objects
from nova.objects import fields

from nova_sriov_ext.placement import names
from nova_sriov_ext.report import networks
from nova_sriov_ext.report import tags

if TYPE_CHECKING:
    from nova.pci import manager
    from nova.pci import whitelist

_TYPES = frozenset((fields.PciDeviceType.SRIOV_VF, fields.PciDeviceType.VDPA))
_GONE = frozenset((fields.PciDeviceStatus.REMOVED,
                   fields.PciDeviceStatus.DELETED))
# The VFs of a PF that a server has as a whole.
_BLOCKED = frozenset((fields.PciDeviceStatus.UNAVAILABLE,
                      fields.PciDeviceStatus.UNCLAIMABLE))
# A device that was never used does not have an instance_uuid to look at.
_HELD = frozenset((fields.PciDeviceStatus.CLAIMED,
                   fields.PciDeviceStatus.ALLOCATED))


@dataclasses.dataclass
class Vfs:
    """The VFs of one physnet, or for tunnelled networks, on one host.

    :ivar total: how many there are
    :ivar blocked: how many nobody can have, because a server has the PF
    :ivar held: uuid of a server → VFs it has, a claim that is not finished
        yet included
    """

    total: int = 0
    blocked: int = 0
    held: collections.Counter[str] = dataclasses.field(
        default_factory=collections.Counter)


def by_class(tracker: manager.PciDevTracker) -> dict[str, Vfs]:
    """By resource class."""
    found = collections.defaultdict[str, Vfs](Vfs)
    for device in tracker.pci_devs:
        listed = _tags(tracker.dev_filter, device)
        if networks.is_for_ports(listed) and device.status not in _GONE:
            vfs = found[names.vf_class(listed[networks.PHYSNET])]
            vfs.total += 1
            vfs.blocked += device.status in _BLOCKED
            if device.status in _HELD:
                vfs.held[device.instance_uuid] += 1
    return dict(found)


def _tags(device_spec: whitelist.Whitelist,
          device: objects.PciDevice) -> tags.Tags:
    if device.dev_type not in _TYPES:
        return {}
    # None: no longer in device_spec, and tracked until its server is gone.
    spec = device_spec.get_devspec(device)
    return spec.get_tags() if spec else {}
