"""What get_config asks of Nova and of the host, where neither is."""

from nova import exception
from nova import objects
import pytest

from nova_sriov_ext.virt.libvirt import vif as sriov
from tests.unit.virt import vifs


class VdpaHost:
    """What get_config asks of a host: the libvirt that knows the VDPA."""

    def get_vdpa_device_path(self, pci_address):
        return f'/dev/vhost-vdpa-{pci_address}'


@pytest.fixture(autouse=True)
def database(monkeypatch):
    """What Nova's database has of the server's devices: a list to fill."""
    rows = vifs.recorded()
    monkeypatch.setattr(objects.PciDeviceList, 'get_by_instance_uuid',
                        lambda context, uuid: rows)
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
