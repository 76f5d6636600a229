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

"""What Nova's own claim does with a host's pools, on numbers alone.

The claim tests first (``PciDeviceStats.support_requests``) and then takes
(``consume_requests``), both in the order of the requests and from the first
pool that matches, and neither looks ahead (nova/pci/stats.py, 2026.2). They
differ in two ways: the test forgets a pool that it has emptied, and only the
claim knows that a PF and its VFs exclude each other.
"""

import collections
from collections.abc import Iterable
from collections.abc import Mapping

from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import pools


def consume(host: pools.HostPools,
            requests: Iterable[model.Request]) -> 'Outcome':
    """Take devices as ``PciDeviceStats.consume_requests`` does.

    :param requests: in the order of the claim
    """
    return _Consumption(host).through(requests)


def support(host: pools.HostPools,
            requests: Iterable[model.Request]) -> 'Outcome':
    """Try as ``PciDeviceStats.support_requests`` does."""
    return _Support(host).through(requests)


class Outcome:
    """Requests served one after the other.

    :ivar left: the free devices left of each pool
    :ivar taken: (request, index of a pool, devices)
    :ivar failed: the request that found too few devices, or None
    """

    def __init__(self, host: pools.HostPools) -> None:
        self.host = host
        self.left = host.free()
        self.taken: list[tuple[model.Request, int, int]] = []
        self.failed: model.Request | None = None
        # Pools that are no longer in Nova's list; those that are there and
        # empty still match a request of no devices (alias "a1:0").
        self._gone: set[int] = set()

    def through(self, requests: Iterable[model.Request]) -> 'Outcome':
        for request in requests:
            if not self._serve(request):
                self.failed = request
                break
        return self

    def take(self, index: int, count: int) -> None:
        """Take devices of a pool, for whichever request."""
        self.left[index] -= count

    def _serve(self, request: model.Request) -> bool:
        found = [i for i in self.host.serving(request) if i not in self._gone]
        placed = collections.Counter(request.rp_uuids)
        if placed:
            found = [i for i in found if self.left[i] >= self._of(placed, i)]
            if self._is_split(found):
                return False
        if not found or sum(self.left[i] for i in found) < request.count:
            return False
        missing = request.count
        for i in found:
            count = self._of(placed, i) if placed else min(
                missing, self.left[i])
            self.take(i, count)
            if count:
                self.taken.append((request, i, count))
            missing -= count
            if not placed and not missing:
                break
        return True

    def _of(self, placed: Mapping[str, int], index: int) -> int:
        """How many devices Placement chose of a pool's provider."""
        return placed.get(self.host.pools[index].provider or '', 0)

    def _is_split(self, found: Iterable[int]) -> bool:
        """Nova gives up where several pools are of one resource provider
        (``_assert_one_pool_per_rp_uuid``)."""
        providers = [provider for i in found
                     if (provider := self.host.pools[i].provider) is not None]
        return len(providers) != len(set(providers))


class _Support(Outcome):

    def take(self, index: int, count: int) -> None:
        super().take(index, count)
        if not self.left[index]:
            self._gone.add(index)

    def _is_split(self, found: Iterable[int]) -> bool:
        return super()._is_split(
            i for i in range(len(self.left)) if i not in self._gone)


class _Consumption(Outcome):

    def take(self, index: int, count: int) -> None:
        super().take(index, count)
        if count:
            self._exclude(self.host.pools[index])

    def _exclude(self, taken: pools.Pool) -> None:
        """A PF takes its free VFs from the pools, a VF its PF
        (``_handle_device_dependents``)."""
        if not taken.pf:
            return
        for i, pool in enumerate(self.host.pools):
            if (pool.pf == taken.pf and self.left[i]
                    and (taken.is_pf and pool.is_vf
                         or taken.is_vf and pool.is_pf)):
                self.left[i] = 0
                self._gone.add(i)


def left(host: pools.HostPools, counts: Mapping[int, int]) -> list[int]:
    """What a claim leaves, however it chose.

    :param counts: index of a pool → devices taken
    :returns: the free devices left of each pool
    """
    outcome = _Consumption(host)
    for index, count in counts.items():
        outcome.take(index, count)
    return outcome.left
