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

from tests.sim.card import Card
from tests.sim.card import Pf

# Neutron's agent that serves the VFs of a PF, by the PF's eswitch mode.
AGENTS = {'switchdev': 'openvswitch', 'legacy': 'sriov'}


@dataclasses.dataclass(frozen=True)
class Host:
    """A compute host.

    :param physnets: PCI address of a PF -> its physnet
    :param reserved_mb: memory that Nova must not give to servers
    """

    name: str
    cards: tuple
    physnets: dict
    reserved_mb: int = 512

    @property
    def pfs(self):
        return [pf for card in self.cards for pf in card.pfs]

    @property
    def agents(self):
        """The agents that its cards need: keys of config.AGENTS."""
        return sorted({AGENTS[pf.mode] for pf in self.pfs})

    def uplinks(self, agent):
        """[(physnet, netdev)] of the PFs that an agent serves"""
        return [(self.physnets[pf.address], pf.netdev) for pf in self.pfs
                if AGENTS[pf.mode] == agent]

    def mode_of(self, vf):
        """The eswitch mode of the PF that has a VF, None if none does."""
        return {address: pf.mode for pf in self.pfs
                for address in pf.vf_addresses}.get(vf)

    def device_spec(self):
        """[pci]device_spec: the VFs of every PF, known by product id."""
        return [json.dumps({
            'vendor_id': card.vendor, 'product_id': card.vf_product,
            'address': f'{pf.address.rpartition(".")[0]}.*',
            'physical_network': self.physnets[pf.address]})
            for card in self.cards for pf in card.pfs]


# Nova's weighers prefer free memory: without this project's filter, every
# server would go to compute2. On compute1 the legacy card comes first: Nova's
# own claim would take its VFs for any port on physnet2.
HOSTS = (
    Host('compute1',
         (Card((Pf('0000:02:00.0', 'enp2s0f0np0', 'legacy', vfs=4),),
               switch_id='e41d2d0300a1b2c0'),
          Card((Pf('0000:03:00.0', 'enp3s0f0np0', 'switchdev', vfs=4),))),
         dict.fromkeys(('0000:02:00.0', '0000:03:00.0'), 'physnet2'),
         reserved_mb=4096),
    Host('compute2',
         (Card((Pf('0000:05:00.0', 'enp5s0f0np0', 'legacy', vfs=4),),
               switch_id='e41d2d0300a1b2c8'),),
         {'0000:05:00.0': 'physnet3'}),
)


def by_name(name):
    return {host.name: host for host in HOSTS}[name]
