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
"""What sums tell of nova-scheduler's hosts, without parsing them.

Nova makes its records of hosts anew for each request: to parse one costs more
than to judge it, where sums decide.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import lots
from nova_sriov_ext.fit import pools
from nova_sriov_ext.fit import sums
from nova_sriov_ext.report import document

if TYPE_CHECKING:
    from nova.scheduler import host_manager


class HostSums:
    """A server's requests, ready to be judged on many hosts.

    Its methods raise lots.Odd where only a search can tell, and
    AttributeError, KeyError and TypeError for records that Nova would not
    make.
    """

    def __init__(self, demand: model.Demand) -> None:
        self._demand = demand
        self._sums = sums.of(demand)
        self._unreserved = (
            sums.of(dataclasses.replace(demand, reserves={}))
            if demand.reserves else self._sums)

    def reason(self, host_state: host_manager.HostState) -> str | None:
        """Why a host does not fit.

        :returns: one of the constants of reasons, None for a host that fits
        """
        demand, found = self._demand, host_state.pci_stats.pools
        if demand.plain is not None and pools.serves_plain(
                found, demand.plain):
            return None
        mine = (self._unreserved if demand.reserves
                and demand.on(host_state.instances) is not demand
                else self._sums)
        if mine is None:
            raise lots.Odd
        return mine.reason(found, document.of_host(host_state))

    def suiting(self, host_state: host_manager.HostState) -> int:
        """:returns: free devices that suit one of the requests"""
        if self._sums is None:
            raise lots.Odd
        return self._sums.suiting(
            host_state.pci_stats.pools, document.of_host(host_state))
