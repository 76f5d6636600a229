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

"""What a compute host has, summed up for its report."""

import collections
from collections.abc import Iterable

from nova.pci import whitelist

from nova_sriov_ext.report import document
from nova_sriov_ext.report import networks
from nova_sriov_ext.report import tags
from nova_sriov_ext.report.networks import PHYSNET
from os_vif_vflag.host import model


def rows(snapshot: model.HostSnapshot, devices: Iterable[tags.Tags],
         listed: whitelist.Whitelist) -> tuple[document.Row, ...]:
    """Sum up a host for its report.

    :param devices: Nova's PCI devices of this host
    :param listed: of ``[pci]device_spec``
    """
    pfs = {pf.address: pf for pf in snapshot.pfs}
    totals = collections.Counter[tuple[str, str | None]]()
    for device in devices:
        if device.get('dev_type') not in tags.VFS:
            continue
        # As Nova makes the address of its pools.
        pf = device.get('parent_addr') or device['address']
        found = tags_of(listed, device)
        if found is None:
            continue
        if networks.is_for_ports(found):
            totals[pf, found[PHYSNET]] += 1
        elif pf in pfs and PHYSNET not in found:
            # For aliases; but ports of tunnelled networks may get it.
            totals.setdefault((pf, None), 0)
    return tuple(
        _row(snapshot, pfs.get(address), address, physnet, vfs)
        for (address, physnet), vfs in sorted(
            totals.items(), key=lambda item: (item[0][0], item[0][1] or '')))


def _row(snapshot: model.HostSnapshot, pf: model.PF | None, address: str,
         physnet: str | None, vfs: int) -> document.Row:
    if pf is None:
        return document.Row(address, physnet, vfs)
    return document.Row(address, physnet, vfs, mode=pf.mode, bond=pf.bond,
                        lag=snapshot.lag_of(pf).state, netdev=pf.uplink)


def tags_of(listed: whitelist.Whitelist,
            device: tags.Tags) -> tags.Tags | None:
    """:param listed: of ``[pci]device_spec``
    :param device: with address, parent_addr, vendor_id and product_id
    :returns: None for a device that is not listed
    """
    spec = listed.device_assignable(device)
    return spec.get_tags() if spec else None
