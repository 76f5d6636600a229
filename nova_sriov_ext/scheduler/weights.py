"""The scheduler's weighers: SriovCapacityWeigher and its companions.

Three, because Nova multiplies what one weigher says of the hosts by one
number, and what these three say is worth different ones.
"""

import nova.conf
from nova.scheduler import utils
from nova.scheduler import weights
from oslo_log import log as logging

from nova_sriov_ext import conf
from nova_sriov_ext import report
from nova_sriov_ext.scheduler import matching

CONF = conf.register(nova.conf.CONF)
LOG = logging.getLogger(__name__)

_PHYSNET = 'physical_network'
_VF = 'type-VF'

# The worse, the lower; any other state is as good as no LAG.
_LAG_WEIGHTS = {'degraded': -1, 'inactive': -2}

# Nova's handler makes floats of the weights: a number that no float can hold
# would raise there.
_MANY = 1 << 32


def all_weighers():
    """For ``[filter_scheduler] weight_classes``, beside Nova's function of
    the same name.

    :returns: list of classes
    """
    return [SriovCapacityWeigher, SriovAvoidanceWeigher, SriovLagWeigher]


class _Weigher(weights.BaseHostWeigher):
    """What the weighers share: where the multiplier stands, no exceptions.

    An exception in a weigher fails every request of the cloud. A host that
    cannot be judged weighs 0.
    """

    # Name of the option in [sriov], and of the key of an aggregate.
    MULTIPLIER = None

    def weight_multiplier(self, host_state):
        """As those of Nova's weighers.

        :param host_state: nova HostState
        :returns: float, of the host's aggregates or else of nova.conf
        """
        return utils.get_weight_multiplier(
            host_state, self.MULTIPLIER, CONF.sriov[self.MULTIPLIER])

    def _weigh_object(self, host_state, spec_obj):
        """:param host_state: nova HostState
        :param spec_obj: nova.objects.RequestSpec
        :returns: int, higher wins where the multiplier is positive
        """
        try:
            return self._weigh(host_state, spec_obj)
        except Exception:
            LOG.exception('Host %s could not be weighed', host_state)
            return 0


class SriovCapacityWeigher(_Weigher):
    """Free devices on the physnets of the server's ports."""

    MULTIPLIER = 'vf_weight_multiplier'

    def _weigh(self, host_state, spec_obj):
        return _sum(_asked_for(host_state, spec_obj))


class SriovAvoidanceWeigher(_Weigher):
    """Free PCI devices, for servers that ask for none."""

    MULTIPLIER = 'pci_avoidance_weight_multiplier'

    def _weigh(self, host_state, spec_obj):
        return 0 if _requests(spec_obj) else -_sum(_pools(host_state))


class SriovLagWeigher(_Weigher):
    """The worst VF-LAG that a VF of the server may come from."""

    MULTIPLIER = 'lag_weight_multiplier'

    def _weigh(self, host_state, spec_obj):
        rows = report.read(getattr(host_state, 'stats', None)).by_pf
        return min((_lag_weight(rows, pool)
                    for pool in _asked_for(host_state, spec_obj)
                    if matching.free(pool)), default=0)


def _lag_weight(rows, pool):
    row = rows.get((pool.get('address'), pool.get(_PHYSNET)))
    return _LAG_WEIGHTS.get(row.lag, 0) if row else 0


def _requests(spec_obj):
    """:returns: list of nova.objects.InstancePCIRequest"""
    pci = spec_obj.pci_requests if 'pci_requests' in spec_obj else None
    return pci.requests if pci else []


def _asked_for(host_state, spec_obj):
    """The host's pools of the type and physnet of one of the ports; not all
    that is there may serve the port, which is the filter's to say.

    :returns: list of dicts
    """
    asked = {(matching.folded(spec[_PHYSNET]), spec.get('dev_type', _VF))
             for request in _requests(spec_obj)
             # Ports only: the aliases of a flavor name no physnet.
             for spec in request.spec if _PHYSNET in spec}
    return [pool for pool in _pools(host_state)
            if (matching.folded(pool.get(_PHYSNET)),
                pool.get('dev_type')) in asked]


def _pools(host_state):
    return [pool for pool in (host_state.pci_stats.pools or ())
            if isinstance(pool, dict)] if host_state.pci_stats else []


def _sum(pools):
    return min(sum(map(matching.free, pools)), _MANY)
