"""VIFs that are not SR-IOV VFs: stock Nova's result, whatever it is."""

from nova.virt.libvirt import vif as stock
import pytest

from nova_sriov_ext.virt.libvirt import vif as sriov
from tests.unit.virt import domain
from tests.unit.virt import vifs

MACVTAP = {'macvtap_source': 'eth0.7', 'macvtap_mode': 'bridge',
           'physical_interface': 'eth0'}

OTHERS = {
    'ovs normal': vifs.vif('ovs', 'normal', None, bridge='br-int'),
    'ovs hybrid': vifs.vif('ovs', 'normal', None, bridge='br-int',
                           ovs_hybrid_plug=True, port_filter=True),
    'ovs vdpa': vifs.vif('ovs', 'vdpa', bridge='br-int'),
    'ovs remote-managed': vifs.vif('ovs', 'remote-managed'),
    'whole PF': vifs.vif('hostdev_physical', 'direct-physical', vlan='7'),
    'macvtap agent': vifs.vif('macvtap', 'normal', None, **MACVTAP),
    'tap': vifs.vif('tap', 'normal', None),
    'InfiniBand': vifs.vif('ib_hostdev', 'direct'),
    'vhostuser': vifs.vif('vhostuser', 'normal', None, vhostuser_mode='client',
                          vhostuser_socket='/run/vhu'),
    'accelerator on hw_veb': vifs.vif(
        'hw_veb', 'accelerator-direct', vlan='7'),
}

REFUSED = {
    'no type': vifs.vif(None, 'normal'),
    'unbound': vifs.vif('unbound', 'direct'),
    'binding failed': vifs.vif('binding_failed', 'direct'),
    'ovs normal without a bridge': vifs.vif('ovs', 'normal', None),
    'macvtap without details': vifs.vif('macvtap', 'normal', None),
}


class VdpaHost:
    """What get_config asks of a host: the libvirt that knows the VDPA."""

    def get_vdpa_device_path(self, pci_address):
        return f'/dev/vhost-vdpa-{pci_address}'


DRIVERS = (sriov.SriovVIFDriver, stock.LibvirtGenericVIFDriver)


@pytest.mark.parametrize('vif', OTHERS.values(), ids=OTHERS.keys())
def test_same_config(conf, vif):
    limits = vifs.flavor(**{'quota:vif_inbound_average': '1000'})
    ours, theirs = (vifs.config(driver(VdpaHost()), vif, limits)
                    for driver in DRIVERS)
    assert type(ours) is type(theirs)
    assert domain.canonical(ours) == domain.canonical(theirs)


@pytest.mark.parametrize('vif', REFUSED.values(), ids=REFUSED.keys())
def test_same_refusal(conf, vif):
    refusals = []
    for driver in DRIVERS:
        with pytest.raises(Exception) as caught:
            vifs.config(driver(), vif)
        refusals.append((type(caught.value), str(caught.value)))
    assert refusals[0] == refusals[1]
