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

"""Whatever operators and users do, Placement's numbers are the truth."""

import random

from nova import context
from nova import objects
from nova.tests.functional.api import client
from oslo_utils import uuidutils

from nova_sriov_ext.placement import names
from tests.functional.nova import base
from tests.functional.nova import placement

HOSTS = ('compute1', 'compute2')
MODES = ('legacy', 'switchdev')
# VFs of each PF.
VFS = 2
STEPS = 40
# Until each kind of step has come: which ones are possible depends on the
# hosts, of which nova-scheduler takes equal ones at random.
MOST_STEPS = 200
SEED = 1


class RandomTest(placement.PlacementTest):
    """Total - reserved - used is the number of VFs that the PCI tracker has
    free, of all and of each eswitch mode, after one update, whatever came
    before."""

    def setUp(self):
        super().setUp()
        self.assign()
        for hostname in HOSTS:
            self.start_host(hostname, num_vfs=VFS, mode=MODES[0],
                            more_modes=MODES[1:])
        # Of each PF; all hosts see the same cards.
        self.modes = {f'0000:81:0{number}.0': mode
                      for number, mode in enumerate(MODES)}
        # Servers in the order of their boot, with the ports that they have:
        # the order of their ids would differ from run to run.
        self.ports = {}
        self.resized = set()
        self.random = random.Random(SEED)
        self.done = []

    def test_numbers_hold_after_each_random_step(self):
        steps = [getattr(self, name) for name in sorted(dir(self))
                 if name.startswith('step_')]
        while len(self.done) < STEPS or len(set(self.done)) < len(steps):
            assert len(self.done) < MOST_STEPS, set(self.done)
            step = self.random.choice(steps)
            if step() is not False:
                self.done.append(step.__name__)
                self.check()

    def check(self):
        for hostname in HOSTS:
            self.update(hostname)
            numbers = self.numbers(hostname)
            assert numbers.free == self.free(hostname), (hostname, self.done)
            inventories = self.inventories(hostname)
            for mode in MODES:
                name = names.mode_class(mode, base.PHYSNET)
                free = (self.numbers(hostname, name).free
                        if name in inventories else 0)
                assert free == self.free(hostname, mode), (
                    hostname, mode, self.done)

    def free(self, hostname, *modes):
        node = objects.ComputeNode.get_by_nodename(
            context.get_admin_context(), hostname)
        return sum(d.is_available() and d.dev_type == 'type-VF'
                   and self.modes[d.parent_addr] in (modes or MODES)
                   for d in objects.PciDeviceList.get_by_compute_node(
                       context.get_admin_context(), node.id))

    def pick(self, some):
        """:returns: one of them, None of none"""
        some = list(some)
        return self.random.choice(some) if some else None

    def settled(self):
        return [s for s in self.ports if s not in self.resized]

    def new_port(self, *capabilities):
        port = dict(self.neutron.network_4_port_1)
        number = len(self.neutron._ports)
        port.update(id=uuidutils.generate_uuid(),
                    mac_address=f'fa:16:3e:00:00:{number:02x}',
                    **{'binding:profile': {'capabilities': capabilities}},
                    fixed_ips=[{**port['fixed_ips'][0],
                                'ip_address': f'192.168.4.{number + 100}'}])
        self.neutron.create_port({'port': port})
        return port['id']

    def boot_any(self, **kwargs):
        ports = [self.new_port(*self.random.choice(([], ['switchdev'])))
                 for _ in range(self.random.choice((1, 2)))]
        # Casts are calls in Nova's functional tests: it is over then.
        server = self.api.post_server({'server': self._build_server(
            networks=[{'port': port} for port in ports], **kwargs)})['id']
        self.ports[server] = ports
        if self.api.get_server(server)['status'] == 'ERROR':
            self.delete(server)

    def delete(self, server):
        self._delete_server({'id': server})
        del self.ports[server]
        self.resized.discard(server)

    def step_boot(self):
        self.boot_any()

    def step_boot_past_the_filters(self):
        hostname = self.pick(h for h in HOSTS if self.free(h) >= 2)
        if not hostname:
            return False
        self.boot_any(az=f'nova:{hostname}')

    def step_delete(self):
        if not self.ports:
            return False
        self.delete(self.pick(self.ports))

    def step_attach(self):
        server = self.pick(s for s in self.settled()
                           if self.free(self.host_of(s)))
        if not server:
            return False
        port = self.new_port()
        self._attach_interface({'id': server}, port)
        self.ports[server].append(port)

    def step_detach(self):
        server = self.pick(s for s in self.settled() if self.ports[s])
        if not server:
            return False
        port = self.pick(self.ports[server])
        self._detach_interface({'id': server}, port)
        self.ports[server].remove(port)

    def step_migrate(self):
        server = self.pick(self.settled())
        if not server:
            return False
        try:
            self.migrate({'id': server})
            self.resized.add(server)
        except client.OpenStackApiException as e:
            if 'NoValidHost' not in str(e):
                # Nova 34 itself, with its own driver and filter too: a server
                # with a VF that was migrated and reverted is not migrated
                # again ("Unable to correlate PCI slot").
                assert 'PortUpdateFailed' in str(e)
                self.delete(server)

    def step_confirm(self):
        return self.finish(self._confirm_resize)

    def step_revert(self):
        return self.finish(self._revert_resize)

    def finish(self, how):
        server = self.pick(s for s in self.ports if s in self.resized)
        if not server:
            return False
        how({'id': server})
        self.resized.remove(server)

    def step_rebuild(self):
        server = self.pick(self.settled())
        if not server:
            return False
        self._rebuild_server({'id': server},
                             '155d900f-4e14-4e4c-a73d-069cbf4541e6')

    def step_change_a_mode(self):
        """Of VFs in use as well; what moves meanwhile keeps its allocation,
        as of the mode that it has had."""
        if self.resized:
            return False
        pf = self.pick(self.modes)
        self.modes[pf], = set(MODES) - {self.modes[pf]}
        self.sysfs.set_mode(pf, self.modes[pf])

    def step_crash(self):
        self.restart_compute_service(self.pick(HOSTS))

    def host_of(self, server):
        return self.api.get_server(server)['OS-EXT-SRV-ATTR:host']
