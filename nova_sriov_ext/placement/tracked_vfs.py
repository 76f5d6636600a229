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
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
import dataclasses
from typing import TYPE_CHECKING

from nova import objects
from nova.objects import fields

from nova_sriov_ext.placement import names
from nova_sriov_ext.report import document
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
    """The VFs of one resource class on one host.

    :ivar total: how many there are
    :ivar blocked: how many nobody can have, because a server has the PF
    :ivar held: uuid of a server → VFs it has, a claim that is not finished
        yet included
    """

    total: int = 0
    blocked: int = 0
    held: collections.Counter[str] = dataclasses.field(
        default_factory=collections.Counter)

    def add(self, device: objects.PciDevice) -> None:
        self.total += 1
        self.blocked += device.status in _BLOCKED
        if device.status in _HELD:
            self.held[device.instance_uuid] += 1


def by_class(tracker: manager.PciDevTracker,
             rows: Iterable[document.Row]) -> dict[str, Vfs]:
    """By resource class.

    :param rows: of this host; VFs of a PF whose eswitch mode they do not say
        are in no class of a mode
    """
    modes = {(row.pf, row.physnet): row.mode for row in rows}
    found = collections.defaultdict[str, Vfs](Vfs)
    for device in tracker.pci_devs:
        listed = _tags(tracker.dev_filter, device)
        if networks.is_for_ports(listed) and device.status not in _GONE:
            for name in _classes(device, listed, modes):
                found[name].add(device)
    return dict(found)


def _classes(device: objects.PciDevice, listed: tags.Tags,
             modes: Mapping[tuple[str, str | None], str]) -> Iterator[str]:
    """:param modes: PF's address, physnet → eswitch mode"""
    physnet = listed[networks.PHYSNET]
    yield names.vf_class(physnet)
    # As Nova makes the address of its pools.
    mode = modes.get((device.parent_addr or device.address, physnet))
    # Ports that require a mode get no others (Request.is_plain_vf).
    is_plain = (device.dev_type == fields.PciDeviceType.SRIOV_VF
                and not tags.true(listed.get('remote_managed')))
    if mode in document.MODES and is_plain:
        yield names.mode_class(mode, physnet)


def _tags(device_spec: whitelist.Whitelist,
          device: objects.PciDevice) -> tags.Tags:
    if device.dev_type not in _TYPES:
        return {}
    # None: no longer in device_spec, and tracked until its server is gone.
    spec = device_spec.get_devspec(device)
    return spec.get_tags() if spec else {}
