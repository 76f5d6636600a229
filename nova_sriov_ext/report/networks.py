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

"""Which networks a device is for, as its tags in ``[pci] device_spec`` say.

With ``"physical_network": "physnet2"`` it is for those of a physnet, with
``"physical_network": null`` for tunnelled ones, and without the tag for PCI
aliases. Nova does not distinguish the last two: it gives a port of a tunnelled
network either (``pci_device_prop_match`` in nova/pci/utils.py, 2026.2).
"""

from collections.abc import Mapping

PHYSNET = 'physical_network'

# What people read and write for it; as in device_spec.
TUNNELLED = 'null'


def is_for_ports(tags: Mapping[str, object]) -> bool:
    """Whether a device is for Neutron's ports. No port requests an empty
    physnet.

    :param tags: of a device_spec or of one of Nova's PCI pools
    """
    physnet = tags.get(PHYSNET)
    return PHYSNET in tags and (
        physnet is None or isinstance(physnet, str) and physnet != '')


def name(physnet: str | None) -> str:
    """:param physnet: None for tunnelled networks
    :returns: what a table or an option has
    """
    return TUNNELLED if physnet is None else physnet
