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


"""What the database has of a host's pools is read as Nova's objects read it.
"""

import json

from nova import objects
from nova.objects import pci_device_pool
import pytest

from nova_sriov_ext.cmd import nodes
from tests.unit.scheduler import pools as given

POOLS = [given.pool(3, physical_network='a', address='0000:03:00.0'),
         given.pool(0, physical_network=None, numa_node=None, rack='7'),
         given.pool(1, dev_type='type-PF')]
STORED = [None, '', '[]', 'null', '{"nova_object',
          json.dumps(POOLS), json.dumps(POOLS[0]),     # of before the objects
          *(json.dumps(objects.PciDevicePoolList(objects=[
              pci_device_pool.PciDevicePool.from_dict(pool)
              for pool in some]).obj_to_primitive())
            for some in (POOLS, POOLS[:1], []))]


@pytest.mark.parametrize('stored', STORED)
def test_pools_are_those_of_novas_objects(stored):
    expected = [pool.to_dict()
                for pool in pci_device_pool.from_pci_stats(stored)]
    node = nodes.Node(None, 'h', 'uuid', {}, stored, None)
    assert node.pools() == expected
