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


"""How many servers each host has CPUs, memory and disk for, in Placement.

Placement's allocation candidates come with what each provider has and what of
it is used, so one query serves for all hosts. Another says on which of them
one server fits in every respect (max_unit, traits).
"""

from __future__ import annotations

import collections
from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
import dataclasses
import functools
from typing import Any
from urllib import parse

from nova import exception
from nova import objects
from nova.scheduler import utils

from nova_sriov_ext.cmd import server_request
from nova_sriov_ext.fit import bounds
from nova_sriov_ext.placement import api

# Nova's own for candidates (SAME_SUBTREE_VERSION).
VERSION = '1.36'


@dataclasses.dataclass(frozen=True)
class Room:
    """:ivar bounds: of the resources of a host
    :ivar why: why it has no room for one server, where no bound says so
    """

    bounds: tuple[bounds.Bound, ...] = ()
    why: str | None = None

    @property
    def servers(self) -> int:
        return 0 if self.why else min(
            bound.servers for bound in self.bounds)


class Rooms:
    """Of all hosts, for one more server.

    :param placement: to read from
    :param spec: of the server
    :raises server_request.Unanswerable: where Nova would not request it
    :raises api.PlacementError: as its methods do
    """

    def __init__(self, placement: api.Api,
                 spec: objects.RequestSpec) -> None:
        self._api = placement
        try:
            request = utils.ResourceRequest.from_request_spec(spec)
        except (exception.NovaException, ValueError) as e:
            raise server_request.Unanswerable(
                f'The API would refuse the flavor: {e}') from None
        self._amounts: dict[str, int] = request.merged_resources()
        if not self._amounts:
            raise server_request.Unanswerable(
                'The flavor requests no CPU, memory or disk of Placement, so '
                'nothing says how many there can be.')
        self._query = dict(parse.parse_qsl(request.to_querystring()))
        self._query.pop('limit', None)
        # Of what a host is least likely to be short of; no less than a server
        # takes, because of min_unit and step_size.
        self._first = max(self._query.get('resources', '').split(','),
                          key=lambda text: (text.startswith('MEMORY_MB'), text)
                          ) or f'{max(self._amounts)}:1'
        self._summaries = self._candidates({'resources': self._first})[
            'provider_summaries']
        self._trees = collections.defaultdict[str, list[Any]](list)
        for one in self._summaries.values():
            self._trees[one['root_provider_uuid']].append(one)
        self._alone = self._on_their_own()

    def of(self, host: str, vfs: Mapping[str, int]) -> Room:
        """:param host: uuid of its provider
        :param vfs: resource class → VFs that are claimed for each server
        """
        more = [bounds.Bound(name, _free(self._summaries[host], name), count)
                for name, count in vfs.items() if host in self._summaries]
        if host in self._alone:
            return Room((*self._sums([self._summaries[host]]), *more))
        mine = self._trees.get(host)
        if mine is None:
            name, _, each = self._first.partition(':')
            return Room(why=f'{name}: not {each} free')
        found = tuple(self._sums(mine))
        short = tuple(bound for bound in found if not bound.servers)
        has = {name for one in mine for name in one['resources']}
        # What a host has nothing of, shared storage may give.
        if short and has.issuperset(bound.name for bound in short):
            return Room(short)
        if host in self._givers:
            return Room((*self._of_givers(host), *more))
        return Room(short) if short else Room(found, self._unmet(host, mine))

    def _candidates(self, query: Mapping[str, str]) -> Any:
        return self._api.get(
            f'/allocation_candidates?{parse.urlencode(query)}', VERSION)

    def _on_their_own(self) -> set[str]:
        """Roots that have all that one server needs; nearly every host."""
        if self._query.keys() - {'resources', 'required'}:
            return set()
        found = self._api.get(
            f'/resource_providers?{parse.urlencode(self._query)}')
        return {one['uuid'] for one in found['resource_providers']
                if one['uuid'] in self._summaries}

    @functools.cached_property
    def _givers(self) -> dict[str, dict[str, dict[str, int]]]:
        """Root provider → resource class → who gives it, in its tree or
        beside it as shared storage does → how much of it is free."""
        answer = self._candidates(self._query)
        summaries = answer['provider_summaries']
        found: dict[str, dict[str, dict[str, int]]] = collections.defaultdict(
            lambda: collections.defaultdict(dict))
        for candidate in answer['allocation_requests']:
            allocations = candidate['allocations'].items()
            for root in {summaries[giver]['root_provider_uuid']
                         for giver, _ in allocations}:
                for giver, allocation in allocations:
                    for name in allocation['resources']:
                        found[root][name][giver] = _free(
                            summaries[giver], name)
        return dict(found)

    def _sums(self, tree: Collection[Any]) -> Iterator[bounds.Bound]:
        for name, each in sorted(self._amounts.items(), reverse=True):
            yield bounds.Bound(
                name, sum(_free(one, name) for one in tree), each)

    def _of_givers(self, host: str) -> Iterator[bounds.Bound]:
        for name, each in sorted(self._amounts.items(), reverse=True):
            free = self._givers[host][name].values()
            # What a server takes, it takes of one provider.
            yield bounds.Bound(name, sum(free) if len(free) == 1 else sum(
                one - one % each for one in free), each)

    def _unmet(self, host: str, tree: Collection[Any]) -> str:
        """Why enough is not good."""
        has = {trait for one in tree for trait in one['traits']}
        for trait in filter(None, self._query.get(
                'required', '').split(',')):
            name = trait.removeprefix('!')
            if (name in has) is (name != trait):
                return (f'it has the forbidden trait {name}'
                        if name in has else f'it lacks the trait {name}')
        for name, each in self._amounts.items():
            if host not in self._able[name]:
                return (f'{name}: it does not give {each} to one server '
                        '(min_unit, max_unit or step_size)')
        return 'Placement has no allocation candidate there'

    @functools.cached_property
    def _able(self) -> dict[str, set[str]]:
        """Resource → root providers of those that give a server enough."""
        answers = {name: self._api.get(
                       f'/resource_providers?resources={name}:{each}')
                   for name, each in self._amounts.items()}
        return {name: {one['root_provider_uuid']
                       for one in answer['resource_providers']}
                for name, answer in answers.items()}


def _free(summary: Any, name: str) -> int:
    """:returns: 0 where the provider has none of the resource"""
    resource = summary['resources'].get(name)
    return max(0, resource['capacity'] - resource['used']) if resource else 0
