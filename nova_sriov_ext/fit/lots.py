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
"""Servers whose ports are alike, so that sums of devices decide.

Ports of one physnet may have any VF of it that Nova gives to ports; they
differ at most in the eswitch modes and LAG states that suit them. Then devices
of a host differ for them only in which of them they suit: a lot.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
import dataclasses
import functools
import sys

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import pools
from nova_sriov_ext.report import document
from nova_sriov_ext.report import tags
from nova_sriov_ext.report.networks import PHYSNET

_NEEDED = frozenset((PHYSNET, 'remote_managed'))
_TRUSTED = 'trusted'

# Each set of classes is a condition to be met.
_MOST_CLASSES = 4

NEVER = sys.maxsize

# Modes and LAG states that suit; None: any.
Class = tuple[frozenset[str] | None, frozenset[str] | None]


class Odd(Exception):
    """A host that sums cannot judge."""


@dataclasses.dataclass(frozen=True, eq=False)
class Lot:
    """Devices of a physnet that are alike for the ports on it.

    :ivar ports: those ports
    :ivar serves: whether Nova gives them to such ports
    :ivar is_vf: whether they count as VFs of the physnet
    :ivar suits: bits of the classes that they suit
    :ivar wrong_mode: bits of the classes that their mode does not suit
    :ivar enough: so many of them serve all the ports; NEVER where only other
        numbers can tell
    """

    ports: Ports
    serves: bool
    is_vf: bool
    suits: int = 0
    wrong_mode: int = 0
    enough: int = NEVER


@dataclasses.dataclass(frozen=True, eq=False)
class Ports:
    """The ports of a server on one physnet.

    :ivar physnet: as requested; None for tunnelled networks
    :ivar trusted: value of the tag that they request; None: any
    :ivar classes: each once
    :ivar of_port: (place among the requests of the server, class as a bit)
        of each port
    :ivar reserve: as a value of Demand.reserves, None without one
    """

    physnet: str | None
    trusted: str | None
    classes: tuple[Class, ...]
    of_port: tuple[tuple[int, int], ...]
    reserve: str | None

    @functools.cached_property
    def count(self) -> int:
        return len(self.of_port)

    @functools.cached_property
    def needs(self) -> tuple[tuple[int, int], ...]:
        """:returns: bits of classes, ports of them; for each set of classes
        """
        return tuple(
            (bits, sum(bool(bit & bits) for _, bit in self.of_port))
            for bits in range(1, 1 << len(self.classes)))

    def lot(self, state: document.State) -> Lot:
        """:returns: devices that serve these ports, in such a state; VFs of
            the physnet where it has a reserve
        """
        suits = wrong_mode = 0
        for number, (modes, lags) in enumerate(self.classes):
            if modes is not None and state.mode not in modes:
                wrong_mode |= 1 << number
            elif lags is None or state.lag in lags:
                suits |= 1 << number
        is_whole = suits + 1 == 1 << len(self.classes)
        return Lot(self, True, True, suits, wrong_mode,
                   self.count if is_whole and self.reserve is None else NEVER)


def of(demand: model.Demand) -> tuple[Ports, ...]:
    """Sort the ports of a server by physnet and class.

    :returns: in the order of the claim; empty when it requests more than such
        ports
    """
    if demand.unread or not all(map(_is_alike, demand.requests)):
        return ()
    by_physnet: dict[str | None, list[int]] = {}
    for place, request in enumerate(demand.requests):
        by_physnet.setdefault(folded(request.physnet), []).append(place)
    found = [_ports(places, demand) for places in by_physnet.values()]
    return () if any(ports is None for ports in found) else tuple(
        ports for ports in found if ports)


class Lots:
    """What the pools of any host are to a server's ports."""

    def __init__(self, ports: Sequence[Ports], spread: bool) -> None:
        self._spread = spread
        self._by_physnet = _ByPhysnet(ports)
        self.by_state = _ByState(self._by_physnet)
        self._is_picky = any(map(_is_picky, ports))
        # Devices that do not serve such ports: whether they count as VFs.
        self._others = {(one, is_vf): Lot(one, False, is_vf)
                        for one in ports for is_vf in (False, True)}

    def known(self, report: document.Report) -> document.States:
        """:returns: states of PFs whose usual pools need no closer look:
            those of VFs that no DPU manages
        """
        return {} if self._is_picky else report.states

    def of_pool(self, pool: tags.Tags, report: document.Report) -> Lot | None:
        """:returns: None for devices of other physnets
        :raises Odd: sums cannot tell
        :raises KeyError, TypeError: a pool that Nova would not make
        """
        physnet = pool.get(PHYSNET)
        ports = self._by_physnet[physnet]
        if ports is None:
            return None
        pf, kind = pool[tags.ADDRESS], pool['dev_type']
        if not (isinstance(pf, str) and pf and isinstance(kind, str)):
            raise Odd
        is_vf = kind in tags.VFS and PHYSNET in pool
        if not _serves(pool, ports):
            return self._others[ports, is_vf]
        if (not is_vf and ports.reserve is not None
                or kind not in tags.VFS and self._spread):
            raise Odd
        row = report.by_pf.get((pf, physnet))
        return self.by_state[document.state(
            physnet,
            row.mode if row and row.mode != document.UNKNOWN
            else pool.get(pools.MODE_TAG),
            row.lag if row else document.UNKNOWN)]


def _serves(pool: tags.Tags, ports: Ports) -> bool:
    """As Pool.serves, for these ports."""
    return (pool['dev_type'] not in tags.SPECIAL
            and tags.folded(pool['remote_managed']) == 'false'
            and (ports.trusted is None
                 or tags.equal(pool.get(_TRUSTED), ports.trusted)))


def _is_picky(ports: Ports) -> bool:
    """Whether it takes more than a pool's type and PF to tell what its
    devices are: a tag.
    """
    return ports.trusted is not None


class _ByPhysnet(dict[str | None, Ports | None]):
    """Physnet as a pool has it → the ports there; fills itself."""

    def __init__(self, ports: Iterable[Ports]) -> None:
        super().__init__()
        self._folded = {folded(one.physnet): one for one in ports}

    def __missing__(self, physnet: str | None) -> Ports | None:
        if physnet is not None and not isinstance(physnet, str):
            raise Odd
        found = self[physnet] = self._folded.get(folded(physnet))
        return found


class _ByState(dict[document.State, Lot | None]):
    """State of VFs → what they are to the ports, None on other physnets;
    fills itself."""

    def __init__(self, by_physnet: _ByPhysnet) -> None:
        super().__init__()
        self._by_physnet = by_physnet

    def __missing__(self, state: document.State) -> Lot | None:
        ports = self._by_physnet[state.physnet]
        found = self[state] = None if ports is None else ports.lot(state)
        return found


def order(ports: Iterable[Ports]) -> list[tuple[Ports, int, int]]:
    """:returns: the ports of a server in the order of the claim: (those of
        its physnet, its number among these from 1, its class as a bit)
    """
    found = sorted(((place, one, number, bit) for one in ports
                    for number, (place, bit) in enumerate(one.of_port, 1)),
                   key=lambda port: port[0])
    return [(one, number, bit) for _, one, number, bit in found]


def folded(physnet: str | None) -> str | None:
    """As Nova compares physnets: without case."""
    return physnet and physnet.lower()


def _is_alike(request: model.Request) -> bool:
    if (request.port is None or request.count != 1 or request.rp_uuids
            or request.bandwidth is not None or len(request.specs) != 1):
        return False
    spec = request.specs[0]
    if spec.keys() - {_TRUSTED} != _NEEDED:
        return False
    physnet = spec[PHYSNET]
    return ((physnet is None or isinstance(physnet, str) and physnet != '')
            and isinstance(spec.get(_TRUSTED, ''), str)
            and tags.folded(spec['remote_managed']) == 'false')


def _ports(places: Sequence[int], demand: model.Demand) -> Ports | None:
    """:returns: None where what they request differs in more than classes"""
    mine = [demand.requests[place] for place in places]
    spec = mine[0].specs[0]
    classes = tuple(dict.fromkeys(
        (request.modes, request.lags) for request in mine))
    if (len(classes) > _MOST_CLASSES
            or any(request.specs[0] != spec for request in mine)):
        return None
    return Ports(
        spec[PHYSNET], spec.get(_TRUSTED), classes,
        tuple((place, 1 << classes.index((request.modes, request.lags)))
              for place, request in zip(places, mine, strict=True)),
        demand.reserves.get(spec[PHYSNET]))
