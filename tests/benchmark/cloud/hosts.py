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

"""The hosts of a cloud: cards in a mix of shapes, shuffled by a seed."""

import dataclasses
import random

from nova import objects
from nova.objects import fields
from oslo_utils import uuidutils

from nova_sriov_ext.report import document

VENDOR, PRODUCT = '15b3', '101e'
VCPUS, MEMORY_MB, DISK_GB = 64, 256 * 1024, 4000

LEGACY, SWITCHDEV = 'legacy', 'switchdev'


@dataclasses.dataclass(frozen=True)
class Pf:
    """:ivar bus: of its PCI address, which tells its physnet, too"""

    bus: str
    mode: str
    vfs: int

    @property
    def physnet(self):
        return f'physnet{self.bus[0]}'

    @property
    def address(self):
        return f'0000:{self.bus}:00.0'


@dataclasses.dataclass(frozen=True)
class Shape:
    """:ivar used: VFs of each PF that are in use from the start"""

    name: str
    pfs: tuple[Pf, ...] = ()
    used: int = 0

    def report(self):
        """What the host reports in the stats of its node."""
        rows = tuple(document.Row(pf.address, pf.physnet, pf.vfs, pf.mode)
                     for pf in self.pfs)
        return document.Report(
            rows, placement=True, placement_modes=True, claim='assign')

    def mode(self, address):
        """:param address: of a PF"""
        return next(pf.mode for pf in self.pfs if pf.address == address)

    def devices(self):
        """What Nova has of the VFs in its database."""
        return objects.PciDeviceList(objects=[
            _vf(pf, number, number < self.used)
            for pf in self.pfs for number in range(pf.vfs)])


def _vf(pf, number, used):
    found = objects.PciDevice.create(None, {
        'compute_node_id': 1, 'vendor_id': VENDOR, 'product_id': PRODUCT,
        'address': f'0000:{pf.bus}:{number // 8 + 1:02x}.{number % 8}',
        'numa_node': 0, 'dev_type': fields.PciDeviceType.SRIOV_VF,
        'parent_addr': pf.address, 'dev_id': 'pci', 'label': 'label'})
    found.id = int(pf.bus, 16) * 256 + number
    found.instance_uuid = None
    if used:
        found.status = fields.PciDeviceStatus.ALLOCATED
        found.instance_uuid = uuidutils.generate_uuid()
    return found


def _pfs(count, vfs, *modes):
    """:param count: PFs on each of the two physnets
    :param modes: of them, in turn
    """
    return tuple(Pf(f'{physnet}{number:x}', modes[number % len(modes)], vfs)
                 for physnet in (1, 2) for number in range(count))


PLAIN = Shape('no VFs')
SHAPES = (
    Shape('legacy', _pfs(1, 8, LEGACY)),
    Shape('switchdev', _pfs(1, 8, SWITCHDEV)),
    Shape('switchdev, one physnet', _pfs(2, 8, SWITCHDEV)[:2]),
    Shape('mixed', _pfs(2, 8, LEGACY, SWITCHDEV)),
    Shape('eight PFs', _pfs(4, 4, SWITCHDEV)),
    Shape('two left of each PF', _pfs(1, 8, SWITCHDEV), used=6),
    Shape('full', _pfs(1, 8, LEGACY), used=8),
)

# [pci] device_spec of all of them.
DEVICE_SPEC = [
    {'vendor_id': VENDOR, 'product_id': PRODUCT,
     'address': f'0000:{physnet}{number}:*.*',
     'physical_network': f'physnet{physnet}'}
    for physnet in (1, 2) for number in range(4)]


def mix(number, with_vfs, seed):
    """:param number: of hosts
    :param with_vfs: how many of them have VFs
    :returns: the shape of each
    """
    found = [SHAPES[n % len(SHAPES)] for n in range(with_vfs)] + (
        [PLAIN] * (number - with_vfs))
    random.Random(seed).shuffle(found)
    return found
