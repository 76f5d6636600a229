"""Which pools Nova lets serve a request: its own rules, one by one.

The rules are those of ``PciDeviceStats._filter_pools`` (nova/pci/stats.py),
except NUMA affinity, which is judged where the cells are known. That it looks
at ``live_migratable`` once more changes nothing: such tags of pools are
normalized (nova/pci/devspec.py).
"""

# Keys of a request's spec that Placement has answered already
# (PciDeviceStats.ignored_spec_tags).
_IGNORED = frozenset(('resource_class', 'traits', 'rp_uuids'))

PF = 'type-PF'
VDPA = 'vdpa'
VFS = frozenset(('type-VF', VDPA))

# Devices that a request gets only when it names their type.
SPECIAL = frozenset((PF, VDPA))


def serves(pool, request):
    """Whether Nova may serve the request from the pool, were it not empty.

    :param pool: dict, one of ``PciDeviceStats.pools``
    :param request: model.Request
    :returns: bool
    """
    specs = request.specs
    if not any(_matches(pool, spec) for spec in specs):
        return False
    kind = pool.get('dev_type')
    if kind in SPECIAL and all(spec.get('dev_type') != kind
                               for spec in specs):
        return False
    if true(pool.get('remote_managed')) and not any(
            true(spec.get('remote_managed')) for spec in specs):
        return False
    return not request.rp_uuids or pool.get('rp_uuid') in request.rp_uuids


def _matches(pool, spec):
    return all(equal(pool.get(key), value) for key, value in spec.items()
               if key not in _IGNORED)


def equal(have, want):
    """Nova's comparison of tags: strings without case, lists as sets
    (nova/pci/utils.py, ``pci_device_prop_match``)."""
    if isinstance(want, list) and isinstance(have, list):
        return all(item in have for item in want)
    return folded(have) == folded(want)


def folded(value):
    """:returns: a string without case, anything else as it is"""
    return value.lower() if isinstance(value, str) else value


def true(value):
    """oslo.utils' ``bool_from_string`` with its default: not strict."""
    return str(value).strip().lower() in ('1', 't', 'true', 'on', 'y', 'yes')


def free(pool):
    """Free devices of a pool; what is no number counts as none."""
    count = pool.get('count')
    return count if isinstance(count, int) and count > 0 else 0


def sound(pools):
    """Of pools that Nova would not make, what can be understood.

    :param pools: anything
    :returns: list of dicts
    """
    if not isinstance(pools, list):
        return []
    return [{key: value for key, value in pool.items()
             if value is None or isinstance(value, (str, int))}
            for pool in pools if isinstance(pool, dict)]
