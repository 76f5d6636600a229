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

"""Takes the VFs of a host out of Placement.

Nova's own driver writes an inventory without them at its start; Placement
refuses that while any is allocated, and nova-compute gives up.
"""

from collections.abc import Iterable
import dataclasses
from typing import TypedDict

import requests

from nova_sriov_ext.placement import allocations
from nova_sriov_ext.placement import api
from nova_sriov_ext.placement import names
from nova_sriov_ext.placement import traits

# A server may be booted or moved meanwhile; each time all is read afresh.
_ATTEMPTS = 10

_CONFLICT = 409


@dataclasses.dataclass(frozen=True)
class Found:
    """A resource class, or a trait, that there is to remove from one host.

    :ivar consumers: how many servers and migrations have VFs of it
    :ivar vfs: how many VFs are allocated to them
    """

    name: str
    consumers: int = 0
    vfs: int = 0


class _Traits(TypedDict):
    """The traits of a provider, as Placement gives and takes them."""

    traits: list[str]
    resource_provider_generation: int


class Purge:
    """:param provider: uuid
    :param more_traits: names of traits to remove beside those that are known
        to be of this project
    """

    def __init__(self, placement: api.Api, provider: str,
                 more_traits: Iterable[str] = ()) -> None:
        self._api = placement
        self._uuid = provider
        self._more_traits = frozenset(more_traits)
        self._url = f'/resource_providers/{provider}'

    def find(self) -> list[Found]:
        """:raises api.PlacementError: Placement does not answer"""
        allocated = self._allocated().values()
        more = self._more_traits & set(self._traits()['traits'])
        return [*(Found(name, sum(name in a for a in allocated),
                        sum(a.get(name, 0) for a in allocated))
                  for name in self._classes()), *map(Found, sorted(more))]

    def run(self) -> None:
        """Remove it all. Done again it does what is left to do.

        :raises api.PlacementError: with the consumer that Placement refuses
            to change, or when others write faster than this
        """
        for _ in range(_ATTEMPTS):
            # Inventories last: they say what else there may be.
            if (self._drop_traits() and self._drop_allocations()
                    and self._drop_inventories()):
                return
        raise api.PlacementError(
            f'{self._url}: something changes it all the time. Is '
            'claim_in_placement still on there?')

    def _classes(self) -> list[str]:
        return sorted(self._api.inventories(self._uuid))

    def _allocated(self) -> dict[str, allocations.Resources]:
        """:returns: uuid of a consumer → its VFs"""
        found = self._api.get(f'{self._url}/allocations')['allocations']
        vfs = {consumer: allocations.vfs_only(allocation['resources'])
               for consumer, allocation in found.items()}
        return {consumer: mine for consumer, mine in vfs.items() if mine}

    def _traits(self) -> _Traits:
        found: _Traits = self._api.get(f'{self._url}/traits')
        return found

    def _drop_traits(self) -> bool:
        """:returns: False when somebody else wrote meanwhile"""
        answer = self._traits()
        kept = (set(answer['traits']) - traits.removable(answer['traits'])
                - self._more_traits)
        if len(kept) == len(answer['traits']):
            return True
        url = f'{self._url}/traits'
        return self._written(
            self._api.put(url, {**answer, 'traits': sorted(kept)}), url)

    def _drop_allocations(self) -> bool:
        """:returns: like _drop_traits"""
        done = [self._drop_allocation(consumer)
                for consumer in self._allocated()]
        return all(done)

    def _drop_allocation(self, consumer: str) -> bool:
        url = f'/allocations/{consumer}'
        payload: allocations.Payload = self._api.get(url)
        mine = payload['allocations'].get(self._uuid)
        if mine is None:
            return True
        kept = {name: amount for name, amount in mine['resources'].items()
                if not names.counts_vfs(name)}
        return self._written(self._api.put(url, allocations.replaced(
            payload, self._uuid, kept)), url)

    def _drop_inventories(self) -> bool:
        """:returns: like _drop_traits"""
        urls = [f'{self._url}/inventories/{name}' for name in self._classes()]
        done = [self._written(self._api.delete(url), url, gone=404)
                for url in urls]
        return all(done)

    @staticmethod
    def _written(response: requests.Response, url: str,
                 gone: int | None = None) -> bool:
        if response.status_code == gone:
            return True
        if response.status_code != _CONFLICT or not _may_pass(response):
            api.Api.check(response, url)
        return bool(response)


def _may_pass(response: requests.Response) -> bool:
    """Whether a conflict may be over when all is read afresh.

    :returns: False for too little capacity of another class
    """
    # Also of a class that is in use (placement.handlers.inventory,
    # delete_inventory).
    return bool(response.json()['errors'][0]['code']
                == 'placement.concurrent_update')
