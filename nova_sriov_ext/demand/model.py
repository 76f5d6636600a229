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

"""What a server requests of a host, gathered once per request.

The filter gathers it from a RequestSpec, a command from ports and a flavor.
"""

from __future__ import annotations

import collections
from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import functools
from typing import TYPE_CHECKING

from nova_sriov_ext.demand import bandwidth
from nova_sriov_ext.report import states
from nova_sriov_ext.report import tags
from nova_sriov_ext.report.networks import PHYSNET

if TYPE_CHECKING:
    from nova import objects

# The suffix of a request group → UUIDs of resource providers, as an
# allocation candidate of Placement maps them.
Mappings = Mapping[str, Sequence[str]]

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

_TIES = frozenset((tags.ADDRESS, tags.NETDEV))
_PLAIN_KEYS = frozenset((PHYSNET, 'remote_managed'))


@dataclasses.dataclass(frozen=True)
class Request:
    """What a port or a flavor alias requests.

    :ivar specs: a pool must have all tags of one
    :ivar count: devices
    :ivar name: for messages: ``port <id>`` or ``alias <name>``
    :ivar port: Neutron's id, None for an alias
    :ivar group: prefix of the groups in Placement's mappings, None for a
        port, which Placement does not place (Nova 2026.2)
    :ivar rp_uuids: the resource provider of each device, when Placement has
        chosen them; empty: any pool will do
    :ivar modes: the eswitch modes that suit; None: any
    :ivar preferred: eswitch mode that comes first where it can be had
    :ivar lags: the LAG states that suit; None: any
    :ivar bandwidth: the group in Placement's mappings that has the port's
        minimum bandwidth; None without one
    """

    specs: tuple[tags.Tags, ...]
    count: int
    name: str
    port: str | None = None
    group: str | None = None
    rp_uuids: tuple[str, ...] = ()
    modes: frozenset[str] | None = None
    preferred: str | None = None
    lags: frozenset[str] | None = None
    bandwidth: str | None = None

    def placed(self, mappings: Mappings | None) -> tuple[str, ...]:
        """:returns: the resource provider of each device that Placement
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
    def subject(self) -> str:
        """What the request is about, as an operator would say it."""
        return (self.physnet or NO_PHYSNET
                if self.has_physnet else self.name)

    @property
    def has_physnet(self) -> bool:
        """Whether it requests a physnet: ports do, aliases do not."""
        return any(PHYSNET in spec for spec in self.specs)

    @property
    def physnet(self) -> str | None:
        """None on a tunnelled network."""
        return next((spec[PHYSNET] for spec in self.specs
                     if spec.get(PHYSNET)), None)

    @property
    def is_vf(self) -> bool:
        """Whether it requests a VF of a network: a port does, unless it
        names a PF."""
        return self.has_physnet and not self._is_pf

    @property
    def is_plain_vf(self) -> bool:
        """Whether any VF will do that Nova gives to a port of vnic type
        direct or macvtap: neither vDPA nor managed by a DPU."""
        return self.is_vf and not any(
            spec.get('dev_type') or tags.true(spec.get('remote_managed'))
            for spec in self.specs)

    @property
    def is_tied(self) -> bool:
        """Whether its VF has to be of the PF with its minimum bandwidth
        (tie.py); a port requests neither tag by itself."""
        return self.has_physnet and not _TIES.isdisjoint(self.specs[0])

    @property
    def unit(self) -> str:
        """What it requests, in the plural."""
        return ('devices' if not self.has_physnet
                else 'PFs' if self._is_pf else 'VFs')

    @property
    def _is_pf(self) -> bool:
        return any(spec.get('dev_type') == tags.PF
                   for spec in self.specs)


@dataclasses.dataclass(frozen=True)
class Demand:
    """Everything that a server requests of a host.

    :ivar requests: in the order of the claim
    :ivar pf_policy: one of PF_POLICIES
    :ivar lag_policy: one of LAG_POLICIES
    :ivar reserves: physnet (None: tunnelled) → number of VFs or percentage
        (``10%``) that must stay free; empty when lifted for this server
    :ivar unread: when Neutron did not answer and hosts are refused for
        it
    :ivar server: its uuid, where there are reserves
    """

    requests: tuple[Request, ...] = ()
    pf_policy: str = PACK
    lag_policy: str = IGNORE
    reserves: dict[str | None, str] = dataclasses.field(default_factory=dict)
    unread: bool = False
    server: str | None = None

    def on(self, servers: Collection[str]) -> Demand:
        """As a host is to judge it: a move of a server on its own host takes
        VFs only until it is confirmed or reverted.

        :param servers: uuids of those that the host has
        """
        if self.reserves and self.server in servers:
            return dataclasses.replace(self, reserves={})
        return self

    @functools.cached_property
    def has_aliases(self) -> bool:
        """Whether devices are requested beside those of ports."""
        return any(request.port is None for request in self.requests)

    @functools.cached_property
    def has_bandwidth(self) -> bool:
        """Whether a port's VF has to be of the PF of its bandwidth."""
        return any(request.bandwidth for request in self.requests)

    @property
    def is_placed(self) -> bool:
        """Whether the devices that suit depend on Placement's choice."""
        return self.has_aliases or self.has_bandwidth

    def placed(self, mappings: Mappings | None) -> Demand:
        """With the devices that Placement chose for the aliases.

        As ``PciDeviceStats._get_rp_uuids_for_request``.
        """
        return dataclasses.replace(self, requests=tuple(
            dataclasses.replace(request, rp_uuids=request.placed(mappings))
            for request in self.requests))

    @functools.cached_property
    def plain(self) -> dict[str, int] | None:
        """What most servers request: some VFs of some physnets, nothing
        else.

        :returns: physnet in lower case → VFs; None where that is not all
            there is to judge
        """
        if (self.unread or self.pf_policy == SPREAD
                or self.reserves.keys() & self.vfs.keys()):
            return None
        wanted = collections.Counter[str]()
        for request in self.requests:
            physnet = request.physnet
            if physnet is None or not _is_plain(request):
                return None
            wanted[physnet.lower()] += 1
        return dict(wanted)

    @functools.cached_property
    def vfs(self) -> dict[str | None, int]:
        """:returns: physnet (None: tunnelled) → VFs that ports request"""
        return dict(collections.Counter(
            request.physnet for request in self.requests if request.is_vf))


def _is_plain(request: Request) -> bool:
    if len(request.specs) != 1:
        return False
    spec = request.specs[0]
    return (spec.keys() == _PLAIN_KEYS
            and request.port is not None and request.count == 1
            and request.modes is None and request.lags is None
            and request.bandwidth is None
            and tags.folded(spec['remote_managed']) == 'false')


def request_of(request: objects.InstancePCIRequest,
               lag_policy: str | None = None) -> Request:
    """:param lag_policy: one of LAG_POLICIES
    :returns: for any eswitch mode
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
