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

"""nova-compute starts again, whatever its servers' ports look like now."""

from nova import exception
from oslo_concurrency import processutils
import pytest

from os_vif_vflag.host import errors
from tests.functional.nova import base


def forget_vf(vif):
    """``openstack port set --no-binding-profile``, and Nova's cache heals."""
    vif['profile'] = {}


def forget_vlan(vif):
    vif['details'] = {**vif['details'], 'vlan': None}


def forget_profile_id(vif):
    vif['details'] = {}


PF = '0000:81:00.0'


class RestartTest(base.SriovServersTest):
    """Stock Nova starts with each of these, see StockRestartTest."""

    def restart_after(self, change, infiniband=False, **binding):
        """:returns: the server's vm_state after the change and a restart"""
        self.start_host(infiniband=infiniband)
        server = self.boot(self.create_port(**binding))
        instance = self.record(server)
        network_info = instance.info_cache.network_info
        change(network_info[0])
        instance.info_cache.network_info = network_info
        instance.info_cache.save()
        self.restart_compute_service('compute1')
        instance.refresh()
        return instance.vm_state

    def test_legacy_port_without_vf(self):
        assert self.restart_after(forget_vf) == 'active'

    def test_legacy_port_without_vlan(self):
        assert self.restart_after(forget_vlan) == 'active'

    def test_vm_fex_port_without_profile_id(self):
        assert self.restart_after(
            forget_profile_id, vif_type='802.1qbh',
            vif_details={'profileid': 'my-port-profile'}) == 'active'

    def test_macvtap_port_whose_vf_is_gone(self):
        """``echo 0 > sriov_numvfs``"""
        def stock_sets(address, mac_addr, vlan=0):
            if not self.sysfs.pf(PF).vfs:
                raise exception.PciDeviceNotFoundById(id=address)
        self.stub_out('nova.virt.libvirt.vif.set_vf_interface_vlan',
                      stock_sets)
        assert self.restart_after(
            lambda vif: self.sysfs.set_numvfs(PF, 0),
            vnic_type='macvtap') == 'active'

    def test_infiniband_port_that_is_refused(self):
        """The subnet manager has not said which partitions there are."""
        def no_table(host, address):
            raise errors.NoPartition(
                partition='0x8001', vf=address, ib_port='1', device='mlx4_0')
        self.stub_out('nova.privsep.libvirt.plug_infiniband_vif',
                      self.ebrctl)
        assert self.restart_after(
            lambda vif: self.stub_out('os_vif_vflag.host.ib_partition.find',
                                      no_table),
            infiniband=True, vif_type='ib_hostdev') == 'active'

    @staticmethod
    def ebrctl(*args):
        raise processutils.ProcessExecutionError()

    def test_switchdev_port_without_vf(self):
        """The one where stock Nova stops with a KeyError: the server is
        left as it is, and nova-compute starts."""
        if self.COMPUTE_DRIVER.startswith('libvirt.'):
            with pytest.raises(KeyError):
                self.restart_after(forget_vf, vif_type='ovs')
        else:
            assert self.restart_after(
                forget_vf, vif_type='ovs') == 'active'


class StockRestartTest(RestartTest):
    """The same with stock Nova's driver, in the same run."""

    COMPUTE_DRIVER = 'libvirt.LibvirtDriver'
