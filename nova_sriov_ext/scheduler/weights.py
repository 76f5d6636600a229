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

"""The scheduler's weighers: SriovCapacityWeigher and its companions.

Several, because Nova multiplies what one weigher says of the hosts by one
number, and what these say is worth different ones.
"""

from __future__ import annotations

import abc
from collections.abc import Callable
from collections.abc import Sequence
import dataclasses
from typing import TYPE_CHECKING

import nova.conf
from nova.scheduler import utils
from nova.scheduler import weights
from oslo_log import log as logging

from nova_sriov_ext import conf
from nova_sriov_ext.demand import gather
from nova_sriov_ext.demand import model
from nova_sriov_ext.fit import pools
from nova_sriov_ext.fit import verdict
from nova_sriov_ext.report import document
from nova_sriov_ext.report import states
from nova_sriov_ext.scheduler import host_pools
from nova_sriov_ext.scheduler import host_sums

if TYPE_CHECKING:
    from nova import objects
    from nova.scheduler import host_manager

CONF = conf.register(nova.conf.CONF)
LOG = logging.getLogger(__name__)

# A host weighs one less for each set of LAG states that it has not enough of.
_BETTER_LAGS = (states.HEALTHY, states.HEALTHY | {'degraded'})

# Nova's handler makes floats of the weights: a number that no float can hold
# would raise there.
_MANY = 1 << 32


# What a host weighs.
_Weighing = Callable[['host_manager.HostState'], int]


def all_weighers() -> list[type[_Weigher]]:
    """For ``[filter_scheduler] weight_classes``, beside Nova's function of
    the same name."""
    return [SriovCapacityWeigher, SriovAvoidanceWeigher, SriovLagWeigher,
            SriovModeWeigher]


class _Weigher(weights.BaseHostWeigher, abc.ABC):
    """What the weighers share.

    They never raise: an exception in a weigher fails every request of the
    cloud. A host that cannot be judged weighs 0.
    """

    # Name of the option in [sriov]; an aggregate's key is sriov_<name>.
    MULTIPLIER: str

    def weight_multiplier(self, host_state: host_manager.HostState) -> float:
        """As those of Nova's weighers.

        :returns: of the host's aggregates or else of nova.conf
        """
        multiplier: float = utils.get_weight_multiplier(
            host_state, f'sriov_{self.MULTIPLIER}',
            CONF.sriov[self.MULTIPLIER])
        return multiplier

    def weigh_objects(self, weighed_obj_list: Sequence[weights.WeighedHost],
                      weight_properties: objects.RequestSpec) -> list[int]:
        """Weigh all hosts of a request.

        :returns: higher wins where the multiplier is positive
        """
        try:
            weigh = self._weighing(gather.of_spec(weight_properties))
        except Exception:
            LOG.exception('What %s requests could not be read; all hosts '
                          'weigh the same', weight_properties)
            return [0] * len(weighed_obj_list)
        return [self._weigh_object(weighed.obj, weigh) if weigh else 0
                for weighed in weighed_obj_list]

    def _weigh_object(self, host_state: host_manager.HostState,
                      weigh: _Weighing) -> int:
        try:
            return weigh(host_state)
        except Exception:
            LOG.exception('Host %s cannot be weighed', host_state)
            return 0

    @abc.abstractmethod
    def _weighing(self, demand: model.Demand) -> _Weighing | None:
        """:returns: for one server; None: all hosts weigh 0"""


class SriovCapacityWeigher(_Weigher):
    """Free devices that suit one of the server's requests."""

    MULTIPLIER = 'capacity_weight_multiplier'

    def _weighing(self, demand: model.Demand) -> _Weighing | None:
        server = _Server(demand)
        return ((lambda host_state: min(_MANY, server.suiting(host_state)))
                if demand.requests else None)


class SriovAvoidanceWeigher(_Weigher):
    """Free devices, for servers that request none: the more, the worse."""

    MULTIPLIER = 'avoidance_weight_multiplier'

    def _weighing(self, demand: model.Demand) -> _Weighing | None:
        return None if demand.requests else _devices


class SriovLagWeigher(_Weigher):
    """Whether the VFs would come from a PF whose LAG is unhealthy."""

    MULTIPLIER = 'lag_weight_multiplier'

    def _weighing(self, demand: model.Demand) -> _Weighing | None:
        if demand.lag_policy != model.WEIGH:
            return None
        servers = [_Server(_only_from(demand, lags)) for lags in _BETTER_LAGS]

        def weigh(host_state: host_manager.HostState) -> int:
            if all(row.lag in states.HEALTHY
                   for row in document.of_host(host_state).rows):
                return 0
            return -sum(not server.fits(host_state) for server in servers)

        return weigh


class SriovModeWeigher(_Weigher):
    """Whether released ports would get VFs of the mode that they had last."""

    MULTIPLIER = 'mode_weight_multiplier'

    def _weighing(self, demand: model.Demand) -> _Weighing | None:
        server = _Server(_as_preferred(demand))
        return ((lambda host_state: -(not server.fits(host_state)))
                if any(request.preferred for request in demand.requests)
                else None)


class _Server:
    """What hosts are weighed by: by sums where these can tell."""

    def __init__(self, demand: model.Demand) -> None:
        self._demand = demand
        self._sums = host_sums.HostSums(demand)

    def suiting(self, host_state: host_manager.HostState) -> int:
        """:returns: free devices that suit one of the requests"""
        try:
            return self._sums.suiting(host_state)
        except Exception:
            return sum(
                pool.free for pool in host_pools.of_host(host_state).pools
                if any(map(pool.suits, self._demand.requests)))

    def fits(self, host_state: host_manager.HostState) -> bool:
        """Whether the host has what is requested."""
        try:
            return self._sums.reason(host_state) is None
        except Exception:
            return verdict.refusal(
                host_pools.of_host(host_state),
                self._demand.on(host_state.instances)) is None


def _devices(host_state: host_manager.HostState) -> int:
    return (-min(_MANY, pools.count_free(host_state.pci_stats.pools))
            if host_state.pci_stats else 0)


def _only_from(demand: model.Demand, lags: frozenset[str]) -> model.Demand:
    """:returns: the demand with VFs of no other LAG state"""
    return dataclasses.replace(demand, requests=tuple(
        dataclasses.replace(request, lags=lags) if request.is_vf else request
        for request in demand.requests))


def _as_preferred(demand: model.Demand) -> model.Demand:
    """:returns: the demand whose preferences are requests"""
    return dataclasses.replace(demand, requests=tuple(
        dataclasses.replace(request, modes=frozenset((request.preferred,)))
        if request.preferred else request for request in demand.requests))
