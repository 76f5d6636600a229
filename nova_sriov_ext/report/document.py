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

"""What a compute host says of its SR-IOV in the ``stats`` of its node.

Nova's pools show how many VFs are free, never how many there are, nor the
eswitch mode, nor the state of a LAG, nor what the host does with claims.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
import dataclasses
import functools
import json
from typing import TYPE_CHECKING
from typing import NotRequired
from typing import TypedDict

if TYPE_CHECKING:
    from nova.scheduler import host_manager

STATS_KEY = 'sriov_capacity'
VERSION = 1

UNKNOWN = 'unknown'
LEGACY = 'legacy'
SWITCHDEV = 'switchdev'
# Those that are known.
MODES = frozenset((LEGACY, SWITCHDEV))

# ComputeNode.stats is TEXT: 64 KB on MySQL, for all of Nova's and ours.
MAX_BYTES = 32 * 1024


@dataclasses.dataclass(frozen=True, order=True)
class Row:
    """The VFs of one PF on one physnet.

    :ivar pf: PCI address of the PF, as in the ``address`` of Nova's pools
    :ivar physnet: None for tunnelled networks
    :ivar vfs: VFs in total; 0 for a PF with VFs that are for aliases and
        that Nova gives to ports of tunnelled networks all the same
    :ivar mode: ``legacy``, ``switchdev`` or ``unknown``
    :ivar bond: name of the bond that holds the uplink, None without one
    :ivar lag: ``active``, ``degraded``, ``inactive`` or ``none``
    :ivar netdev: name of the PF's own netdev, None without one
    """

    pf: str
    physnet: str | None
    vfs: int
    mode: str = UNKNOWN
    bond: str | None = None
    lag: str = 'none'
    netdev: str | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class State:
    """What suits or not of VFs: there is one object for all that are alike.

    :ivar physnet: None for tunnelled networks
    :ivar mode: ``legacy``, ``switchdev`` or ``unknown``
    :ivar lag: as Row.lag, ``unknown`` where it is not reported
    """

    physnet: str | None
    mode: str
    lag: str


# Physnet → address of a PF → state of its VFs.
States = dict[str | None, dict[str, State]]


@functools.lru_cache(maxsize=1024)
def state(physnet: str | None, mode: str | None, lag: str) -> State:
    """:param mode: anything but the two modes is unknown"""
    return State(physnet, mode if mode in MODES else UNKNOWN, lag)


@dataclasses.dataclass(frozen=True)
class Report:
    """:ivar placement: whether this host has its VFs in Placement, so that the
        scheduler may claim them there
    :ivar placement_modes: whether it has the classes of published_modes there
        as well; hosts of a release that does not have them do not say so
    :ivar claim: the claim policy in force there, None with Nova's own claim
    :ivar complete: False when rows were left out because there are too many
    """

    rows: tuple[Row, ...] = ()
    placement: bool = False
    placement_modes: bool = False
    claim: str | None = None
    complete: bool = True

    @functools.cached_property
    def by_pf(self) -> dict[tuple[str | None, str | None], Row]:
        """By the PF's address and the physnet."""
        return {(row.pf, row.physnet): row for row in self.rows}

    @functools.cached_property
    def states(self) -> States:
        """Without PFs whose mode is left to the tags of their pools."""
        found: States = {}
        for row in self.by_pf.values():
            if row.pf and row.mode != UNKNOWN:
                found.setdefault(row.physnet, {})[row.pf] = state(
                    row.physnet, row.mode, row.lag)
        return found

    def total(self, physnet: str | None) -> int | None:
        """:param physnet: in any case; None for tunnelled networks
        :returns: its VFs, None where they are not reported
        """
        return (self._totals.get(physnet and physnet.lower())
                if self.complete else None)

    @functools.cached_property
    def _totals(self) -> dict[str | None, int]:
        """:returns: physnet in lower case (None: tunnelled) → VFs in total,
            where there are any
        """
        found: collections.Counter[str | None] = collections.Counter()
        for row in self.rows:
            if row.vfs:
                found[row.physnet and row.physnet.lower()] += row.vfs
        return dict(found)

    @functools.cached_property
    def has_tunnelled(self) -> bool:
        """Whether it has VFs for tunnelled networks; hosts of a release that
        does not report them do not say so."""
        return any(row.physnet is None and row.vfs for row in self.rows)

    @functools.cached_property
    def published_modes(self) -> frozenset[tuple[str | None, str]]:
        """:returns: physnet (None: tunnelled), eswitch mode: of these
            schedulers may claim VFs in Placement
        """
        return (known_modes(self.rows)
                if self.placement_modes and self.complete else frozenset())


NOTHING = Report()

# A Row without the fields that have their default.
_Pf = dict[str, str | int | None]


class _Document(TypedDict):
    """A Report as JSON, without what is as in most of them."""

    version: int
    pfs: list[_Pf]
    placement: NotRequired[bool]
    placement_modes: NotRequired[bool]
    claim: NotRequired[str]
    complete: NotRequired[bool]


def is_mixed(rows: Iterable[Row]) -> bool:
    """Whether one physnet has VFs of both eswitch modes."""
    modes = {(row.physnet, row.mode) for row in rows if row.mode != UNKNOWN}
    return len(modes) > len({physnet for physnet, _ in modes})


def known_modes(rows: Iterable[Row]) -> frozenset[tuple[str | None, str]]:
    """Of which modes a host publishes its VFs: all that its PFs of a physnet
    have, unless the mode of one of them is not known. A port that requires a
    mode could get a VF of that one (``[sriov]unknown_mode``), so that no
    number of VFs of the mode would be right.

    :returns: physnet in lower case (None: tunnelled), eswitch mode
    """
    found = {(row.physnet and row.physnet.lower(), row.mode)
             for row in rows if row.vfs}
    unknown = {physnet for physnet, mode in found if mode not in MODES}
    return frozenset((physnet, mode) for physnet, mode in found
                     if physnet not in unknown)


def write(report: Report) -> str:
    """:returns: compact JSON of at most MAX_BYTES"""
    rows = [_short(row) for row in report.rows]
    while True:
        document: _Document = {'version': VERSION, 'pfs': rows}
        if report.placement:
            document['placement'] = True
        if report.placement_modes:
            document['placement_modes'] = True
        if report.claim:
            document['claim'] = report.claim
        if not report.complete or len(rows) < len(report.rows):
            document['complete'] = False
        text = json.dumps(document, separators=(',', ':'))
        if len(text) <= MAX_BYTES:
            return text
        rows = rows[:len(rows) * MAX_BYTES // len(text)]


def _short(row: Row) -> _Pf:
    return {field.name: getattr(row, field.name)
            for field in dataclasses.fields(Row)
            if field.name in _NEEDED
            or getattr(row, field.name) != field.default}


# Releases before took rows without a physnet for damaged, and left them out.
_Types = Mapping[str, tuple[type, ...]]
_NEEDED: _Types = {'pf': (str,), 'physnet': (str, type(None)), 'vfs': (int,)}
_OPTIONAL: _Types = {
    'mode': (str,), 'bond': (str,), 'lag': (str,), 'netdev': (str,)}


def read(stats: Mapping[str, str] | None) -> Report:
    """:param stats: ``ComputeNode.stats``
    :returns: NOTHING where there is none that this version understands
    """
    try:
        return _parse((stats or {})[STATS_KEY])
    except (KeyError, TypeError):
        return NOTHING


def of_host(host_state: host_manager.HostState) -> Report:
    """:param host_state: its stats are set by Nova with its first update
    :returns: as of read
    """
    return read(getattr(host_state, 'stats', None))


# A scheduler reads the same text of the same host again and again. The bound
# is above the hosts of one cell.
@functools.lru_cache(maxsize=16384)
def _parse(text: str) -> Report:
    try:
        document = json.loads(text)
        if document.get('version') != VERSION:
            return NOTHING
        return Report(rows=tuple(_rows(document['pfs'])),
                      placement=document.get('placement') is True,
                      placement_modes=(
                          document.get('placement_modes') is True),
                      claim=_text(document.get('claim')),
                      complete=document.get('complete') is not False)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        return NOTHING


def _rows(rows: Iterable[object]) -> Iterator[Row]:
    for row in rows:
        if isinstance(row, dict) and _sane(row, _NEEDED, needed=True) and (
                _sane(row, _OPTIONAL)):
            yield Row(**{key: row[key] for key in (*_NEEDED, *_OPTIONAL)
                         if key in row})


def _sane(row: Mapping[str, object], types: _Types,
          needed: bool = False) -> bool:
    return all(type(row[key]) in kinds if key in row else not needed
               for key, kinds in types.items())


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
