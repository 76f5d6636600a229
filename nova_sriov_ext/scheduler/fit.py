"""Does a host's free capacity serve a request? Pure arithmetic, no I/O.

It follows the choice that Nova's claim makes on the compute host, greedily in
the order of the requests (nova/pci/stats.py,
``PciDeviceStats.consume_requests``), without copying the host's pools.
"""

import collections
import dataclasses

NO_PCI = 'no_pci_devices'
NO_FREE = 'none_free'
NO_MATCH = 'no_matching_device'
TOO_FEW = 'too_few_free'

# Keys of a request's spec that Placement has answered already
# (PciDeviceStats.ignored_spec_tags).
_IGNORED = frozenset(('resource_class', 'traits', 'rp_uuids'))

_PHYSNET = 'physical_network'

# Devices that a request gets only when it names them:
# (key, value that is special).
_SPECIAL = (
    ('dev_type', 'type-PF'),
    ('dev_type', 'vdpa'),
)


@dataclasses.dataclass(frozen=True)
class Request:
    """What a port or a flavor alias asks for.

    :ivar specs: tuple of dicts of tags; a pool must have all of one
    :ivar count: devices asked
    :ivar name: for messages: ``port <id>`` or ``alias <name>``
    """

    specs: tuple
    count: int
    name: str

    @property
    def subject(self):
        """What the request is about, as an operator would say it."""
        return (self.physnet or 'devices without a physnet'
                if self.has_physnet else self.name)

    @property
    def has_physnet(self):
        """Whether it asks for a physnet: ports do, aliases do not."""
        return any(_PHYSNET in spec for spec in self.specs)

    @property
    def physnet(self):
        """:returns: str, None on a tunnelled network"""
        return next((spec[_PHYSNET] for spec in self.specs
                     if spec.get(_PHYSNET)), None)


@dataclasses.dataclass(frozen=True)
class Misfit:
    """Why a host cannot serve a request.

    :ivar reason: one of the constants of this module
    :ivar subject: the physnet, or what else was asked for
    :ivar asked: devices asked of it, up to and with the request that failed
    :ivar free: devices of it that were free
    :ivar request: name of the request that failed
    """

    reason: str
    subject: str = ''
    asked: int = 0
    free: int = 0
    request: str = ''

    def __str__(self):
        return _WORDS[self.reason].format(**dataclasses.asdict(self))


_WORDS = {
    NO_PCI: 'the host reports no free PCI devices',
    NO_FREE: '{subject}: {asked} asked, the host has none free ({request})',
    NO_MATCH: '{subject}: the host has free ones, but none as asked by '
              '{request}',
    TOO_FEW: '{subject}: {asked} asked, {free} free ({request})',
}


def misfit(pools, requests):
    """Tell why a host does not fit.

    :param pools: list of dicts, ``host_state.pci_stats.pools``, or None
    :param requests: list of Request, in the order of the claim
    :returns: Misfit, or None when every request is served
    """
    if not requests:
        return None
    if not pools:
        return Misfit(NO_PCI)
    taken = [0] * len(pools)
    asked = collections.Counter()
    for request in requests:
        asked[request.subject] += request.count
        found = [i for i, pool in enumerate(pools) if _serves(pool, request)]
        left = request.count
        for i in found:
            take = min(left, _free(pools[i]) - taken[i])
            taken[i] += take
            left -= take
        # A request of no devices (alias "a1:0") needs a pool all the same.
        if left or not found:
            return _explain(
                pools, found, request, asked[request.subject])
    return None


def _explain(pools, found, request, asked):
    free = sum(_free(pools[i]) for i in found)
    others = any(_free(pool) for pool in pools
                 if not request.has_physnet
                 or _equal(pool.get(_PHYSNET), request.physnet))
    reason = (TOO_FEW if free
              else NO_MATCH if others
              else NO_FREE)
    return Misfit(reason, subject=request.subject, asked=asked, free=free,
                  request=request.name)


def _serves(pool, request):
    """Whether devices of the pool may serve the request."""
    return (any(_matches(pool, spec) for spec in request.specs)
            and not any(pool.get(key) == value
                        and all(s.get(key) != value for s in request.specs)
                        for key, value in _SPECIAL)
            and (not _true(pool.get('remote_managed'))
                 or any(_true(s.get('remote_managed'))
                        for s in request.specs)))


def _matches(pool, spec):
    return all(_equal(pool.get(key), value) for key, value in spec.items()
               if key not in _IGNORED)


def _equal(have, want):
    """Nova's comparison of tags: strings without case, lists as sets
    (nova/pci/utils.py, ``pci_device_prop_match``)."""
    if isinstance(want, list) and isinstance(have, list):
        return all(item in have for item in want)
    return _folded(have) == _folded(want)


def _folded(value):
    return value.lower() if isinstance(value, str) else value


def _true(value):
    """oslo.utils' ``bool_from_string`` with its default: not strict."""
    return str(value).strip().lower() in ('1', 't', 'true', 'on', 'y', 'yes')


def _free(pool):
    """Free devices of a pool; what is no number counts as none."""
    count = pool.get('count')
    return count if isinstance(count, int) and count > 0 else 0
