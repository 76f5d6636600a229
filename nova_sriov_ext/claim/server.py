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

import functools

from nova import objects
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

    :ivar requests: list of nova.objects.InstancePCIRequest, those that are
        tested or claimed
    :ivar to_come: tuple of nova.objects.InstancePCIRequest that are going to
        be claimed for it after those of a claim
    :ivar attaching: whether no scheduler has seen the requests
    """

    requests = ()
    to_come = ()
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
        return mode and gather.with_mode(request, mode, CONF.sriov)


class Server(Anybody):
    """:param uuid: of the server
    :param flavor: function, gives the nova.objects.Flavor that it claims for
    :param held: as assigning_stats.Server.held
    :param to_come: as Anybody.to_come
    :param returned: as assigning_stats.Server.returned
    :param evacuated: whether its host is down
    :param attaching: as Anybody.attaching
    """

    def __init__(self, uuid, flavor, held=frozenset(), to_come=(),
                 returned=(), evacuated=False, attaching=False):
        self.uuid = uuid
        self._flavor = flavor
        self.held = held
        self.to_come = to_come
        self.returned = returned
        self.attaching = attaching
        self._lifted = evacuated and CONF.sriov.evacuation_uses_reserve

    def reserves(self, requests):
        """The flavor is read only where there is a reserve."""
        if self._lifted or not gather.rules_for(
                CONF.sriov.vf_reserve, requests):
            return {}
        return gather.reserves_of(self._extra_specs, requests)

    @property
    def pf_policy(self):
        """:returns: one of model.PF_POLICIES"""
        return gather.pf_policy_of(self._extra_specs)

    @property
    def lag_policy(self):
        """:returns: one of model.LAG_POLICIES"""
        return gather.lag_policy_of(self._extra_specs)

    @functools.cached_property
    def _extra_specs(self):
        try:
            return self._flavor().extra_specs
        except Exception:
            LOG.exception('The flavor of server %s cannot be read; taking '
                          'the policies of nova.conf', self.uuid)
            return {}


def flavor_in_database(context, uuid):
    """For a claim without a test, of a port that is attached or of a live
    migration: Nova does not hand the flavor to the tracker. Reading it is one
    more call of the conductor, beside those that Nova makes under the same
    lock.

    :returns: nova.objects.Flavor that the server has
    """
    return objects.Instance.get_by_uuid(
        context.elevated(), uuid, expected_attrs=['flavor']).flavor


def flavor_of(claim):
    """:param claim: nova.compute.claims.Claim
    :returns: nova.objects.Flavor that it is for: of a resize the new one
    """
    return getattr(claim, 'flavor', None) or claim.instance.flavor


def is_evacuated(claim):
    """:param claim: nova.compute.claims.Claim
    :returns: bool
    """
    return claim.migration is not None and (
        claim.migration.migration_type == fields.MigrationType.EVACUATION)
