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

"""The pools of nova-scheduler's hosts, parsed once per update of a host.

Nova makes its records of hosts anew for each request, and filters and weighs
each of them several times; when it has chosen a host, it counts down in the
pools of its record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
import weakref

from nova_sriov_ext.fit import pools
from nova_sriov_ext.report import document

if TYPE_CHECKING:
    from nova.scheduler import host_manager

_parsed: weakref.WeakKeyDictionary[
    host_manager.HostState, pools.HostPools] = weakref.WeakKeyDictionary()


def of_host(host_state: host_manager.HostState) -> pools.HostPools:
    """What a host has now; empty where it has never reported devices."""
    return of_pools(host_state, host_state.pci_stats.pools
                    if host_state.pci_stats else None)


def of_pools(host_state: host_manager.HostState,
             found: object) -> pools.HostPools:
    """:param found: as HostPools.of has it, of this host"""
    report = document.of_host(host_state)
    known = _parsed.get(host_state)
    if known is None or not known.is_of(found, report):
        known = _parsed[host_state] = pools.HostPools.of(found, report)
    return known
