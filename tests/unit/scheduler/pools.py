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

"""Pools and PCI requests as Nova's scheduler sees them."""

from nova import objects
from nova.objects import pci_device_pool
from nova.pci import stats
from nova.pci import whitelist

VF = {'vendor_id': '15b3', 'product_id': '101e', 'numa_node': 0,
      'dev_type': 'type-VF', 'remote_managed': 'false'}


def pool(count=1, **tags):
    """A pool of VFs; ``tags`` add to it or replace what it has."""
    return VF | {'count': count} | tags


def pci_stats(pools):
    """What a host state holds, made the way the host state makes it."""
    stored = objects.PciDevicePoolList(
        objects=[pci_device_pool.PciDevicePool.from_dict(p) for p in pools])
    return stats.PciDeviceStats(
        objects.NUMATopology(cells=[]), stats=stored,
        dev_filter=whitelist.Whitelist())


def port_request(port='9d3e3f2c', count=1, **spec):
    """Neutron's port as nova.network.neutron asks for it."""
    return objects.InstancePCIRequest(
        count=count, spec=[{'remote_managed': 'False'} | spec],
        requester_id=port)


def alias_request(name='a1', count=1, specs=()):
    """A flavor's pci_passthrough:alias as nova.pci.request asks for it."""
    return objects.InstancePCIRequest(
        count=count, spec=list(specs), alias_name=name)
