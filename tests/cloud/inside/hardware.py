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

"""The simulated cards of all hosts, and what libvirt does with their VFs.

python -m … FOLDER: makes FOLDER/<host>/sys, to be mounted over /sys, and
the netdevs; then FOLDER/plugged says that all is there. From then on it
passes VFs to guests as the running domains in FOLDER/<host>/domains say:

* the VF is bound to vfio-pci, so its netdev leaves the host, or a macvtap
  stands on its netdev;
* its end of the wire goes to a namespace that stands for the guest
  (FOLDER/<host>/guests.json: MAC -> namespace);
* the PF's driver keeps its MAC and VLAN (tests.sim.vfs), as `ip link show`
  has them.

A file FOLDER/<host>/pulled/<netdev> pulls the cable of a PF.
"""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import time

from tests.cloud import hosts
from tests.cloud.inside import domain_devices
from tests.sim import vfs
from tests.sim.netdevs import Netdevs
from tests.sim.sysfs import Sysfs

INTERVAL = 0.2
# What libvirt leaves of a VF that it takes back.
BARE = {'mac': '00:00:00:00:00:00', 'vlan': {'vlan': 0, 'qos': 0}}


class Hypervisor:
    """Does to the cards of a host what libvirt does for its domains."""

    def __init__(self, host, folder, stack):
        self.host = host
        self.folder = folder
        self.domains = folder / 'domains'
        self.pulled = folder / 'pulled'
        for made in (self.domains, self.pulled):
            made.mkdir(parents=True)
        self.sysfs = Sysfs(folder, *host.cards)
        self.settings = vfs.Vfs(folder)
        # All hosts share one network namespace: one Open vSwitch and one
        # loopback serve them.
        self.netdevs = stack.enter_context(
            Netdevs(self.sysfs, host.name, own_namespace=False))
        self.drivers = {device.address: device.driver
                        for device in self.sysfs.pci_devices()}
        self.passed = {}     # VF -> domain_devices.Interface
        self.guests = {}     # VF -> Guest
        self.macvtaps = {}   # VF -> netdev
        self._write('guests.json', {})

    def follow(self):
        self._follow_cables()
        self._follow_domains()

    def _follow_cables(self):
        for card in self.sysfs.cards:
            for pf in card.pfs:
                pulled = (self.pulled / pf.netdev).exists()
                if pulled == (pf.link == 'up'):
                    self.sysfs.set_link(pf.address,
                                        'down' if pulled else 'up')
                    self.netdevs.sync()

    def _follow_domains(self):
        """Pass VFs to domains that started, take those of ended ones."""
        wanted = {one.vf: one for one in domain_devices.interfaces(
            self.domains, self._vf_netdevs())}
        if wanted == self.passed:
            return
        for vf, one in self.passed.items():
            if wanted.get(vf) != one:
                self._take(one)
        for vf, one in wanted.items():
            if self.passed.get(vf) != one:
                self._give(one)
        self.netdevs.sync()
        self.passed = wanted
        self._write('guests.json', {
            one.mac: self.guests[vf].netns for vf, one in wanted.items()
            if vf in self.guests})

    def _vf_netdevs(self):
        return {link.name: link.pci for link in self.sysfs.links()
                if link.kind == 'vf'}

    def _give(self, one):
        if one.macvtap:
            self._add_macvtap(one)
            return
        self._set(one.vf, {'mac': one.mac,
                           'vlan': {'vlan': one.vlan, 'qos': 0}})
        if one.vf not in self.guests:
            self.guests[one.vf] = self.netdevs.guest(one.vf, one.mac)
            return
        # A VF keeps its namespace, and gets its next guest's MAC.
        self.sysfs.bind(one.vf, 'vfio-pci')
        self._guest_link(one.vf, 'address', one.mac, 'up')

    def _take(self, one):
        if one.macvtap:
            self.sysfs.set_macvtap(one.vf, None)
            subprocess.run(['ip', 'link', 'del', self.macvtaps.pop(one.vf)],
                           check=True)
            return
        self.sysfs.bind(one.vf, self.drivers[one.vf])
        self._set(one.vf, BARE)
        self._guest_link(one.vf, 'down')

    def _add_macvtap(self, one):
        """A veth stands for it: Neutron's agent reads its MAC."""
        index = next(link.ifindex for link in self.sysfs.links()
                     if link.kind == 'vf' and link.pci == one.vf)
        name = self.macvtaps[one.vf] = f'macvtap{index}'
        subprocess.run(
            ['ip', 'link', 'add', name, 'address', one.mac, 'type', 'veth',
             'peer', f'guest{index}'], check=True)
        self.sysfs.set_macvtap(one.vf, name)

    def _set(self, vf, settings):
        pf = self.host.pf_of(vf)
        self.settings.set(pf.netdev, pf.vf_addresses.index(vf), settings)

    def _guest_link(self, vf, *args):
        """A legacy VF has no representor, hence no wire to its guest."""
        if self.sysfs.representor(vf) is None:
            return
        guest = self.guests[vf]
        ip = ['ip', '-n', guest.netns]
        subprocess.run([*ip, 'address', 'flush', 'dev', guest.netdev],
                       check=True)
        subprocess.run([*ip, 'link', 'set', guest.netdev, *args], check=True)

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
