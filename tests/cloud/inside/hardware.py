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

"""The hosts' simulated cards, and what libvirt does to them.

python -m … FOLDER: makes FOLDER/<host>/sys, to be mounted over /sys, and
the netdevs; then FOLDER/plugged says that all is there. From then on it
passes VFs to guests as the running domains in FOLDER/<host>/domains say:

* the VF is bound to vfio-pci, so its netdev leaves the host;
* its end of the wire goes to a namespace that stands for the guest
  (FOLDER/<host>/guests.json: MAC -> namespace);
* the PF's list of VFs shows its MAC and VLAN (FOLDER/<host>/vfs.json), as
  `ip link show` of a legacy PF does.
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import time
from xml.etree import ElementTree

from tests.cloud import hosts
from tests.sim import pci
from tests.sim.netdevs import Netdevs
from tests.sim.sysfs import Sysfs

INTERVAL = 0.2


@dataclasses.dataclass(frozen=True)
class Interface:
    """An <interface type='hostdev'> of a running domain."""

    vf: str
    mac: str
    vlan: int


def interfaces(folder):
    """The interfaces of all running domains."""
    for path in folder.glob('*.xml'):
        with contextlib.suppress(FileNotFoundError):  # it ended just now
            domain = ElementTree.fromstring(path.read_text())
            for node in domain.iterfind("devices/interface[@type='hostdev']"):
                yield _interface(node)


def _interface(node):
    address = node.find('source/address')
    domain, bus, slot, function = (
        int(address.get(part), 16)
        for part in ('domain', 'bus', 'slot', 'function'))
    tag = node.find('vlan/tag')
    return Interface(
        pci.join(domain, bus << 8 | slot << 3 | function),
        node.find('mac').get('address'),
        0 if tag is None else int(tag.get('id')))


class Hypervisor:
    """Does to the cards of a host what libvirt does for its domains."""

    def __init__(self, host, folder, stack):
        self.folder = folder
        self.domains = folder / 'domains'
        self.domains.mkdir(parents=True)
        self.sysfs = Sysfs(folder, *host.cards)
        # All hosts share one network namespace: one Open vSwitch and one
        # loopback serve them.
        self.netdevs = stack.enter_context(
            Netdevs(self.sysfs, host.name, own_namespace=False))
        self.drivers = {device.address: device.driver
                        for device in self.sysfs.pci_devices()}
        self.passed = {}     # VF -> Interface
        self.guests = {}     # VF -> Guest
        self._tell()

    def follow(self):
        """Pass VFs to domains that started, take those of ended ones."""
        wanted = {one.vf: one for one in interfaces(self.domains)}
        if wanted == self.passed:
            return
        for vf in self.passed.keys() - wanted.keys():
            self.sysfs.bind(vf, self.drivers[vf])
            self._guest_link(vf, 'down')
        for vf in wanted.keys() - self.passed.keys():
            self._pass(wanted[vf])
        self.netdevs.sync()
        self.passed = wanted
        self._tell()

    def _pass(self, interface):
        vf = interface.vf
        if vf not in self.guests:
            self.guests[vf] = self.netdevs.guest(vf, interface.mac)
            return
        # A VF keeps its namespace, and gets its next guest's MAC.
        self.sysfs.bind(vf, 'vfio-pci')
        self._guest_link(vf, 'address', interface.mac, 'up')

    def _guest_link(self, vf, *args):
        """A legacy VF has no representor, hence no wire to its guest."""
        if self.sysfs.representor(vf) is None:
            return
        guest = self.guests[vf]
        ip = ['ip', '-n', guest.netns]
        subprocess.run([*ip, 'address', 'flush', 'dev', guest.netdev],
                       check=True)
        subprocess.run([*ip, 'link', 'set', guest.netdev, *args], check=True)

    def _tell(self):
        self._write('guests.json', {
            one.mac: self.guests[vf].netns
            for vf, one in self.passed.items()})
        self._write('vfs.json', {
            pf.netdev: dict(self._vfs(pf))
            for card in self.sysfs.cards for pf in card.pfs})

    def _vfs(self, pf):
        for number, address in enumerate(pf.vf_addresses):
            one = self.passed.get(address)
            yield number, {'mac': one.mac if one else '00:00:00:00:00:00',
                           'vlan': one.vlan if one else 0, 'link_state': 0}

    def _write(self, name, content):
        """Whole or not at all: others read it at any time."""
        new = self.folder / f'{name}.new'
        new.write_text(json.dumps(content))
        os.replace(new, self.folder / name)


def main():
    folder = pathlib.Path(sys.argv[1])
    with contextlib.ExitStack() as stack:
        hypervisors = [Hypervisor(host, folder / host.name, stack)
                       for host in hosts.HOSTS]
        (folder / 'plugged').touch()
        while True:
            for hypervisor in hypervisors:
                hypervisor.follow()
            time.sleep(INTERVAL)


if __name__ == '__main__':
    main()
