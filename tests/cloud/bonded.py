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

"""The part of the story that plays on physnet4: both hosts have a bond there.

Each bond is of the two ports of a card, with VF-LAG: the VFs of either PF are
on both cables.
"""

from tests.cloud import hosts
from tests.cloud import play
from tests.cloud import vf_counts

PAIR = ('pair-a', 'pair-b')
# The first port of compute2's bond.
HOST, CABLE = 'compute2', 'enp7s0f0np0'
PROFILE = '--hardware-offload-type switchdev'


class Bonded:

    def __init__(self, scenario):
        self._story = scenario
        self._client = scenario.client
        self._checks = scenario.checks
        self._evidence = scenario.evidence
        self._ports = {}

    @property
    def chapters(self):
        return self.spread, self.move, self.lose_link

    def spread(self):
        """A server with two ports on different PFs: sriov:pf_policy=spread"""
        self._ports = self._story.create_ports(
            dict.fromkeys(PAIR, 'net4'), PROFILE)
        self._client.openstack(
            'server', 'create', '--flavor', 'spread', '--image', 'image',
            *(word for name in PAIR for word in ('--port', name)), '--wait',
            'pair', '-c', 'status', '-c', 'OS-EXT-SRV-ATTR:host')
        self._check_pair('compute2')

    def move(self):
        """It moves to another host, and gets VFs there"""
        self._client.openstack('server', 'migrate', '--wait', 'pair')
        self._client.openstack('server', 'migrate', 'confirm', 'pair')
        self._check_pair('compute1')

    def lose_link(self):
        """The bond of compute2 loses a link: who has a choice avoids it"""
        self._pull('down')
        self._story.boot(self._story.create_ports({'late': 'net4'}, PROFILE))
        self._story.check_server('late', 'compute1')
        self._checks.true(
            'nova-sriov host show says why there',
            f'no link on {CABLE}' in self._evidence.lags(HOST),
            'its output does not')
        self._pull('up')

    def _pull(self, link):
        """Wait until the controller knows."""
        play.cable(self._story.state, self._story.progress, HOST, CABLE, link)
        down = link == 'down'
        self._checks.eventually(
            f'nova-sriov check {"warns of" if down else "accepts"} the '
            f'VF-LAG of {HOST}', self._evidence.lag_is_degraded, down)

    def _check_pair(self, host):
        """Where it is, and what it has there and nowhere else."""
        self._checks.eventually(
            f'pair is ACTIVE on {host}',
            lambda: self._evidence.whereabouts('pair'), ('ACTIVE', host))
        compute = hosts.by_name(host)
        pfs = {compute.pf_of(vf) for vf in self._evidence.vfs(PAIR).values()}
        self._checks.equal(f'its VFs are of two PFs of {host}',
                           len(pfs - {None}), len(PAIR))
        self._checks.eventually(
            'Nova and Placement count them there, and none elsewhere',
            lambda: on_physnet4(self._evidence.counts()),
            on_physnet4(vf_counts.of({(host, 'physnet4', 'switchdev'): 2})))
        plugged = self._evidence.plugged()
        self._checks.equal(
            'their representors are on its bridge',
            {self._evidence.bridge(plugged[port['id']][0])
             for port in self._ports.values() if port['id'] in plugged},
            {compute.bridge('int')})


def on_physnet4(counts):
    """What vf_counts.of returns, of that physnet only."""
    return [{key: found for key, found in table.items()
             if 'physnet4' in str(key).lower()} for table in counts]
