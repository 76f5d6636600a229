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

"""What a host has free for ports, in numbers, and what these lack."""

from __future__ import annotations

from collections.abc import Iterable

from nova_sriov_ext.fit import lots
from nova_sriov_ext.fit import reasons
from nova_sriov_ext.fit import reserve
from nova_sriov_ext.report import document


class Counted:
    """What a host has free for ports.

    :ivar devices: by what they are
    :ivar pfs: where ports are spread, of each physnet: a PF's address → bits
        of the classes that its devices suit, where they suit any
    :ivar served: whether it is known already that all ports are served
    """

    __slots__ = ('devices', 'pfs', 'served', '_waiting')

    def __init__(self, ports: tuple[lots.Ports, ...], spread: bool) -> None:
        self.devices: dict[lots.Lot, int] = {}
        self.pfs: dict[lots.Ports, dict[str, int]] = (
            {one: {} for one in ports} if spread else {})
        self.served = False
        self._waiting = ports

    def add_pf(self, lot: lots.Lot, pf: str) -> int:
        """:returns: PFs by now that suit all ports of the physnet; 0 where
            it has several classes
        """
        pfs = self.pfs[lot.ports]
        pfs[pf] = pfs.get(pf, 0) | lot.suits
        return len(pfs) if len(lot.ports.classes) == 1 else 0

    def serve(self, lot: lots.Lot) -> bool:
        """There is enough of a lot for all ports of its physnet.

        :returns: whether there is of all
        """
        self._waiting = tuple(ports for ports in self._waiting
                              if ports is not lot.ports)
        self.served = not self._waiting
        return self.served

    def enough(self, ports: lots.Ports) -> bool:
        """Whether each port can have a device of its own."""
        for bits, count in ports.needs:
            if self._suiting(ports, bits) < count:
                return False
        return True

    def enough_pfs(self, ports: lots.Ports) -> bool:
        """Whether each port can have a PF of its own."""
        found = self.pfs[ports].values()
        return all(sum(bool(suits & bits) for suits in found) >= count
                   for bits, count in ports.needs)

    def lack(self, ports: lots.Ports, number: int, bit: int) -> str | None:
        """As shortage.by_count.

        :param number: of a port among the others of its physnet, from 1
        :param bit: its class
        """
        if self._suiting(ports, bit) >= number:
            return None
        mine = [lot for lot in self.devices if lot.ports is ports]
        serving = sum([self.devices[lot] for lot in mine if lot.serves])
        if not serving:
            return reasons.NO_MATCH if mine else reasons.NO_FREE
        if serving < number:
            return reasons.TOO_FEW
        return (reasons.MODE if any(lot.wrong_mode & bit for lot in mine)
                else reasons.LAG)

    def touched(self, some: Iterable[lots.Ports],
                report: document.Report) -> str | None:
        """As reserve.touched, when each port has a VF."""
        for ports in some:
            if ports.reserve is not None:
                vfs = sum([free for lot, free in self.devices.items()
                           if lot.ports is ports and lot.is_vf])
                if vfs - ports.count < reserve.kept(
                        ports.reserve, report.total(ports.physnet)):
                    return reasons.RESERVED
        return None

    def _suiting(self, ports: lots.Ports, bits: int) -> int:
        number = 0
        for lot, free in self.devices.items():
            if lot.ports is ports and lot.suits & bits:
                number += free
        return number
