"""Capacity of the physnets of a compute host, as reported in its stats.

Nova's pools tell how many VFs are free, never how many there are, nor the
eswitch mode. nova-compute adds both to the ``stats`` of its compute node, and
whoever wants to know joins the two.
"""

import collections
import dataclasses
import json

STATS_KEY = 'sriov_capacity'
VERSION = 1

_PHYSNET = 'physical_network'
_VF_TYPES = frozenset(('type-VF', 'vdpa'))
_UNKNOWN = 'unknown'


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


def report(pfs, devices, whitelist):
    """Sum up a host for its stats.

    :param pfs: tuple of os_vif_vflag.facts.PF
    :param devices: list of dicts, Nova's PCI devices of this host
    :param whitelist: nova.pci.whitelist.Whitelist of ``[pci]device_spec``
    :returns: str, compact JSON: per PF and physnet its mode and VFs in total
    """
    modes = {pf.address: pf.mode for pf in pfs}
    totals = collections.Counter()
    for device in devices:
        if device.get('dev_type') not in _VF_TYPES:
            continue
        physnet = physnet_of(whitelist, device)
        if physnet:
            # As Nova makes the address of its pools.
            pf = device.get('parent_addr') or device['address']
            totals[pf, physnet] += 1
    rows = [{'pf': pf, 'physnet': physnet, 'vfs': vfs,
             'mode': modes.get(pf, _UNKNOWN)}
            for (pf, physnet), vfs in sorted(totals.items())]
    return json.dumps({'version': VERSION, 'pfs': rows},
                      separators=(',', ':'))


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
    totals, modes = collections.Counter(), {}
    for row in _rows(stats):
        modes[row['pf'], row['physnet']] = row['mode']
        totals[row['physnet'], row['mode']] += row['vfs']
    free = collections.Counter()
    for pool in pools:
        physnet = pool.get(_PHYSNET)
        if physnet and pool.get('dev_type') in _VF_TYPES:
            mode = modes.get((pool.get('address'), physnet), _UNKNOWN)
            free[physnet, mode] += pool.get('count') or 0
    return sorted(Capacity(physnet, mode, totals.get((physnet, mode)),
                           free[physnet, mode])
                  for physnet, mode in totals.keys() | free.keys())


def _rows(stats):
    """The rows of a report that this version understands, else none."""
    try:
        parsed = json.loads((stats or {}).get(STATS_KEY) or '{}')
        rows = parsed['pfs'] if parsed.get('version') == VERSION else []
        return [row for row in rows
                if isinstance(row['vfs'], int)
                and all(isinstance(row[key], str)
                        for key in ('pf', 'physnet', 'mode'))]
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        return []
