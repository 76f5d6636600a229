"""Capacity of a compute host for each physnet: in total, used, free.

nova-compute reports what it has (report.py), Nova's pools tell what is free;
whoever wants to know joins the two.
"""

import collections
import dataclasses

from nova_sriov_ext.report import document
from nova_sriov_ext.report import networks
from nova_sriov_ext.report.networks import PHYSNET

_VF_TYPES = frozenset(('type-VF', 'vdpa'))


@dataclasses.dataclass(frozen=True)
class Capacity:
    """VFs of one physnet and eswitch mode on one host.

    :ivar physnet: str, None for tunnelled networks
    :ivar mode: ``legacy``, ``switchdev`` or ``unknown``
    :ivar total: VFs; None when the host does not report it
    :ivar free: VFs
    """

    physnet: str | None
    mode: str
    total: int | None
    free: int

    @property
    def used(self):
        return None if self.total is None else self.total - self.free


def rows(snapshot, devices, whitelist):
    """Sum up a host for its report.

    :param snapshot: os_vif_vflag.host.model.Snapshot
    :param devices: list of dicts, Nova's PCI devices of this host
    :param whitelist: nova.pci.whitelist.Whitelist of ``[pci]device_spec``
    :returns: tuple of document.Row
    """
    pfs = {pf.address: pf for pf in snapshot.pfs}
    totals = collections.Counter()
    for device in devices:
        if device.get('dev_type') not in _VF_TYPES:
            continue
        # As Nova makes the address of its pools.
        pf = device.get('parent_addr') or device['address']
        tags = tags_of(whitelist, device)
        if tags is None:
            continue
        if networks.is_for_ports(tags):
            totals[pf, tags[PHYSNET]] += 1
        elif pf in pfs and PHYSNET not in tags:
            # For aliases; but ports of tunnelled networks may get it.
            totals[pf, None] += 0
    return tuple(
        _row(snapshot, pfs.get(address), address, physnet, vfs)
        for (address, physnet), vfs in sorted(
            totals.items(), key=lambda item: (item[0][0], item[0][1] or '')))


def _row(snapshot, pf, address, physnet, vfs):
    if pf is None:
        return document.Row(address, physnet, vfs)
    return document.Row(address, physnet, vfs, mode=pf.mode, bond=pf.bond,
                        lag=snapshot.lag_of(pf).state, netdev=pf.uplink)


def tags_of(whitelist, device):
    """:param whitelist: nova.pci.whitelist.Whitelist of ``[pci]device_spec``
    :param device: dict with address, parent_addr, vendor_id and product_id
    :returns: dict, None for a device that is not listed
    """
    spec = whitelist.device_assignable(device)
    return spec.get_tags() if spec else None


def of_host(stats, pools):
    """Join what a host reports with what is free there.

    :param stats: dict of strings, ``ComputeNode.stats``, or None
    :param pools: list of dicts, Nova's PCI pools of the host
    :returns: sorted list of Capacity
    """
    totals = collections.Counter()
    told = document.read(stats)
    for row in told.rows:
        if row.vfs:
            totals[row.physnet, row.mode] += row.vfs
    free = collections.Counter()
    for pool in pools:
        physnet = pool.get(PHYSNET)
        if networks.is_for_ports(pool) and (
                pool.get('dev_type') in _VF_TYPES):
            row = told.by_pf.get((pool.get('address'), physnet))
            mode = row.mode if row else document.UNKNOWN
            free[physnet, mode] += pool.get('count') or 0
    return [Capacity(physnet, mode, totals.get((physnet, mode)),
                     free[physnet, mode])
            for physnet, mode in sorted(
                totals.keys() | free.keys(),
                key=lambda found: (found[0] or '', found[1]))]
