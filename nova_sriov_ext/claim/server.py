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

"""The server of a claim, and what its flavor and its ports request."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Sequence
import functools

from nova import context as nova_context
from nova import objects
from nova.compute import claims
from nova.compute import vm_states
import nova.conf
from nova.objects import fields
from oslo_log import log as logging

from nova_sriov_ext import conf
from nova_sriov_ext.claim import bandwidth_pf
from nova_sriov_ext.claim import port_answers
from nova_sriov_ext.demand import gather
from nova_sriov_ext.demand import model
from nova_sriov_ext.demand import port_mode
from nova_sriov_ext.fit import assigning_stats
from nova_sriov_ext.fit import pools

CONF = conf.register(nova.conf.CONF)
LOG = logging.getLogger(__name__)


class Anybody(assigning_stats.Server):
    """A server that is not known: its ports are, its flavor is not.

    :ivar requests: those that are tested or claimed
    :ivar to_come: those that are going to be claimed for it after those of a
        claim
    :ivar attaching: whether no scheduler has seen the requests
    """

    requests: Sequence[objects.InstancePCIRequest] = ()
    to_come: tuple[objects.InstancePCIRequest, ...] = ()
    attaching = False
    uuid = 'unknown'

    def tied(self, request: objects.InstancePCIRequest,
             provider_mapping: model.Mappings | None,
             host: pools.HostPools) -> objects.InstancePCIRequest:
        return bandwidth_pf.applied(request, host)

    def suited(self, request: model.Request,
               mixed: bool) -> model.Request | None:
        """Ports are looked up on hosts with VFs of both modes, and those that
        are attached."""
        if request.is_plain_vf and gather.is_offloaded(request, CONF.sriov):
            return gather.with_mode(
                request, port_mode.PLAIN, CONF.sriov)
        if not (mixed or self.attaching and request.is_plain_vf):
            return request
        mode = port_answers.mode_of(request.port, self.requests)
        return None if mode is None else gather.with_mode(
            request, mode, CONF.sriov)


class Server(Anybody):
    """:param flavor: gives the one that it claims for
    :param held: as assigning_stats.Server.held
    :param to_come: as Anybody.to_come
    :param returned: as assigning_stats.Server.returned
    :param evacuated: whether its host is down
    :param attaching: as Anybody.attaching
    """

    def __init__(self, uuid: str, flavor: Callable[[], objects.Flavor],
                 held: frozenset[tuple[str, str]] = frozenset(),
                 to_come: tuple[objects.InstancePCIRequest, ...] = (),
                 returned: Collection[pools.Pool] = (),
                 evacuated: bool = False, attaching: bool = False) -> None:
        self.uuid = uuid
        self._flavor = flavor
        self.held = held
        self.to_come = to_come
        self.returned = returned
        self.attaching = attaching
        self._lifted = evacuated and CONF.sriov.evacuation_uses_reserve

    def reserves(self, requests: Collection[model.Request]
                 ) -> dict[str | None, str]:
        """The flavor is read only where there is a reserve."""
        if self._lifted or not gather.rules_for(
                CONF.sriov.vf_reserve, requests):
            return {}
        return gather.reserves_of(self._extra_specs, requests)

    # Properties: the flavor is read where there is a choice, and no sooner.
    @property
    def pf_policy(self) -> str:  # type: ignore[override]
        """One of model.PF_POLICIES."""
        return gather.pf_policy_of(self._extra_specs)

    @property
    def lag_policy(self) -> str:  # type: ignore[override]
        """One of model.LAG_POLICIES."""
        return gather.lag_policy_of(self._extra_specs)

    @functools.cached_property
    def _extra_specs(self) -> dict[str, str]:
        try:
            return dict(self._flavor().extra_specs)
        except Exception:
            LOG.exception('The flavor of server %s cannot be read; taking '
                          'the policies of nova.conf', self.uuid)
            return {}


def flavor_in_database(context: nova_context.RequestContext,
                       uuid: str) -> objects.Flavor:
    """For a claim without a test, of a port that is attached or of a live
    migration: Nova does not hand the flavor to the tracker. Reading it is one
    more call of the conductor, beside those that Nova makes under the same
    lock."""
    return objects.Instance.get_by_uuid(
        context.elevated(), uuid, expected_attrs=['flavor']).flavor


def flavor_of(claim: claims.Claim) -> objects.Flavor:
    """The flavor that a claim is for: of a resize the new one."""
    return getattr(claim, 'flavor', None) or claim.instance.flavor


def is_unshelved(claim: claims.Claim) -> bool:
    """Whether the server had no host before, hence no devices."""
    return claim.migration is None and bool(
        claim.instance.vm_state == vm_states.SHELVED_OFFLOADED)


def is_evacuated(claim: claims.Claim) -> bool:
    return claim.migration is not None and bool(
        claim.migration.migration_type == fields.MigrationType.EVACUATION)
