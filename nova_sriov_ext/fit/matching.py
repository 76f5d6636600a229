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

"""Which pools Nova lets serve a request: its own rules, one by one.

The rules are those of ``PciDeviceStats._filter_pools`` (nova/pci/stats.py),
except NUMA affinity, which is judged where the cells are known. That it looks
at ``live_migratable`` once more changes nothing: such tags of pools are
normalized (nova/pci/devspec.py).
"""

from nova_sriov_ext.report import tags

# Keys of a request's spec that Placement has answered already
# (PciDeviceStats.ignored_spec_tags).
_IGNORED = frozenset(('resource_class', 'traits', 'rp_uuids'))


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
    if kind in tags.SPECIAL and all(spec.get('dev_type') != kind
                                    for spec in specs):
        return False
    if tags.true(pool.get('remote_managed')) and not any(
            tags.true(spec.get('remote_managed')) for spec in specs):
        return False
    return not request.rp_uuids or pool.get('rp_uuid') in request.rp_uuids


def _matches(pool, spec):
    return all(tags.equal(pool.get(key), value) for key, value in spec.items()
               if key not in _IGNORED)


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
