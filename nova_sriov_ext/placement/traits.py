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

"""The traits of a compute host, and which of them are not this project's.

CUSTOM_PHYSNET_<PHYSNET> is Neutron's name for it, and people set it by hand:
one that a host has already stays theirs. With each one that is added here
goes a trait of our own, named as the resource class of the VFs, and only
where both are found both are taken away. (They are written by one request.)
"""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator

from nova_sriov_ext.placement import names
from nova_sriov_ext.report import document


def changed(current: Collection[str], classes: Iterable[str],
            rows: Collection[document.Row]) -> tuple[set[str], set[str]]:
    """:param current: the traits that a host has
    :param classes: the resource classes of its VFs
    :returns: traits to remove, traits to add
    """
    added = _added(current)
    ours = {name for name in classes
            if name in added or names.physnet_trait(name) not in current}
    wanted = {*ours, *map(names.physnet_trait, ours), *_conditions(rows)}
    return removable(current) - wanted, wanted - set(current)


def removable(current: Iterable[str]) -> set[str]:
    """Those of a host's traits that this project has set."""
    added = _added(current)
    return {*added, *map(names.physnet_trait, added),
            names.SWITCHDEV_TRAIT, names.LAG_TRAIT} & set(current)


def _added(current: Iterable[str]) -> set[str]:
    return set(filter(names.is_vf_class, current))


def _conditions(rows: Collection[document.Row]) -> Iterator[str]:
    """The traits of what holds now."""
    conditions = {
        names.SWITCHDEV_TRAIT: any(
            row.mode == 'switchdev' for row in rows if row.vfs),
        names.LAG_TRAIT: any(row.lag == 'active' for row in rows if row.vfs)}
    return (trait for trait, holds in conditions.items() if holds)
