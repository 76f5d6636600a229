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

"""A compute host: a simulated card, real netdevs, a real Open vSwitch.

    with Compute(card) as compute:
        guest = compute.guest(vf, '192.0.2.1/24')
        compute.plug(Port(vf)).result()
"""

import contextlib
import itertools
import os
import pathlib
import subprocess
import threading
import time

from pyroute2 import NetNS

from tests.lab import crash
from tests.lab import osvif
from tests.lab import ovs
from tests.sim import inside
from tests.sim import memory
from tests.sim import netdevs
from tests.sim import sysfs

_count = itertools.count()


class Compute:

    def __init__(self, *cards, switch_sees_netdevs=True,
                 vswitchd=ovs.VSWITCHD, switch=ovs.Ovs):
        """
        :param switch: ovs.Ovs, or cluster.Cluster
        :param vswitchd: ovs.STAND_IN for what needs DPDK or the kernel's
            datapath: the database alone is real then
        :param switch_sees_netdevs: False runs Open vSwitch where the
            netdevs are not, so that it cannot open any
        """
        self._cards = cards
        self._blind = not switch_sees_netdevs
        self._vswitchd = vswitchd
        self._switch = switch
        self._stack = contextlib.ExitStack()
        self.options = {}

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            root = stack.enter_context(memory.folder())
            self.host = sysfs.Sysfs(root, *self._cards)
            self.netdevs = stack.enter_context(netdevs.Netdevs(
                self.host, f'lab-{os.getpid()}-{next(_count)}'))
            self.ovs = stack.enter_context(self._switch(
                None if self._blind else self.netdevs.netns,
                self._vswitchd))
            self.ovs.add_bridge('br-int')
            self._stack = stack.pop_all()
        connection = {'ovsdb_connection': self.ovs.connection}
        self.options = {
            'os_vif_vflag': {**connection, 'ovsdb_timeout': 10},
            'os_vif_ovs': {**connection, 'ovs_vsctl_timeout': 10}}
        return self

    def __exit__(self, *exc):
        self._stack.close()

    # os-vif in a process of this host

    def plug(self, port):
        return self.act(('plug', port))

    def unplug(self, port):
        return self.act(('unplug', port))

    def vanish(self, point, port):
        """Plug; at the point, the representor's netdev goes."""
        return self.call(
            crash.vanish, point, port, self.representor(port.vf))

    def run(self, function, *args, timeout=60):
        """Run a function of a module, given the options, in a process.

        :param timeout: seconds that it may take
        :returns: inside.Outcome
        """
        return self.call(function, *args, timeout=timeout)

    def act_together(self, action, ports):
        return self.call(osvif.act_together, action, ports)

    def die(self, point, action, port):
        """A process is killed at a point (crash.POINTS) of plug or unplug.

        :raises AssertionError: it never came there
        """
        try:
            outcome = self.call(crash.die, point, action, port)
        except EOFError:      # the pipe to a process that is no more
            return
        raise AssertionError(f'nobody was killed {point}: {outcome}')

    def act(self, *steps, how=osvif.act):
        """Steps of one process, as in osvif.act; a step that is a function
        is something that happens meanwhile.

        :param how: osvif.act or osvif.act_unprivileged
        """
        with memory.folder() as folder:
            os.chmod(folder, 0o777)
            pauses = {
                number: osvif.Pause(pathlib.Path(folder, f'reached{number}'),
                                    pathlib.Path(folder, f'go-on{number}'))
                for number, step in enumerate(steps) if callable(step)}
            found = []
            process = threading.Thread(target=lambda: found.append(
                self.call(how, *(pauses.get(number, step)
                           for number, step in enumerate(steps)))))
            process.start()
            for number, pause in pauses.items():
                while process.is_alive() and not pause.reached.exists():
                    process.join(0.01)
                steps[number]()
                pause.go_on.touch()
            process.join()
        return found[0]

    def warnings_of(self, action, port):
        """As in osvif.warnings_of."""
        return self.call(osvif.warnings_of, action, port).result()

    def call(self, function, *args, timeout=60):
        return inside.call(
            function, self.options, *args, sys=self.host.sys,
            netns=self.netdevs.netns, timeout=timeout)

    # What became of it

    def guest(self, vf, cidr):
        return self.netdevs.guest(vf, cidr=cidr)

    def representor(self, vf):
        return self.host.representor(vf).name

    def netdev(self, name):
        """(state, mtu) of a netdev of the host, from the kernel."""
        with NetNS(self.netdevs.netns) as ip:
            link = ip.link('get', ifname=name)[0]
            return link['state'], link.get('mtu')


def pings(guest, address, wait=10):
    """Whether within `wait` seconds a packet of the guest is answered.

    One ping after the other: a single one gives up at the first «host
    unreachable», which an ARP request of before the plug still brings.
    """
    command = inside.command(['ping', '-c1', '-W1', address],
                             netns=guest.netns)
    end = time.monotonic() + wait
    while time.monotonic() < end:
        if subprocess.run(command, capture_output=True).returncode == 0:
            return True
    return False
