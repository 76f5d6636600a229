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

"""Ports with a minimum bandwidth, which Placement allocates on a PF.

Neutron's SR-IOV agent makes a resource provider of each PF's bandwidth; a
port's ``resource_request`` names the group of resources that it needs of one.
"""

from collections.abc import Mapping
import functools
import uuid

import os_resource_classes as orc

from nova_sriov_ext.report import tags

_CLASSES = frozenset((orc.NET_BW_EGR_KILOBIT_PER_SEC,
                      orc.NET_BW_IGR_KILOBIT_PER_SEC))


def requested(spec: tags.Tags) -> tags.Tags:
    """What a port requests, without what Nova wrote for a past allocation: on
    the next move it names a netdev of the host that the server leaves.

    :param spec: one of the ``spec`` of a port's InstancePCIRequest
    """
    return {key: value for key, value in spec.items() if key != tags.NETDEV}


def is_bandwidth(resources: Mapping[str, int]) -> bool:
    """:param resources: resource class → amount, of a request group"""
    return bool(_CLASSES & resources.keys())


@functools.lru_cache(maxsize=65536)
def provider(namespace: str, node: str, netdev: str) -> str:
    """The resource provider of a PF's bandwidth: Neutron's
    ``device_resource_provider_uuid`` (neutron_lib/placement/utils.py), of
    which neutron/agent/common/placement_report.py makes it.

    :param namespace: UUID of the mechanism driver
    :param node: name of the compute node
    """
    return str(uuid.uuid5(uuid.UUID(namespace), f'{node}:{netdev}'))
