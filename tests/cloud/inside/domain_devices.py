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

"""The VFs that the running domains of a host have, read from their XML."""

import contextlib
import dataclasses
from xml.etree import ElementTree

from tests.sim import pci


@dataclasses.dataclass(frozen=True)
class Interface:
    """An <interface> of a running domain.

    :ivar vf: PCI address
    :ivar macvtap: whether it stands on the VF's netdev, instead of having the
        VF itself
    """

    vf: str
    mac: str
    vlan: int = 0
    macvtap: bool = False


def interfaces(folder, netdevs):
    """The interfaces of all running domains.

    :param folder: of the domains
    :param netdevs: {netdev: PCI address} of the VFs that have one
    """
    for path in folder.glob('*.xml'):
        with contextlib.suppress(FileNotFoundError):  # it ended just now
            domain = ElementTree.fromstring(path.read_text())
            for node in domain.iterfind('devices/interface'):
                if found := _interface(node, netdevs):
                    yield found


def _interface(node, netdevs):
    mac = node.find('mac').get('address')
    if node.get('type') == 'direct':
        vf = netdevs.get(node.find('source').get('dev'))
        return vf and Interface(vf, mac, macvtap=True)
    if node.get('type') != 'hostdev':
        return None
    tag = node.find('vlan/tag')
    return Interface(_address(node.find('source/address')), mac,
                     0 if tag is None else int(tag.get('id')))


def _address(node):
    domain, bus, slot, function = (
        int(node.get(part), 16)
        for part in ('domain', 'bus', 'slot', 'function'))
    return pci.join(domain, bus << 8 | slot << 3 | function)
