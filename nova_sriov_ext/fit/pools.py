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

"""A host's PCI pools as they are judged, parsed in one place.

Nova holds them as dicts and counts down in them when it takes devices
(``PciDeviceStats``, nova/pci/stats.py). A Pool never changes: what is taken of
it is counted beside it, in a list of numbers with one for each pool.
"""

from __future__ import annotations

from collections.abc import Iterable
import dataclasses
import functools
from typing import Any
from typing import NamedTuple

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import reasons
from nova_sriov_ext.report import document
from nova_sriov_ext.report import networks
from nova_sriov_ext.report import states
from nova_sriov_ext.report import tags
from nova_sriov_ext.report.networks import PHYSNET
from nova_sriov_ext.report.tags import Tags

# The tag with the eswitch mode, where the compute host reports none.
MODE_TAG = 'eswitch_mode'

# Keys of a request's spec that Placement has answered already
# (PciDeviceStats.ignored_spec_tags).
_IGNORED = frozenset(('resource_class', 'traits', 'rp_uuids'))


class Pool(NamedTuple):
    """Devices of one PF that are alike.

    :ivar free: how many of them are free
    :ivar pf: PCI address of the PF, or of the device where it is not a VF;
        None from a compute host whose Nova does not write it
    :ivar kind: Nova's device type
    :ivar physnet: None for tunnelled networks and for aliases
    :ivar mode: one of states.MODES; the report's before the tag's
    :ivar lag: LAG state of the PF, ``unknown`` where it is not reported
    :ivar provider: the resource provider in Placement, None without one
    :ivar tags: Nova's own dict of the pool
    """

    free: int
    pf: str | None
    kind: str | None
    physnet: str | None
    mode: str
    lag: str
    provider: str | None
    tags: Tags

    @property
    def is_vf(self) -> bool:
        return self.kind in tags.VFS

    @property
    def is_pf(self) -> bool:
        return self.kind == tags.PF

    def is_on(self, physnet: str | None) -> bool:
        """Whether a port of the physnet could have the devices; of a
        tunnelled network, those of aliases, too.
        """
        return tags.equal(self.physnet, physnet)

    def is_vf_on(self, physnet: str | None) -> bool:
        """Whether it counts as VFs of the physnet, None for tunnelled
        networks; devices that are for aliases do not.
        """
        return (self.is_vf and networks.is_for_ports(self.tags)
                and self.is_on(physnet))

    def serves(self, request: model.Request) -> bool:
        """Whether Nova may serve the request from the pool, were it not
        empty.

        The rules are those of ``PciDeviceStats._filter_pools``, except NUMA
        affinity, which is judged where the cells are known. That Nova looks
        at ``live_migratable`` once more changes nothing: such tags of pools
        are normalized (nova/pci/devspec.py).
        """
        specs = request.specs
        return (any(self._matches(spec) for spec in specs)
                and (self.kind not in tags.SPECIAL or any(
                    spec.get('dev_type') == self.kind for spec in specs))
                and (not tags.true(self.tags.get('remote_managed')) or any(
                    tags.true(spec.get('remote_managed')) for spec in specs))
                and (not request.rp_uuids
                     or self.provider in request.rp_uuids))

    def _matches(self, spec: Tags) -> bool:
        for key, value in spec.items():
            if key not in _IGNORED and not tags.equal(
                    self.tags.get(key), value):
                return False
        return True

    def unsuitable_because(
            self, request: model.Request) -> tuple[str, str] | None:
        """Why devices of a pool that serves a request do not suit it.

        :returns: (one of the constants of reasons, what they are), None when
            they suit
        """
        if request.modes is not None and self.mode not in request.modes:
            return reasons.MODE, self.mode
        if request.lags is not None and self.lag not in request.lags:
            return reasons.LAG, self.lag
        return None

    def suits(self, request: model.Request) -> bool:
        """Whether a device of the pool may be given for the request."""
        return self.serves(request) and not self.unsuitable_because(request)


@dataclasses.dataclass(frozen=True)
class HostPools:
    """The pools of a host and its report.

    :ivar pools: in Nova's order
    """

    pools: tuple[Pool, ...]
    report: document.Report

    @classmethod
    def of(cls, found: object,
           report: document.Report = document.NOTHING) -> HostPools:
        """Never raises: of what Nova would not make, it has what can be
        understood.

        :param found: list of dicts, ``PciDeviceStats.pools``
        :param report: of the same host
        """
        return cls(tuple(of_tags(one, report) for one in _dicts(found)),
                   report)

    def is_of(self, found: object, report: document.Report) -> bool:
        """Whether these are what Nova's list holds still.

        Nova changes counts in place and takes pools out of the list; in a
        scheduler it changes no tag.
        """
        now = _dicts(found)
        return (self.report is report and len(now) == len(self.pools)
                and all(pool.tags is one and pool.free == _free(one)
                        for pool, one in zip(self.pools, now, strict=True)))

    def only(self, indices: Iterable[int]) -> HostPools:
        """Some of the pools; they have new indices."""
        return dataclasses.replace(
            self, pools=tuple(self.pools[i] for i in indices))

    def free(self) -> list[int]:
        """The free devices of each pool, in a list of its own."""
        return [pool.free for pool in self.pools]

    def pf_of(self, index: int) -> str:
        """A name for the PF of a pool; where it has none, for itself."""
        return self.pools[index].pf or str(index)

    def serving(self, request: model.Request) -> tuple[int, ...]:
        """:returns: indices of the pools that may serve the request"""
        return tuple(index for index, pool in enumerate(self.pools)
                     if pool.serves(request))

    def vfs(self, physnet: str | None, counts: Iterable[int]) -> int:
        """:param physnet: None for tunnelled networks
        :param counts: devices of each of the pools
        :returns: VFs of the physnet among them
        """
        return sum(number for pool, number
                   in zip(self.pools, counts, strict=True)
                   if pool.is_vf_on(physnet))

    def total(self, physnet: str | None) -> int | None:
        """:returns: VFs of the physnet as reported, None where they are not
        """
        return self.report.total(physnet)

    @functools.cached_property
    def netdevs(self) -> dict[str, str | None]:
        """:returns: netdev of a PF → address of the PF"""
        # A pool is gone once all its devices were in use when nova-compute
        # started; and Nova may take a representor for the netdev of a PF.
        found = {netdev: pool.pf for pool in self.pools
                 if (netdev := _text(pool.tags.get(tags.NETDEV)))}
        return found | {row.netdev: row.pf for row in self.report.rows
                        if row.netdev}


def serves_plain(found: Any, wanted: dict[str, int]) -> bool:
    """Whether a host serves a Demand that is plain, without parsing it.

    Such requests match nothing but the VFs of their physnet, all of these,
    and take nothing from each other: then the sums decide, whoever claims.

    :param found: list of dicts, ``PciDeviceStats.pools``
    :param wanted: model.Demand.plain
    :raises: AttributeError, KeyError, TypeError when pools are not what Nova
        makes
    """
    missing = wanted.copy()
    for pool in found:
        count = pool['count']
        if not count:
            continue
        physnet = (pool.get(PHYSNET) or '').lower()
        if (physnet in missing and pool['dev_type'] not in tags.SPECIAL
                and pool['remote_managed'].lower() == 'false'):
            if type(count) is not int:
                raise TypeError(f'count of a pool: {count!r}')
            if count >= missing[physnet]:
                del missing[physnet]
                if not missing:
                    return True
            elif count > 0:
                missing[physnet] -= count
    return False


def count_free(found: object) -> int:
    """Free devices of a host, without parsing it.

    :param found: as HostPools.of has it
    """
    return sum(map(_free, _dicts(found)))


def of_tags(found: Tags,
            report: document.Report = document.NOTHING) -> Pool:
    """:param found: a pool of Nova's, or the tags of one"""
    pf, physnet = _text(found.get(tags.ADDRESS)), _text(found.get(PHYSNET))
    row = report.by_pf.get((pf, physnet))
    mode = row.mode if row and row.mode != document.UNKNOWN else _text(
        found.get(MODE_TAG))
    return Pool(
        _free(found), pf, _text(found.get('dev_type')), physnet,
        mode if mode in (states.LEGACY, states.SWITCHDEV)
        else document.UNKNOWN,
        row.lag if row else document.UNKNOWN,
        _text(found.get('rp_uuid')), found)


def _dicts(found: object) -> list[Tags]:
    return ([one for one in found if isinstance(one, dict)]
            if isinstance(found, list) else [])


def _free(found: Tags) -> int:
    """What is not a number of devices counts as none."""
    count = found.get('count')
    return count if isinstance(count, int) and count > 0 else 0


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
