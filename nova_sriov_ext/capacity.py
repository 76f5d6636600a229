"""Capacity of the physnets of a compute host: in total, used, free.

nova-compute reports what it has (report.py), Nova's pools tell what is free;
whoever wants to know joins the two.
"""

import collections
import dataclasses

from nova_sriov_ext import report

_PHYSNET = 'physical_network'
_VF_TYPES = frozenset(('type-VF', 'vdpa'))


@dataclasses.dataclass(frozen=True, order=True)
class Capacity:
    """VFs of one physnet and eswitch mode on one host.

    :ivar mode: ``legacy``, ``switchdev`` or ``unknown``
    :ivar total: VFs; None when the host does not report it
    :ivar free: VFs
    """

    physnet: str
    mode: str
    total: int | None
    free: int

    @property
    def used(self):
        return None if self.total is None else self.total - self.free


def rows(snapshot, devices, whitelist):
    """Sum up a host for its report.

    :param snapshot: os_vif_vflag.facts.Snapshot
    :param devices: list of dicts, Nova's PCI devices of this host
    :param whitelist: nova.pci.whitelist.Whitelist of ``[pci]device_spec``
    :returns: tuple of report.Row
    """
    pfs = {pf.address: pf for pf in snapshot.pfs}
    totals = collections.Counter()
    for device in devices:
        if device.get('dev_type') not in _VF_TYPES:
            continue
        physnet = physnet_of(whitelist, device)
        if physnet:
            # As Nova makes the address of its pools.
            pf = device.get('parent_addr') or device['address']
            totals[pf, physnet] += 1
    return tuple(_row(snapshot, pfs.get(address), address, physnet, vfs)
                 for (address, physnet), vfs in sorted(totals.items()))


def _row(snapshot, pf, address, physnet, vfs):
    if pf is None:
        return report.Row(address, physnet, vfs)
    return report.Row(address, physnet, vfs, mode=pf.mode, bond=pf.bond,
                      lag=snapshot.lag_of(pf).state)


def physnet_of(whitelist, device):
    """:param whitelist: nova.pci.whitelist.Whitelist of ``[pci]device_spec``
    :param device: dict with address, parent_addr, vendor_id and product_id
    :returns: str, None for a device that is not listed or has no physnet
    """
    spec = whitelist.device_assignable(device)
    return spec.get_tags().get(_PHYSNET) if spec else None


def of_host(stats, pools):
    """Join what a host reports with what is free there.

    :param stats: dict of strings, ``ComputeNode.stats``, or None
    :param pools: list of dicts, Nova's PCI pools of the host
    :returns: sorted list of Capacity
    """
    totals = collections.Counter()
    told = report.read(stats)
    for row in told.rows:
        totals[row.physnet, row.mode] += row.vfs
    free = collections.Counter()
    for pool in pools:
        physnet = pool.get(_PHYSNET)
        if physnet and pool.get('dev_type') in _VF_TYPES:
            row = told.by_pf.get((pool.get('address'), physnet))
            mode = row.mode if row else report.UNKNOWN
            free[physnet, mode] += pool.get('count') or 0
    return sorted(Capacity(physnet, mode, totals.get((physnet, mode)),
                           free[physnet, mode])
                  for physnet, mode in totals.keys() | free.keys())
