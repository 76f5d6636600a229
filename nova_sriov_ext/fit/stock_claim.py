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

from nova_sriov_ext.fit import matching
from nova_sriov_ext.report import tags


def consume(pools, requests):
    """Take devices as ``PciDeviceStats.consume_requests`` does.

    :param pools: list of dicts, ``host_state.pci_stats.pools``
    :param requests: tuple of model.Request, in the order of the claim
    :returns: Walk
    """
    return _Consumption(pools).through(requests)


def support(pools, requests):
    """Try as ``PciDeviceStats.support_requests`` does.

    :returns: Walk
    """
    return _Support(pools).through(requests)


class Outcome:
    """Requests served one after the other.

    :ivar left: list of int, the free devices left of each pool
    :ivar taken: list of (model.Request, index of a pool, devices)
    :ivar failed: the model.Request that found too few devices, or None
    """

    def __init__(self, pools):
        self.pools = pools
        self.left = [matching.free(pool) for pool in pools]
        self.taken = []
        self.failed = None
        # Pools that are no longer in Nova's list; those that are there and
        # empty still match a request of no devices (alias "a1:0").
        self._gone = set()

    def through(self, requests):
        for request in requests:
            if not self._serve(request):
                self.failed = request
                break
        return self

    def _serve(self, request):
        found = [i for i, pool in enumerate(self.pools)
                 if i not in self._gone and matching.serves(pool, request)]
        placed = collections.Counter(request.rp_uuids)
        if placed:
            found = [i for i in found if self.left[i] >= placed[self._rp(i)]]
            if self._is_split(found):
                return False
        if not found or sum(self.left[i] for i in found) < request.count:
            return False
        left = request.count
        for i in found:
            number = placed[self._rp(i)] if placed else min(
                left, self.left[i])
            self._take(request, i, number)
            left -= number
            if not placed and not left:
                break
        return True

    def _take(self, request, i, number):
        self.left[i] -= number
        if number:
            self.taken.append((request, i, number))

    def _is_split(self, found):
        """Nova gives up where several pools are of one resource provider
        (``_assert_one_pool_per_rp_uuid``)."""
        rps = [self._rp(i) for i in found if self._rp(i) is not None]
        return len(rps) != len(set(rps))

    def _rp(self, i):
        return self.pools[i].get('rp_uuid')


class _Support(Outcome):

    def _take(self, request, i, number):
        super()._take(request, i, number)
        if not self.left[i]:
            self._gone.add(i)

    def _is_split(self, found):
        return super()._is_split(
            i for i in range(len(self.pools)) if i not in self._gone)


class _Consumption(Outcome):

    def _take(self, request, i, number):
        super()._take(request, i, number)
        if number:
            self._exclude(i)

    def _exclude(self, i):
        """A PF takes its free VFs from the pools, a VF its PF
        (``_handle_device_dependents``)."""
        others = _EXCLUDES.get(self.pools[i].get('dev_type'), ())
        address = self.pools[i].get('address')
        for j, pool in enumerate(self.pools if address else ()):
            if (pool.get('address') == address and self.left[j]
                    and pool.get('dev_type') in others):
                self.left[j] = 0
                self._gone.add(j)


_EXCLUDES = {
    tags.PF: tags.VFS,
    **dict.fromkeys(tags.VFS, frozenset((tags.PF,))),
}


def left(pools, counts):
    """What a claim leaves, however it chose.

    :param counts: dict, index of a pool → devices taken
    :returns: list of int, the free devices left of each pool
    """
    walk = _Consumption(pools)
    for i, number in counts.items():
        walk._take(None, i, number)
    return walk.left
