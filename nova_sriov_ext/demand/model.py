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

"""What a server asks of a host, gathered once per request.

The filter gathers it from a RequestSpec, a command from ports and a flavor.
"""

import collections
import dataclasses
import functools

from nova_sriov_ext.demand import bandwidth
from nova_sriov_ext.report import states
from nova_sriov_ext.report import tags
from nova_sriov_ext.report.networks import PHYSNET

NO_PHYSNET = 'tunnelled networks'

# Extra specs of a flavor.
PF_POLICY = 'sriov:pf_policy'
LAG_POLICY = 'sriov:lag_policy'
IGNORE_RESERVE = 'sriov:ignore_reserve'

SPREAD = 'spread'
PREFER_SPREAD = 'prefer_spread'
PACK = 'pack'
PF_POLICIES = (SPREAD, PREFER_SPREAD, PACK)

IGNORE = 'ignore'
WEIGH = 'weigh'
REJECT = 'reject'
LAG_POLICIES = (IGNORE, WEIGH, REJECT)

_TIES = frozenset(('address', 'parent_ifname'))
_PLAIN_KEYS = frozenset((PHYSNET, 'remote_managed'))


@dataclasses.dataclass(frozen=True)
class Request:
    """What a port or a flavor alias asks for.

    :ivar specs: tuple of dicts of tags; a pool must have all of one
    :ivar count: devices asked
    :ivar name: for messages: ``port <id>`` or ``alias <name>``
    :ivar port: Neutron's id, None for an alias
    :ivar group: prefix of the groups in Placement's mappings, None for a
        port, which Placement does not place (Nova 2026.2)
    :ivar rp_uuids: tuple, the resource provider of each device, when
        Placement has chosen them; empty: any pool will do
    :ivar modes: frozenset of the eswitch modes that suit; None: any
    :ivar preferred: eswitch mode that comes first where it can be had; None
    :ivar lags: frozenset of the LAG states that suit; None: any
    :ivar bandwidth: the group in Placement's mappings that has the port's
        minimum bandwidth; None without one
    """

    specs: tuple
    count: int
    name: str
    port: str | None = None
    group: str | None = None
    rp_uuids: tuple = ()
    modes: frozenset | None = None
    preferred: str | None = None
    lags: frozenset | None = None
    bandwidth: str | None = None

    def placed(self, mappings):
        """:param mappings: as Demand.placed has them
        :returns: tuple, the resource provider of each device that Placement
            chose; empty where it chose none
        """
        if not self.group or not self.specs:
            return ()
        if not mappings:
            chosen = self.specs[0].get('rp_uuids')
            return tuple(chosen.split(',')) if chosen else ()
        return tuple(providers[0] for suffix, providers in mappings.items()
                     if suffix.startswith(self.group))

    @property
    def subject(self):
        """What the request is about, as an operator would say it."""
        return (self.physnet or NO_PHYSNET
                if self.has_physnet else self.name)

    @property
    def has_physnet(self):
        """Whether it asks for a physnet: ports do, aliases do not."""
        return any(PHYSNET in spec for spec in self.specs)

    @property
    def physnet(self):
        """:returns: str, None on a tunnelled network"""
        return next((spec[PHYSNET] for spec in self.specs
                     if spec.get(PHYSNET)), None)

    @property
    def is_vf(self):
        """Whether it asks for a VF of a network: a port does, unless it
        names a PF."""
        return self.has_physnet and not self._is_pf

    @property
    def is_plain_vf(self):
        """Whether any VF will do that Nova gives to a port of vnic type
        direct or macvtap: neither vDPA nor managed by a DPU."""
        return self.is_vf and not any(
            spec.get('dev_type') or tags.true(spec.get('remote_managed'))
            for spec in self.specs)

    @property
    def is_tied(self):
        """Whether its VF has to be of the PF with its minimum bandwidth
        (tie.py); a port requests neither tag by itself."""
        return self.has_physnet and not _TIES.isdisjoint(self.specs[0])

    @property
    def unit(self):
        """:returns: str, what it asks for, in the plural"""
        return ('devices' if not self.has_physnet
                else 'PFs' if self._is_pf else 'VFs')

    @property
    def _is_pf(self):
        return any(spec.get('dev_type') == tags.PF
                   for spec in self.specs)


@dataclasses.dataclass(frozen=True)
class Demand:
    """Everything that a server asks of a host.

    :ivar requests: tuple of Request, in the order of the claim
    :ivar pf_policy: one of PF_POLICIES
    :ivar lag_policy: one of LAG_POLICIES
    :ivar reserves: dict, physnet → str, number of VFs or percentage
        (``10%``) that shall stay free; empty when lifted for this server
    :ivar unread: True when Neutron did not answer and hosts shall be
        refused for it
    :ivar server: its uuid, where there are reserves
    """

    requests: tuple = ()
    pf_policy: str = PACK
    lag_policy: str = IGNORE
    reserves: dict = dataclasses.field(default_factory=dict)
    unread: bool = False
    server: str | None = None

    def on(self, servers):
        """As a host is to judge it: a move of a server on its own host takes
        VFs only until it is confirmed or reverted.

        :param servers: collection of the uuids of those that the host has
        :returns: Demand
        """
        if self.reserves and self.server in servers:
            return dataclasses.replace(self, reserves={})
        return self

    @functools.cached_property
    def has_aliases(self):
        """Whether devices are asked for beside those of ports."""
        return any(request.port is None for request in self.requests)

    @functools.cached_property
    def has_bandwidth(self):
        """Whether a port's VF has to be of the PF of its bandwidth."""
        return any(request.bandwidth for request in self.requests)

    @property
    def is_placed(self):
        """Whether it depends on what Placement chose which devices suit."""
        return self.has_aliases or self.has_bandwidth

    def placed(self, mappings):
        """With the devices that Placement chose for the aliases.

        As ``PciDeviceStats._get_rp_uuids_for_request``.

        :param mappings: dict of lists, the suffix of a request group → UUIDs
            of resource providers, of an allocation candidate
        :returns: Demand
        """
        return dataclasses.replace(self, requests=tuple(
            dataclasses.replace(request, rp_uuids=request.placed(mappings))
            for request in self.requests))

    @functools.cached_property
    def plain(self):
        """What most servers ask: some VFs of some physnets, nothing else.

        :returns: dict, physnet in lower case → VFs; None where that is not
            all there is to judge
        """
        if (self.unread or self.pf_policy == SPREAD
                or self.reserves.keys() & self.vfs.keys()):
            return None
        wanted = collections.Counter()
        for request in self.requests:
            if not _is_plain(request):
                return None
            wanted[request.physnet.lower()] += 1
        return dict(wanted)

    @functools.cached_property
    def vfs(self):
        """:returns: dict, physnet (None: tunnelled) → VFs asked by ports"""
        return dict(collections.Counter(
            request.physnet for request in self.requests if request.is_vf))


def _is_plain(request):
    if len(request.specs) != 1:
        return False
    spec = request.specs[0]
    return (spec.keys() == _PLAIN_KEYS
            and request.port is not None and request.count == 1
            and request.modes is None and request.lags is None
            and request.bandwidth is None
            and bool(spec[PHYSNET])
            and tags.folded(spec['remote_managed']) == 'false')


def request_of(request, lag_policy=None):
    """:param request: nova.objects.InstancePCIRequest
    :param lag_policy: one of model.LAG_POLICIES
    :returns: model.Request, for any eswitch mode
    """
    # Nova's own distinction (InstancePCIRequest.source).
    is_port = request.alias_name is None
    port = request.requester_id
    specs = (map(bandwidth.requested, request.spec) if is_port
             else request.spec)
    found = Request(
        specs=tuple(specs), count=request.count, port=port,
        group=None if is_port else request.request_id,
        name=(f'port {port}' if port
              else f'alias {request.alias_name}' if request.alias_name
              else 'a PCI request'))
    if found.is_vf and lag_policy == REJECT:
        return dataclasses.replace(found, lags=states.HEALTHY)
    return found
