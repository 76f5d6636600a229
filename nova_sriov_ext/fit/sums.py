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

"""The verdict of sums, for servers whose ports are alike (lots.py).

A host's pools are read as Nova holds them, each once, and no device is
assigned: by Hall's theorem there is an assignment exactly where, for each set
of classes of ports, enough devices suit one of them. The reason of a refusal
is the one of verdict.py, which has its words. A host that is odd in any way
is not judged here.
"""

from __future__ import annotations

from typing import Any

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import counted
from nova_sriov_ext.fit import lots
from nova_sriov_ext.fit import reasons
from nova_sriov_ext.report import document
from nova_sriov_ext.report.networks import PHYSNET


def of(demand: model.Demand) -> Sums | None:
    """:returns: None for a server that sums cannot judge"""
    found = lots.of(demand)
    return Sums(found, demand.pf_policy == model.SPREAD) if found else None


class Sums:
    """What a server requests, ready to be summed up on many hosts.

    :param ports: of each physnet
    :param spread: whether those of one are to be on different PFs

    Its methods have parameters in common: `found`, a list of dicts
    (``PciDeviceStats.pools``), and `report`, of the same host. They raise Odd,
    and AttributeError, KeyError and TypeError, when pools are not what Nova
    makes.
    """

    def __init__(self, ports: tuple[lots.Ports, ...], spread: bool) -> None:
        self._ports = ports
        self._spread = spread
        self._lots = lots.Lots(ports, spread)
        self._order = lots.order(ports)

    def reason(self, found: Any, report: document.Report) -> str | None:
        """Why a host does not fit.

        :returns: one of the constants of reasons, None for a host that fits
        """
        if not isinstance(found, list):
            raise lots.Odd
        if not found:
            return reasons.NO_PCI
        return (self._of_assignment(found, report) if report.claim
                else self._of_nova(found, report))

    def suiting(self, found: Any, report: document.Report) -> int:
        """:returns: free devices that suit a port"""
        devices = self._count(found, report).devices
        return sum(free for lot, free in devices.items() if lot.suits)

    def _of_assignment(self, found: Any,
                       report: document.Report) -> str | None:
        """Where this project's claim assigns the devices."""
        free = self._count(found, report, until_served=True)
        if free.served:
            return None
        enough = free.enough_pfs if self._spread else free.enough
        for ports in self._ports:
            if not enough(ports):
                return self._lack(free)
        return free.touched(self._ports, report)

    def _lack(self, free: counted.Counted) -> str:
        """:returns: what the first port lacks that lacks something"""
        for ports, number, bit in self._order:
            lack = free.lack(ports, number, bit)
            if lack:
                return lack
        if self._spread and any(len(free.pfs[ports]) < ports.count
                                for ports in self._ports):
            return reasons.SAME_PF
        return reasons.NO_ASSIGNMENT

    def _of_nova(self, found: Any, report: document.Report) -> str | None:
        """Where Nova's own claim takes the first devices that serve."""
        taken = self._taken(found, report)
        for ports, number, bit in self._order:
            if len(taken[ports]) < number:
                return self._count(found, report).lack(ports, number, bit)
        for ports, number, bit in self._order:
            if not taken[ports][number - 1][0].suits & bit:
                return self._count(found, report).lack(
                    ports, number, bit) or reasons.CHOICE
        if self._spread and any(len({pf for _, pf in mine}) < len(mine)
                                for mine in taken.values()):
            return reasons.SAME_PF
        if all(ports.reserve is None for ports in self._ports):
            return None
        return self._count(found, report).touched(self._ports, report)

    def _taken(self, found: Any, report: document.Report
               ) -> dict[lots.Ports, list[tuple[lots.Lot, str]]]:
        """:returns: of each physnet, the device (what it is, the PF's
            address) of each port, as far as there are any
        """
        taken: dict[lots.Ports, list[tuple[lots.Lot, str]]] = {
            ports: [] for ports in self._ports}
        missing = len(self._order)
        for pool in found:
            free = pool['count']
            lot = self._lots.of_pool(pool, report) if free else None
            if lot is None or not lot.serves:
                continue
            if type(free) is not int or free < 0:
                raise lots.Odd
            mine = taken[lot.ports]
            count = min(free, lot.ports.count - len(mine))
            mine += [(lot, pool['address'])] * count
            missing -= count
            if not missing:
                break
        return taken

    def _count(self, found: Any, report: document.Report,
               until_served: bool = False) -> counted.Counted:
        """:param until_served: stop where no more is needed to tell that
            devices can be assigned to all ports
        """
        result = counted.Counted(self._ports, self._spread)
        devices, spread = result.devices, self._spread
        states, by_state = self._lots.known(report), self._lots.by_state
        for pool in found:
            free = pool['count']
            if not free:
                continue
            # The usual pools at once, others closely.
            try:
                state = states[pool[PHYSNET]][pool['address']]
            except KeyError:
                state = None
            lot = (by_state[state] if state is not None
                   and pool['dev_type'] == 'type-VF'
                   and pool['remote_managed'] == 'false'
                   else self._lots.of_pool(pool, report))
            if lot is None:
                continue
            if type(free) is not int or free < 0:
                raise lots.Odd
            known = devices[lot] = devices.get(lot, 0) + free
            if spread and lot.suits:
                known = result.add_pf(lot, pool['address'])
            if until_served and known >= lot.enough and result.serve(lot):
                break
        return result
