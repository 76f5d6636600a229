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
    'macvtap agent': vifs.vif('macvtap', 'normal', None, **MACVTAP),
    'tap': vifs.vif('tap', 'normal', None),
    'vhostuser': vifs.vif('vhostuser', 'normal', None, vhostuser_mode='client',
                          vhostuser_socket='/run/vhu'),
    'accelerator on hw_veb': vifs.hw_veb('7', vnic_type='accelerator-direct'),
    'normal on hw_veb': vifs.hw_veb('7', vnic_type='normal'),
    'vnic type of no version of Nova on ovs': vifs.vif(
        'ovs', 'smart-nic', None, bridge='br-int'),
}

REFUSED = {
    'no type': vifs.vif(None, 'normal'),
    'unbound': vifs.vif('unbound', 'direct'),
    'binding failed': vifs.vif('binding_failed', 'direct'),
    'ovs normal without a bridge': vifs.vif('ovs', 'normal', None),
    'macvtap without details': vifs.vif('macvtap', 'normal', None),
}


DRIVERS = (sriov.SriovVIFDriver, stock.LibvirtGenericVIFDriver)


@pytest.mark.parametrize('vif', OTHERS.values(), ids=OTHERS.keys())
def test_same_config(conf, vif):
    limits = vifs.flavor(**{'quota:vif_inbound_average': '1000'})
    ours, theirs = (vifs.config(driver(), vif, limits)
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
