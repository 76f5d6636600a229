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

"""The PCI devices that the simulated libvirt lists: those of the cards."""

import re

from lxml import etree
from lxml.builder import E

DRIVER_OF_BRIDGE = 'pcieport'


def _name(address):
    """'0000:03:00.2' as libvirt names its node devices."""
    return 'pci_' + re.sub('[:.]', '_', address)


def _address(address):
    numbers = [int(part, 16) for part in re.split('[:.]', address)]
    parts = zip(('domain', 'bus', 'slot', 'function'), numbers, strict=True)
    return E.address({key: f'0x{value:x}' for key, value in parts})


class Device:
    """What Nova's fakelibvirt.HostPCIDevicesInfo holds for a device.

    FakePCIDevice computes a PF's address from the VF's, which holds only
    for PFs that are function 0; a Card says it.
    """

    is_capable_of_mdevs = False
    mac_address = None

    def __init__(self, device, children):
        """
        :param device: tests.sim.card.PciDevice
        :param children: addresses of a PF's VFs
        """
        self.address = device.address
        self.pci_device = etree.tostring(
            _node_device(device, children), encoding='unicode',
            pretty_print=True)

    def XMLDesc(self, _flags):  # libvirt's own spelling
        return self.pci_device


def _node_device(device, children):
    domain, bus, slot, function = re.split('[:.]', device.address)
    functions = {
        'PF': ('virt_functions', children),
        'VF': ('phys_function', [device.parent]),
    }
    kind, others = functions[device.dev_type]
    node = E.device(
        E.name(_name(device.address)),
        E.parent(_name(f'{domain}:00:01.0')),
        E.capability(
            E.domain(str(int(domain, 16))), E.bus(str(int(bus, 16))),
            E.slot(str(int(slot, 16))), E.function(function),
            E.product(id=f'0x{device.product}'),
            E.vendor(id=f'0x{device.vendor}'),
            E.capability(*map(_address, others), type=kind),
            E.numa(node=str(device.numa_node)),
            type='pci'))
    if device.driver:
        node.insert(2, E.driver(E.name(device.driver)))
    return node


class Devices:
    """Takes the place of fakelibvirt.HostPCIDevicesInfo."""

    def __init__(self, cards):
        self.devices = {}
        for card in cards:
            found = card.pci_devices()
            for device in found:
                children = [d.address for d in found
                            if d.parent == device.address]
                self.devices[_name(device.address)] = Device(
                    device, children)

    def get_all_devices(self):
        return self.devices.keys()

    def get_device_by_name(self, name):
        return self.devices.get(name)

    def get_all_mdev_capable_devices(self):
        return []

    def get_pci_address_mac_mapping(self):
        return {}
