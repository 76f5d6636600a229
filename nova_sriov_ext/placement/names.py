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
the _ that it begins with.
"""

import functools
import hashlib
import re

_PREFIX = 'CUSTOM_SRIOV_VF_'
# Neutron's own (neutron_lib.placement.utils.physnet_trait).
_TRAIT_PREFIX = 'CUSTOM_PHYSNET_'

_TUNNELLED = '_TUNNELLED'

SWITCHDEV_TRAIT = 'CUSTOM_SRIOV_SWITCHDEV'
LAG_TRAIT = 'CUSTOM_VF_LAG_ACTIVE'

_MAX_LENGTH = 255 - len(_PREFIX)
_DIGITS = 16
_PLAIN = re.compile('[a-z0-9]+(_[a-z0-9]+)*')
_LIKE_DIGEST = re.compile(rf'.*_[0-9a-f]{{{_DIGITS}}}')
_UNSAFE = re.compile('[^A-Z0-9_]+')


def vf_class(physnet: str | None) -> str:
    """The resource class of its VFs.

    :param physnet: None for tunnelled networks
    """
    return _PREFIX + (_TUNNELLED if physnet is None
                      else _suffix(physnet.lower()))


def physnet_trait(vf_class: str) -> str:
    """The trait of hosts that have VFs of a class."""
    return _TRAIT_PREFIX + vf_class.removeprefix(_PREFIX)


def is_physnet_trait(name: str) -> bool:
    """Whether a trait may be one of physnet_trait."""
    return name.startswith(_TRAIT_PREFIX)


def is_vf_class(name: str) -> bool:
    """Whether a resource class is one of vf_class."""
    return name.startswith(_PREFIX)


# Needed for every host of every request; a cloud has a handful of physnets.
@functools.lru_cache(maxsize=4096)
def _suffix(physnet: str) -> str:
    if (len(physnet) <= _MAX_LENGTH and _PLAIN.fullmatch(physnet)
            and not _LIKE_DIGEST.fullmatch(physnet)):
        return physnet.upper()
    # A physnet out of JSON may hold half a surrogate pair.
    digest = hashlib.sha256(physnet.encode('utf-8', 'surrogatepass'))
    stem = _UNSAFE.sub('_', physnet.upper())[:_MAX_LENGTH - _DIGITS - 1]
    return f'{stem}_{digest.hexdigest()[:_DIGITS].upper()}'
