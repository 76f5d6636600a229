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

"""The hosts of the walk: what their cards, libvirt and sysfs show."""

import dataclasses

from nova.tests.fixtures import libvirt as fakelibvirt

from tests.sim import card
from tests.sim import iproute
from tests.sim import netlink
from tests.sim import sysfs

LEGACY, SWITCHDEV = 'legacy', 'switchdev'

# PF 0 is on NUMA node 0, PF 1 on node 1; so are the two devices of the alias.
MODES = {
    'compute1': (LEGACY, SWITCHDEV),
    'compute2': (SWITCHDEV, SWITCHDEV),
    'compute3': (LEGACY, LEGACY),
}
VFS = 3
MOST_VFS = 4
ALIAS_DEVICES = 2

_BUS = 0x81
_FIRST_SLOT = ALIAS_DEVICES
_FEATURES = ('rx', 'tx', 'sg', 'tso', 'gso', 'gro', 'rxhash', 'txudptnl')


@dataclasses.dataclass
class Host:
    """:ivar modes: tuple of str, eswitch mode of each PF
    :ivar vfs: list of int, VFs of each PF
    :ivar listed: which PFs ``[pci]device_spec`` lists
    :ivar up: whether nova-compute runs
    """

    name: str
    modes: tuple
    root: str
    vfs: list = dataclasses.field(default_factory=lambda: [VFS, VFS])
    listed: tuple = (0, 1)
    up: bool = True
    claim_policy: str = 'assign'
    in_placement: bool = True

    def __post_init__(self):
        self.sysfs = sysfs.Sysfs(self.root, *(
            card.Card(switch_id=f'e41d2d0300a1b2c{pf}', pfs=(card.Pf(
                pf_address(pf), f'enp129s{_slot(pf)}f0np0', mode=mode,
                vfs=vfs),))
            for pf, (mode, vfs) in enumerate(
                zip(self.modes, self.vfs, strict=True))))
        self.patches = iproute.patches(self.sysfs)[1]

    @property
    def is_mixed(self):
        return len({self.modes[pf] for pf in self.listed}) > 1

    @property
    def netlink(self):
        return netlink.Netlink(self.sysfs)

    def pci_info(self):
        """:returns: what libvirt lists, as Nova's fixture wants it"""
        info = fakelibvirt.HostPCIDevicesInfo(
            num_pci=ALIAS_DEVICES, num_pfs=0, num_vfs=0, bus=_BUS)
        for pf, vfs in enumerate(self.vfs):
            common = {'bus': _BUS, 'slot': _slot(pf), 'numa_node': pf,
                      'vf_ratio': MOST_VFS}
            info.add_device(dev_type='PF', function=0,
                            iommu_group=100 + 10 * pf, **common)
            for vf in range(vfs):
                info.add_device(
                    dev_type='VF', function=vf + 1, prod_id='1515',
                    iommu_group=101 + 10 * pf + vf,
                    parent=(_BUS, _slot(pf), 0), **common)
        return info

    def set_vfs(self, pf, vfs):
        self.vfs[pf] = vfs
        for number in (0, vfs):
            self.sysfs.set_numvfs(pf_address(pf), number)

    def features(self, nodedev):
        """:param nodedev: libvirt's name of a device
        :returns: list of str, as virNetDevGetFeatures gives them
        """
        slot = int(nodedev.split('_')[3], 16)
        is_offloaded = self.modes[slot - _FIRST_SLOT] == SWITCHDEV
        return [*_FEATURES, *((SWITCHDEV,) if is_offloaded else ())]


def _slot(pf):
    return _FIRST_SLOT + pf


def pf_address(pf):
    """:param pf: 0 or 1"""
    return f'0000:{_BUS:02x}:{_slot(pf):02x}.0'


def pf_of(address):
    """:param address: of a VF
    :returns: 0 or 1
    """
    return int(address.split(':')[2].split('.')[0], 16) - _FIRST_SLOT
