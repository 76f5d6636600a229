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

"""A hypothesis state machine that walks through Nova's API at random.

After each step Placement, Nova's PCI tracker, libvirt and Neutron say the
same (checks.py), and what succeeds is what brute force over the free devices
says (room.py).
"""

import collections
import contextlib
import functools
import random
import traceback

from hypothesis import stateful
from hypothesis import strategies as st

from tests.functional.nova.walk import checks
from tests.functional.nova.walk import cloud as clouds
from tests.functional.nova.walk import hosts
from tests.functional.nova.walk import ports
from tests.functional.nova.walk import room

KINDS = st.sampled_from(sorted(ports.KINDS))
FLAVORS = st.sampled_from(sorted(room.FLAVORS))

# Servers at a time: enough to fill a host, few enough to stay quick.
_MOST = 6
# How often each step comes, among those that are possible.
WEIGHTS = {
    'boot': 6, 'delete': 2, 'attach': 2, 'detach': 2, 'migrate': 2,
    'resize': 3, 'confirm': 2, 'revert': 2, 'live_migrate': 2, 'shelve': 2,
    'hard_reboot': 1, 'rebuild': 1, 'evacuate': 3, 'host_down': 1,
    'host_up': 2, 'restart': 2, 'change_vfs': 1, 'change_device_spec': 1,
}


class Walk(stateful.RuleBasedStateMachine):
    """One rule for all steps: of many rules hypothesis leaves out some in
    each walk.

    :cvar done: Counter, name of a step → how often it was taken, all walks
    """

    cloud = None
    done = collections.Counter()

    @stateful.initialize(number=st.integers(0, 1 << 32))
    def start(self, number):
        """Hypothesis begins with the simplest walk, where each choice is the
        first that there is: not worth a cloud."""
        if number:
            # Hypothesis seeds it alike for each walk, and oslo.db's fixture
            # takes the names of databases from it.
            random.seed()
            self.cloud = clouds.Cloud()
            self.cloud.setUp()

    def teardown(self):
        """As testtools ends a test: all of it, whatever fails on the way."""
        with contextlib.ExitStack() as stack:
            if self.cloud:
                for function, args, kwargs in self.cloud._cleanups:
                    stack.callback(function, *args, **kwargs)
                self.cloud._cleanups.clear()
                self.cloud.tearDown()

    @stateful.rule(data=st.data())
    def step(self, data):
        if not self.cloud:
            return
        steps = Steps(self.cloud, data)
        possible = [name for name, weight in WEIGHTS.items()
                    if steps.candidates(name) for _ in range(weight)]
        try:
            self.cloud.passed.clear()
            name = steps.draw('step', possible)
            getattr(steps, name)(steps.candidates(name))
            checks.Checks(self.cloud).run()
            self.done[name] += 1
        except Exception:
            # Hypothesis walks the same way again before it says anything.
            print(*self.cloud.journal, traceback.format_exc(), sep='\n')
            raise


class Steps:
    """:param cloud: clouds.Cloud
    :param data: hypothesis' data, to draw from
    """

    def __init__(self, cloud, data):
        self.cloud = cloud
        self.data = data

    def draw(self, label, choices):
        return self.choose(label, st.sampled_from(choices))

    def choose(self, label, strategy):
        """:returns: one of the strategy's, noted in the journal"""
        choice = self.data.draw(strategy)
        self.note(f'{label}: {choice!r}')
        return choice

    def note(self, text):
        self.cloud.journal.append(str(text))

    def pick(self, servers):
        """:returns: clouds.Server"""
        number = self.draw('server', [s.number for s in servers])
        return next(s for s in servers if s.number == number)

    def judge(self, done, needs, roomy, server=None):
        """What brute force says is what happens.

        :param roomy: list of hosts.Host that could take it
        :param server: clouds.Server that is moved
        """
        self.note(f'done: {bool(done)}, could be on '
                  f'{[host.name for host in roomy]}, '
                  f'passed: {sorted(self.cloud.passed)}')
        assert roomy or not done
        # Of a guest with NUMA nodes Nova's NUMATopologyFilter judges the
        # ports of the boot, attached and detached since or not.
        is_unknown = (server is not None and server.has_other_ports
                      and 'numa' in needs.flavor)
        assert done or is_unknown or all(
            self._may_refuse(host, needs) for host in roomy)

    def _may_refuse(self, host, needs):
        """Nova's own claim takes what comes first, which need not suit where
        VFs differ. The filter foresees that: what it passes is served."""
        return (host.claim_policy == 'stock'
                and host.name not in self.cloud.passed
                and (host.is_mixed or 'spread' in needs.flavor))

    # What a step may be done to: of each name a list, empty where nothing is.

    def candidates(self, name):
        return getattr(self, f'_to_{name}', self._settled)()

    def _settled(self):
        return [s for s in self.cloud.servers if s.status == 'ACTIVE'
                and self.cloud.hosts[s.host].up]

    def _up(self):
        return [host for host in self.cloud.hosts.values() if host.up]

    def _resized(self):
        return [s for s in self.cloud.servers if s.status == 'VERIFY_RESIZE']

    def _to_boot(self):
        return [True] * (len(self.cloud.servers) < _MOST)

    def _to_delete(self):
        return [*self._settled(), *self._resized()]

    def _to_detach(self):
        """Nova's own claim looks for the VF where the server was evacuated
        from, as long as that host is down, and keeps the one here."""
        return [s for s in self._settled() if s.ports and not (
            self._has_more(s)
            and self.cloud.hosts[s.host].claim_policy == 'stock')]

    def _to_shelve(self):
        """With Nova's own claim its ports would be bound to those VFs."""
        return [s for s in self._settled() if not (
            self._has_more(s)
            and any(host.claim_policy == 'stock' for host in self._up()))]

    def _has_more(self, server):
        """Whether the host is down from which it was evacuated: its devices
        there are in its list."""
        return server.fled and not self.cloud.hosts[server.fled].up

    _to_confirm = _to_revert = _resized

    def _to_live_migrate(self):
        """Devices of an alias stay where they are."""
        return [s for s in self._settled() if 'alias' not in s.flavor]

    def _to_evacuate(self):
        """Nova 34 loses count of an alias's devices before the old host is
        back: the request has a new id, the device there the old one
        (KeyError in Instance.get_pci_devices)."""
        return [s for s in self.cloud.servers
                if s.host and not self.cloud.hosts[s.host].up
                and 'alias' not in s.flavor]

    def _to_host_down(self):
        moving = {name for s in self._resized() for name in (
            s.host, s.old[0])}
        return [host.name for host in self._up() if host.name not in moving
                and len(self._up()) == len(self.cloud.hosts)]

    def _to_host_up(self):
        return [host for host in self.cloud.hosts.values() if not host.up]

    def _to_restart(self):
        return [host.name for host in self._up()]

    @functools.cached_property
    def _unused_pfs(self):
        """:returns: list of (host's name, PF) of which no server has a VF"""
        free = {host.name: self.cloud.free(host).vfs for host in self._up()}
        return [(host.name, pf) for host in self._up() for pf in host.listed
                if free[host.name][pf] == host.vfs[pf]]

    def _to_change_vfs(self):
        return self._unused_pfs

    _to_change_device_spec = _to_change_vfs

    # Steps of users.

    def boot(self, _):
        flavor = self.choose('flavor', FLAVORS)
        kinds = self.choose(
            'ports', st.lists(KINDS, min_size=1, max_size=3))
        needs = clouds.needs_of(
            flavor, [clouds.Port(None, kind) for kind in kinds])
        roomy = self.cloud.roomy(needs)
        server = self.cloud.boot(flavor, kinds)
        done = server.status == 'ACTIVE'
        if not done:
            self.note(self.cloud.fault(server))
            self.cloud.delete(server)
        self.judge(done, needs, roomy)

    def delete(self, servers):
        self.cloud.delete(self.pick(servers))

    def attach(self, servers):
        server = self.pick(servers)
        kind = self.choose('port', KINDS)
        needs = clouds.needs_of(server.flavor.replace('alias', ''),
                                [clouds.Port(None, kind)])
        host = self.cloud.hosts[server.host]
        could = self.cloud.free(host).has(needs, self.cloud.held_pfs(server))
        done = self.cloud.attach(server, kind)
        # Which NUMA node the guest is on, Nova knows alone.
        known = done or 'numa' not in server.flavor
        self.judge(done, needs, [host] * (could and known))

    def detach(self, servers):
        server = self.pick(servers)
        index = self.draw('port', range(len(server.ports)))
        self.cloud.detach(server, server.ports[index])

    def resize(self, servers):
        self._move(self.pick(servers), self.choose('to', FLAVORS))

    def migrate(self, servers):
        server = self.pick(servers)
        self._move(server, server.flavor)

    def _move(self, server, flavor):
        needs = clouds.needs_of(flavor, server.ports)
        roomy = self.cloud.roomy(needs, besides=server.host)
        error = self.cloud.move(server, flavor)
        self.note(error)
        self.judge(not error, needs, roomy, server)

    def confirm(self, servers):
        self.cloud.confirm(self.pick(servers))

    def revert(self, servers):
        self.cloud.revert(self.pick(servers))

    def live_migrate(self, servers):
        server = self.pick(servers)
        roomy = self.cloud.roomy(server.needs, besides=server.host)
        error = self.cloud.live_migrate(server)
        self.note(error)
        self.judge(not error, server.needs, roomy, server)

    def shelve(self, servers):
        server = self.pick(servers)
        self.cloud.shelve(server)
        checks.Checks(self.cloud).run()
        roomy = self.cloud.roomy(server.needs)
        self.cloud.unshelve(server)
        done = server.status == 'ACTIVE'
        if not done:
            self.cloud.delete(server)
        self.judge(done, server.needs, roomy, server)

    def hard_reboot(self, servers):
        self.cloud.hard_reboot(self.pick(servers))

    def rebuild(self, servers):
        self.cloud.rebuild(self.pick(servers))

    # Steps of operators.

    def restart(self, names):
        host = self.cloud.hosts[self.draw('host', names)]
        self.cloud.restart(
            host,
            claim_policy=self.draw('claim', ('assign', 'assign', 'stock')),
            in_placement=self.draw('in Placement', (True, True, False)))

    def change_vfs(self, pfs):
        name, pf = self.draw('PF', pfs)
        vfs = self.draw('VFs', range(1, hosts.MOST_VFS + 1))
        self.cloud.change_vfs(self.cloud.hosts[name], pf, vfs)

    def change_device_spec(self, pfs):
        """List one PF less, or all again."""
        name, pf = self.draw('PF', pfs)
        host = self.cloud.hosts[name]
        self.cloud.restart(host, listed=(1 - pf,) if len(host.listed) == 2
                           else (0, 1))

    def host_down(self, names):
        self.cloud.take_down(self.cloud.hosts[self.draw('host', names)])

    def host_up(self, down):
        for host in down:
            self.cloud.bring_up(host)

    def evacuate(self, servers):
        server = self.pick(servers)
        roomy = self.cloud.roomy(server.needs)
        done = self.cloud.evacuate(server)
        if not done:
            self.cloud.reset(server)
        self.judge(done, server.needs, roomy, server)
