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

"""What plug sets can be put back, and what cannot be keeps nobody."""

import pytest

from nova_sriov_ext.virt.libvirt import vf_setup
from os_vif_vflag.host import errors
from os_vif_vflag.host import netdev_setup
from tests.sim import vfs as sim_vfs
from tests.unit.virt import vifs


@pytest.mark.parametrize('make, vif', [
    (vf_setup.Netdev, vifs.macvtap()),
    (lambda: vf_setup.Uplink(vf_setup.MAC_AND_VLAN, vf_setup.TRUST),
     vifs.macvtap(profile={'trusted': 'true'}))], ids=['netdev', 'uplink'])
def test_each_can_be_put_back(machine, make, vif):
    here = machine()
    setting, netdev = make(), 'enp3s0f0v0'
    before = here.vf, here.vfs.netdev(netdev)[1]
    put_back = setting.apply(here.driver._machine, vifs.INSTANCE, vif)
    assert (here.vf, here.vfs.netdev(netdev)[1]) != before
    put_back()
    assert (here.vf, here.vfs.netdev(netdev)[1]) == before


def test_a_netdev_that_stays_up_keeps_no_server(machine, monkeypatch):
    here = machine()
    here.driver.plug(vifs.INSTANCE, vifs.macvtap())

    def refuse(name):
        raise errors.LinkFailed(device=name, what='down', error='x')
    monkeypatch.setattr(netdev_setup, 'set_down', refuse)
    here.driver.unplug(vifs.INSTANCE, vifs.macvtap())
    assert here.vf['mac'] == sim_vfs.NEW_ETHERNET['mac']
