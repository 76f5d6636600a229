"""The compute hosts of the cloud and the cards in them."""

import dataclasses
import json

from tests.sim.card import Card
from tests.sim.card import Pf


@dataclasses.dataclass(frozen=True)
class Host:
    """A compute host.

    :param physnets: PCI address of a PF -> its physnet
    :param agent: what serves its ports: 'openvswitch' or 'sriov'
    :param reserved_mb: memory that Nova must not give to servers
    """

    name: str
    cards: tuple
    physnets: dict
    agent: str
    reserved_mb: int = 512

    @property
    def pfs(self):
        return [pf for card in self.cards for pf in card.pfs]

    @property
    def uplinks(self):
        """[(physnet, netdev)]"""
        return [(self.physnets[pf.address], pf.netdev) for pf in self.pfs]

    def device_spec(self):
        """[pci]device_spec: the VFs of every PF, told by product id."""
        return [json.dumps({
            'vendor_id': card.vendor, 'product_id': card.vf_product,
            'address': f'{pf.address.rpartition(".")[0]}.*',
            'physical_network': self.physnets[pf.address]})
            for card in self.cards for pf in card.pfs]


# Nova's weighers prefer free memory: without this project's filter, every
# server would go to compute2.
HOSTS = (
    Host('compute1',
         (Card((Pf('0000:03:00.0', 'enp3s0f0np0', 'switchdev', vfs=4),)),),
         {'0000:03:00.0': 'physnet2'}, 'openvswitch', reserved_mb=4096),
    Host('compute2',
         (Card((Pf('0000:05:00.0', 'enp5s0f0np0', 'legacy', vfs=4),),
               switch_id='e41d2d0300a1b2c8'),),
         {'0000:05:00.0': 'physnet3'}, 'sriov'),
)


def by_name(name):
    return {host.name: host for host in HOSTS}[name]
