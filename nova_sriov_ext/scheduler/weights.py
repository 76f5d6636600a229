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

import dataclasses

import nova.conf
from nova.scheduler import utils
from nova.scheduler import weights
from oslo_log import log as logging

from nova_sriov_ext import conf
from nova_sriov_ext.demand import gather
from nova_sriov_ext.demand.model import WEIGH
from nova_sriov_ext.fit import matching
from nova_sriov_ext.fit import suitability
from nova_sriov_ext.fit import verdict
from nova_sriov_ext.report import document
from nova_sriov_ext.report import states

CONF = conf.register(nova.conf.CONF)
LOG = logging.getLogger(__name__)

# A host weighs one less for each set of LAG states that it has not enough of.
_BETTER_LAGS = (states.HEALTHY, states.HEALTHY | {'degraded'})

# Nova's handler makes floats of the weights: a number that no float can hold
# would raise there.
_MANY = 1 << 32


def all_weighers():
    """For ``[filter_scheduler] weight_classes``, beside Nova's function of
    the same name.

    :returns: list of classes
    """
    return [SriovCapacityWeigher, SriovAvoidanceWeigher, SriovLagWeigher,
            SriovModeWeigher]


class _Weigher(weights.BaseHostWeigher):
    """What the weighers share.

    They never raise: an exception in a weigher fails every request of the
    cloud. A host that cannot be judged weighs 0.
    """

    # Name of the option in [sriov]; an aggregate's key is sriov_<name>.
    MULTIPLIER = None

    def weight_multiplier(self, host_state):
        """As those of Nova's weighers.

        :param host_state: nova HostState
        :returns: float, of the host's aggregates or else of nova.conf
        """
        return utils.get_weight_multiplier(
            host_state, f'sriov_{self.MULTIPLIER}',
            CONF.sriov[self.MULTIPLIER])

    def weigh_objects(self, weighed_obj_list, weight_properties):
        """Weigh all hosts of a request.

        :param weighed_obj_list: list of WeighedHost
        :param weight_properties: nova.objects.RequestSpec
        :returns: list of int, higher wins where the multiplier is positive
        """
        try:
            demand = gather.of_spec(weight_properties)
        except Exception:
            LOG.exception('What %s asks could not be read; all hosts weigh '
                          'the same', weight_properties)
            return [0] * len(weighed_obj_list)
        return [self._weigh_object(weighed.obj, demand)
                for weighed in weighed_obj_list]

    def _weigh_object(self, host_state, demand):
        for pools in (_pools, _sound_pools):
            try:
                return self._weigh(host_state, pools(host_state), demand)
            except Exception:
                LOG.debug('Host %s has pools that Nova would not make',
                          host_state, exc_info=True)
        LOG.error('Host %s cannot be weighed', host_state)
        return 0


class SriovCapacityWeigher(_Weigher):
    """Free devices that suit one of the server's requests."""

    MULTIPLIER = 'capacity_weight_multiplier'

    def _weigh(self, host_state, pools, demand):
        told = document.of_host(host_state)
        return _free(pool for pool in pools if any(
            matching.serves(pool, request)
            and not suitability.unsuitable_because(pool, request, told)
            for request in demand.requests))


class SriovAvoidanceWeigher(_Weigher):
    """Free devices, for servers that ask for none: the more, the worse."""

    MULTIPLIER = 'avoidance_weight_multiplier'

    def _weigh(self, host_state, pools, demand):
        return 0 if demand.requests else -_free(pools)


class SriovLagWeigher(_Weigher):
    """Whether the VFs would come from a PF whose LAG is unhealthy."""

    MULTIPLIER = 'lag_weight_multiplier'

    def _weigh(self, host_state, pools, demand):
        told = document.of_host(host_state)
        if demand.lag_policy != WEIGH or all(
                row.lag in states.HEALTHY for row in told.rows):
            return 0
        return -sum(
            verdict.refusal(pools, told, _only_from(demand, lags)) is not None
            for lags in _BETTER_LAGS)


class SriovModeWeigher(_Weigher):
    """Whether released ports would get VFs of the mode that they had last."""

    MULTIPLIER = 'mode_weight_multiplier'

    def _weigh(self, host_state, pools, demand):
        if not any(request.preferred for request in demand.requests):
            return 0
        told = document.of_host(host_state)
        return -(verdict.refusal(pools, told,
                                 _as_preferred(demand)) is not None)


def _only_from(demand, lags):
    """:returns: the demand with VFs of no other LAG state"""
    return dataclasses.replace(demand, requests=tuple(
        dataclasses.replace(request, lags=lags) if request.is_vf else request
        for request in demand.requests))


def _as_preferred(demand):
    """:returns: the demand whose preferences are requests"""
    return dataclasses.replace(demand, requests=tuple(
        dataclasses.replace(request, modes=frozenset((request.preferred,)))
        if request.preferred else request for request in demand.requests))


def _pools(host_state):
    return host_state.pci_stats.pools if host_state.pci_stats else []


def _sound_pools(host_state):
    return matching.sound(_pools(host_state))


def _free(pools):
    return min(sum(map(matching.free, pools)), _MANY)
