"""Takes the VFs of a host out of Placement.

Nova's own driver writes an inventory without them at its start; Placement
refuses that while any is allocated, and nova-compute gives up.
"""

import dataclasses

from nova_sriov_ext.placement import allocations
from nova_sriov_ext.placement import api
from nova_sriov_ext.placement import names

# A server may be booted or moved meanwhile; each time all is read afresh.
_ATTEMPTS = 10

_CONFLICT = 409


@dataclasses.dataclass(frozen=True)
class Found:
    """What there is to remove of one resource class on one host.

    :ivar consumers: how many servers and migrations have VFs of it
    :ivar vfs: how many VFs are allocated to them
    """

    vf_class: str
    consumers: int
    vfs: int


class Purge:
    """:param placement: api.Api
    :param provider: uuid
    """

    def __init__(self, placement, provider):
        self._api = placement
        self._uuid = provider
        self._url = f'/resource_providers/{provider}'

    def find(self):
        """:returns: list of Found
        :raises api.PlacementError: Placement does not answer
        """
        allocated = self._allocated().values()
        return [Found(name, sum(name in a for a in allocated),
                      sum(a.get(name, 0) for a in allocated))
                for name in self._classes()]

    def run(self):
        """Remove it all. Done again it does what is left to do.

        :raises api.PlacementError: with the consumer that Placement refuses
            to change, or when others write faster than this
        """
        for _ in range(_ATTEMPTS):
            classes = self._classes()
            # Inventories last: they say what else there may be.
            if not classes or (self._drop_traits(classes)
                               and self._drop_allocations()
                               and self._drop_inventories(classes)):
                return
        raise api.PlacementError(
            f'{self._url}: something changes it all the time. Is '
            'claim_in_placement still on there?')

    def _classes(self):
        return sorted(self._api.inventories(self._uuid))

    def _allocated(self):
        """:returns: dict, uuid of a consumer → its VFs by class"""
        found = self._api.get(f'{self._url}/allocations')['allocations']
        vfs = {consumer: allocations.vfs_only(allocation['resources'])
               for consumer, allocation in found.items()}
        return {consumer: mine for consumer, mine in vfs.items() if mine}

    def _drop_traits(self, classes):
        """:returns: bool, False when somebody else wrote meanwhile"""
        ours = {*map(names.physnet_trait, classes),
                names.SWITCHDEV_TRAIT, names.LAG_TRAIT}
        url = f'{self._url}/traits'
        answer = self._api.get(url)
        kept = sorted(set(answer['traits']) - ours)
        if len(kept) == len(answer['traits']):
            return True
        return self._written(self._api.put(url, {**answer, 'traits': kept}),
                             url)

    def _drop_allocations(self):
        """:returns: bool, like _drop_traits"""
        done = [self._drop_allocation(consumer)
                for consumer in self._allocated()]
        return all(done)

    def _drop_allocation(self, consumer):
        url = f'/allocations/{consumer}'
        payload = self._api.get(url)
        mine = payload['allocations'].get(self._uuid)
        if mine is None:
            return True
        mine['resources'] = {name: amount for name, amount
                             in mine['resources'].items()
                             if not names.is_vf_class(name)}
        if not mine['resources']:
            del payload['allocations'][self._uuid]
        return self._written(self._api.put(url, payload), url)

    def _drop_inventories(self, classes):
        """:returns: bool, like _drop_traits"""
        urls = [f'{self._url}/inventories/{name}' for name in classes]
        done = [self._written(self._api.delete(url), url, gone=404)
                for url in urls]
        return all(done)

    @staticmethod
    def _written(response, url, gone=None):
        if response.status_code == gone:
            return True
        if response.status_code != _CONFLICT or not _may_pass(response):
            api.Api.check(response, url)
        return bool(response)


def _may_pass(response):
    """Whether a conflict may be over when all is read afresh.

    :returns: bool, False for too little capacity of another class
    """
    return response.json()['errors'][0]['code'] in (
        'placement.concurrent_update', 'placement.inventory.inuse')
