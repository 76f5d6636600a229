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

"""The compute hosts of the cloud and the cards in them."""

import dataclasses
import json

from tests.sim.card import Bond
from tests.sim.card import Card
from tests.sim.card import LagState
from tests.sim.card import Pf

# Neutron's agent that serves the VFs of a PF, by the PF's eswitch mode.
AGENTS = {'switchdev': 'openvswitch', 'legacy': 'sriov'}


@dataclasses.dataclass(frozen=True)
class Host:
    """A compute host.

    :param physnets: PCI address of a PF -> its physnet, None for tunnels
    :param reserved_mb: memory that Nova must not give to servers
    """

    name: str
    cards: tuple
    physnets: dict
    reserved_mb: int = 512

    @property
    def number(self):
        return int(self.name.removeprefix('compute'))

    @property
    def pfs(self):
        return [pf for card in self.cards for pf in card.pfs]

    @property
    def agents(self):
        """The agents that its cards need: keys of host_config.AGENTS."""
        return sorted({AGENTS[pf.mode] for pf in self.pfs})

    @property
    def tunnel_ip(self):
        """Where its tunnels end."""
        return f'172.31.0.{self.number}'

    def bridge(self, use):
        """Its bridge for a physnet, or for 'int' or 'tun': all hosts share
        one Open vSwitch."""
        return f'br-{use}-c{self.number}'

    def owns(self, bridge):
        return bridge.endswith(f'-c{self.number}')

    def uplinks(self, agent):
        """{physnet: netdev} of the PFs that an agent serves: the bond where
        they are in one"""
        return {self.physnets[pf.address]:
                card.bond.name if card.bond else pf.netdev
                for card in self.cards for pf in card.pfs
                if AGENTS[pf.mode] == agent and self.physnets[pf.address]}

    def mode_of(self, vf):
        """The eswitch mode of the PF that has a VF, None if none does."""
        pf = self.pf_of(vf)
        return pf.mode if pf else None

    def pf_of(self, vf):
        """The PF that has a VF, None if none does."""
        return next((pf for pf in self.pfs if vf in pf.vf_addresses), None)

    def device_spec(self):
        """[pci]device_spec: the VFs of every PF, known by product id."""
        return [json.dumps({
            'vendor_id': card.vendor, 'product_id': card.vf_product,
            'address': f'{card.pfs[0].address.rpartition(":")[0]}:*.*',
            'physical_network': self.physnets[card.pfs[0].address]})
            for card in self.cards]


def bonded(slot, netdev, bond, switch_id):
    """A card whose two ports are in a bond with VF-LAG.

    :param netdev: of its ports, without np and their number
    """
    ports = tuple(Pf(f'{slot}.{port}', f'{netdev}f{port}np{port}')
                  for port in range(2))
    return Card(ports, switch_id=switch_id, lag=LagState(),
                bond=Bond(bond, '802.3ad', tuple(p.netdev for p in ports)))


# Nova's weighers prefer free memory: without this project's filter and
# weighers, every server would go to compute2. On compute1 the legacy card
# comes first: Nova's own claim would take its VFs for any port on physnet2.
# Between the hosts servers move on physnet4.
HOSTS = (
    Host('compute1',
         (Card((Pf('0000:02:00.0', 'enp2s0f0np0', 'legacy', vfs=4),),
               switch_id='e41d2d0300a1b2c0'),
          Card((Pf('0000:03:00.0', 'enp3s0f0np0', 'switchdev', vfs=4),)),
          bonded('0000:06:00', 'enp6s0', 'bond1', 'e41d2d0300a1b2d0')),
         {'0000:02:00.0': 'physnet2', '0000:03:00.0': 'physnet2',
          '0000:06:00.0': 'physnet4', '0000:06:00.1': 'physnet4'},
         reserved_mb=4096),
    Host('compute2',
         (Card((Pf('0000:05:00.0', 'enp5s0f0np0', 'legacy', vfs=4),),
               switch_id='e41d2d0300a1b2c8'),
          bonded('0000:07:00', 'enp7s0', 'bond2', 'e41d2d0300a1b2d8'),
          Card((Pf('0000:08:00.0', 'enp8s0f0np0', vfs=2),),
               switch_id='e41d2d0300a1b2e0')),
         {'0000:05:00.0': 'physnet3',
          '0000:07:00.0': 'physnet4', '0000:07:00.1': 'physnet4',
          '0000:08:00.0': None}),
)


def by_name(name):
    return {host.name: host for host in HOSTS}[name]
