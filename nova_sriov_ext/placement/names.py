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

"""Names in Placement that stand for a physnet.

A name there has at most 255 characters of A-Z, 0-9 and _, and a physnet of
Neutron is any text. Upper and lower case are the same here, as to Nova when
it looks for devices of a physnet (nova.pci.utils.pci_device_prop_match). What
os_resource_classes.normalize_name does with it puts "net 1", "net-1" and
"net_1" together; so only a physnet of a-z, 0-9 and single _ between them is
named so. Any other gets a digest behind it, and so does one that looks as if
it had. No physnet's name ends as that of tunnelled networks and begins with
the _ that it begins with. What comes before the physnet tells the classes of
all VFs from those of each eswitch mode, and these from each other: no prefix
begins another.
"""

import functools
import hashlib
import re

_VF_PREFIX = 'CUSTOM_SRIOV_VF_'
_MODE_PREFIX = 'CUSTOM_SRIOV_MODE_'
# Neutron's own (neutron_lib.placement.utils.physnet_trait).
_TRAIT_PREFIX = 'CUSTOM_PHYSNET_'

_TUNNELLED = '_TUNNELLED'

SWITCHDEV_TRAIT = 'CUSTOM_SRIOV_SWITCHDEV'
LAG_TRAIT = 'CUSTOM_VF_LAG_ACTIVE'

_MAX_LENGTH = 255
_DIGITS = 16
_PLAIN = re.compile('[a-z0-9]+(_[a-z0-9]+)*')
_LIKE_DIGEST = re.compile(rf'.*_[0-9a-f]{{{_DIGITS}}}')
_UNSAFE = re.compile('[^A-Z0-9_]+')


def vf_class(physnet: str | None) -> str:
    """The resource class of all its VFs.

    :param physnet: None for tunnelled networks
    """
    return _name(_VF_PREFIX, physnet)


def mode_class(mode: str, physnet: str | None) -> str:
    """The resource class of its VFs of one eswitch mode.

    :param mode: ``legacy`` or ``switchdev``
    :param physnet: None for tunnelled networks
    """
    return _name(f'{_MODE_PREFIX}{mode.upper()}_', physnet)


# A handful of hosts differ; each has the very same set at each request.
@functools.lru_cache(maxsize=4096)
def mode_classes(modes: frozenset[tuple[str | None, str]]) -> frozenset[str]:
    """:param modes: physnet (None: tunnelled), eswitch mode"""
    return frozenset(mode_class(mode, physnet) for physnet, mode in modes)


def physnet_trait(vf_class: str) -> str:
    """The trait of hosts that have VFs of a class."""
    return _TRAIT_PREFIX + vf_class.removeprefix(_VF_PREFIX)


def is_physnet_trait(name: str) -> bool:
    """Whether a trait may be one of physnet_trait."""
    return name.startswith(_TRAIT_PREFIX)


def is_vf_class(name: str) -> bool:
    """Whether a resource class is one of vf_class."""
    return name.startswith(_VF_PREFIX)


def is_mode_class(name: str) -> bool:
    """Whether a resource class is one of mode_class."""
    return name.startswith(_MODE_PREFIX)


def counts_vfs(name: str) -> bool:
    """Whether a resource class is one of vf_class or mode_class."""
    return name.startswith((_VF_PREFIX, _MODE_PREFIX))


def _name(prefix: str, physnet: str | None) -> str:
    return prefix + (_TUNNELLED if physnet is None else _suffix(
        physnet.lower(), _MAX_LENGTH - len(prefix)))


# Needed for every host of every request; a cloud has a handful of physnets.
@functools.lru_cache(maxsize=4096)
def _suffix(physnet: str, room: int) -> str:
    """:param room: characters that it may have"""
    if (len(physnet) <= room and _PLAIN.fullmatch(physnet)
            and not _LIKE_DIGEST.fullmatch(physnet)):
        return physnet.upper()
    # A physnet out of JSON may hold half a surrogate pair.
    digest = hashlib.sha256(physnet.encode('utf-8', 'surrogatepass'))
    stem = _UNSAFE.sub('_', physnet.upper())[:room - _DIGITS - 1]
    return f'{stem}_{digest.hexdigest()[:_DIGITS].upper()}'
