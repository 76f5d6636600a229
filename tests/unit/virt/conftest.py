"""A compute host with a simulated card, and the VIF driver on it."""

import dataclasses

import pytest

from nova_sriov_ext.virt.libvirt import vif as sriov
from os_vif_vflag import host as real_host
from tests.sim import card
from tests.sim import iproute
from tests.sim import netlink
from tests.sim import sysfs
from tests.sim import vfs

# Its first VF is vifs.SLOT.
PF = card.Pf('0000:03:00.0', 'enp3s0f0', mode='legacy', vf_offset=2)


@dataclasses.dataclass
class Machine:
    host: sysfs.Sysfs
    vfs: vfs.Vfs
    driver: sriov.SriovVIFDriver

    @property
    def vf(self):
        """What the driver tells of the VF of vifs.SLOT."""
        uplink = self.host.cards[0].pfs[0].netdev
        return self.vfs.of(uplink).get(0)


@pytest.fixture
def machine(sriov_host, monkeypatch, conf):
    """A function: driver of the card, its PF → Machine"""
    def build(driver='mlx5_core', pf=PF):
        sim = sriov_host(card.Card(pfs=(pf,), driver=driver))
        monkeypatch.setattr(sriov, 'Host', lambda: real_host.Host(
            str(sim.root), netlink.Netlink(sim)))
        table, replaced = iproute.patches(sim)
        for name, value in replaced.items():
            monkeypatch.setattr(name, value)
        return Machine(sim, table, sriov.SriovVIFDriver())
    return build
