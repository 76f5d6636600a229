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

"""What the VIF driver asks of Nova and of the host, where neither is."""

import dataclasses

from nova import exception
from nova import objects
from nova.network import model
import os_vif
import pytest
from stevedore import extension

from nova_sriov_ext.virt.libvirt import driver as driver_module
from nova_sriov_ext.virt.libvirt import vif as sriov
from os_vif_vflag.host import host
from tests.sim import card
from tests.sim import iproute
from tests.sim import netlink
from tests.sim import sysfs
from tests.sim import vfs
from tests.unit.placement.host import SPEC
from tests.unit.virt import vifs


class VdpaHost:
    """What get_config asks of a host: the libvirt that knows the VDPA."""

    def get_vdpa_device_path(self, pci_address):
        return f'/dev/vhost-vdpa-{pci_address}'


@pytest.fixture(autouse=True)
def database(monkeypatch):
    """What Nova's database has of the server's devices: a list to fill."""
    rows = vifs.recorded()

    def look_up(context, uuid):
        # Nova lets nobody else read it.
        assert context.is_admin
        return rows if uuid == vifs.INSTANCE.uuid else vifs.recorded()

    monkeypatch.setattr(
        objects.PciDeviceList, 'get_by_instance_uuid', look_up)
    return rows.objects


@pytest.fixture(autouse=True)
def netdevs(monkeypatch):
    """Netdevs by PCI address, as stock Nova and we look for them in sysfs:
    a dict to change."""
    found = {vifs.SLOT: vifs.NETDEV}

    def look_up(address, pf_interface=False):
        if address not in found:
            raise exception.PciDeviceNotFoundById(id=address)
        return found[address]

    monkeypatch.setattr('nova.pci.utils.get_ifname_by_pci_address', look_up)
    return found


@pytest.fixture
def driver(conf):
    return sriov.SriovVIFDriver(VdpaHost())


# Its first VF is vifs.SLOT.
PF = card.Pf('0000:03:00.0', 'enp3s0f0np0', mode='legacy', vf_offset=2)


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
        monkeypatch.setattr(sriov, 'Host', lambda: host.Host(
            str(sim.root), netlink.Netlink(sim)))
        table, replaced = iproute.patches(sim)
        for name, value in replaced.items():
            monkeypatch.setattr(name, value)
        return Machine(sim, table, sriov.SriovVIFDriver())
    return build


class Plugin:
    """An os-vif plugin on a host where plugging means writing it down."""

    def __init__(self):
        self.plugged = {}
        self.error = None

    def plug(self, vif, instance_info):
        self._fail()
        self.plugged[vif.id] = (vif, instance_info)

    def unplug(self, vif, instance_info):
        self._fail()
        self.plugged.pop(vif.id)

    def _fail(self):
        if self.error is not None:
            raise self.error


@pytest.fixture
def plugins(monkeypatch):
    """:returns: dict, name -> Plugin, as if os_vif had loaded them"""
    found = {name: Plugin() for name in ('ovs', 'vflag', 'noop')}
    monkeypatch.setattr(
        os_vif, '_EXT_MANAGER', extension.ExtensionManager.make_test_instance(
            [extension.Extension(name, None, type(plugin), plugin)
             for name, plugin in found.items()]))
    return found


@pytest.fixture
def nova(monkeypatch, conf, sriov_host):
    """:returns: a stock_driver.Stock; the host has a PF in legacy mode"""
    # It needs what is above.
    from tests.unit.virt import stock_driver
    found = stock_driver.Stock()
    sim = sriov_host(card.Card(pfs=(PF,)))
    monkeypatch.setattr(driver_module, 'Host', lambda: host.Host(
        str(sim.root), netlink.Netlink(sim)))
    conf.config(host='host')
    conf.config(device_spec=[SPEC], group='pci')
    return found


@pytest.fixture
def tracker():
    """:returns: the stock_driver.ResourceTracker of nova-compute"""
    from tests.unit.virt import stock_driver
    return stock_driver.ResourceTracker()


@pytest.fixture
def server(monkeypatch):
    """A server with a switchdev port, also in the database."""
    found = vifs.instance()
    found.host, found.vm_state = 'host', 'active'
    found.info_cache = objects.InstanceInfoCache(
        network_info=model.NetworkInfo([vifs.switchdev()]))
    monkeypatch.setattr(objects.Instance, 'get_by_uuid',
                        lambda context, uuid, **options: found)
    return found
