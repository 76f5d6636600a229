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

"""The ``<interface>`` or ``<hostdev>`` of each kind of SR-IOV VIF.

Each builder is a function (base, vif, driver) that returns one of Nova's own
config classes (nova/virt/libvirt/config.py).

:param base: function (vnic type) that returns a LibvirtConfigGuestInterface
    with the guest's side as Nova makes it
:param vif: nova.network.model.VIF
:param driver: the SriovVIFDriver
:raises exception.InvalidPort: the port cannot be what it shall become
"""

from nova import exception as nova_exception
import nova.conf
from nova.network import model
from nova.pci import utils as pci_utils
from nova.virt.libvirt import config
from nova.virt.libvirt import designer

from nova_sriov_ext import exception
from nova_sriov_ext.virt.libvirt import binding
from nova_sriov_ext.virt.libvirt import config_dom

CONF = nova.conf.CONF


def hw_veb(base, vif, driver):
    """VF of an embedded switch in legacy mode: VLAN set on the VF."""
    return _with_vlans(_hostdev(base, vif), vif)


def hw_veb_macvtap(base, vif, driver):
    """The same behind a macvtap device, which leaves the VF to the host."""
    return _with_vlans(_passthrough(base, vif), vif)


def vm_fex(base, vif, driver):
    """VF of an 802.1Qbh (VM-FEX) card: virtualport with a port profile."""
    return _with_port_profile(_hostdev(base, vif), vif)


def vm_fex_macvtap(base, vif, driver):
    """The same behind a macvtap device."""
    return _with_port_profile(_passthrough(base, vif), vif)


def vepa(base, vif, driver):
    """VF of an 802.1Qbg (VEPA) card. libvirt takes this virtualport for
    macvtap only (virHostdevNetConfigVirtPortProfile), so that vnic types
    direct and macvtap become the same."""
    conf = _macvtap(base, vif, 'vepa')
    config_dom.virtualport(conf, '802.1Qbg', binding.vsi(vif))
    return conf


def plain_vf(base, vif, driver):
    """VF in switchdev mode: VLAN and profile live in Open vSwitch, or in the
    DPU that manages it."""
    return _hostdev(base, vif)


def vdpa(base, vif, driver):
    """A VF's virtio data path acceleration device, a switchdev VF else."""
    conf = base(model.VNIC_TYPE_VDPA)
    designer.set_vif_host_backend_vdpa_config(
        conf, driver.host.get_vdpa_device_path(binding.pci_slot(vif)),
        CONF.libvirt.rx_queue_size, CONF.libvirt.tx_queue_size)
    return conf


def pci_device(base, vif, driver):
    """A whole PF, or an InfiniBand VF, whose address is no MAC address:
    libvirt has ``<interface>`` for Ethernet VFs only."""
    conf = config.LibvirtConfigGuestHostdevPCI()
    designer.set_vif_host_backend_hostdev_pci_config(
        conf, binding.pci_slot(vif))
    return conf


def _hostdev(base, vif):
    conf = base(model.VNIC_TYPE_DIRECT)
    conf.net_type = 'hostdev'
    conf.source_dev = binding.pci_slot(vif)
    return conf


def _macvtap(base, vif, mode):
    conf = base(model.VNIC_TYPE_MACVTAP)
    conf.net_type = 'direct'
    conf.source_mode = mode
    conf.source_dev = _netdev(vif)
    return conf


def _passthrough(base, vif):
    conf = _macvtap(base, vif, 'passthrough')
    conf.driver_name = 'vhost'
    return conf


def _netdev(vif):
    slot = binding.pci_slot(vif)
    try:
        return pci_utils.get_ifname_by_pci_address(slot)
    except nova_exception.PciDeviceNotFoundById as e:
        raise exception.VifOperationFailed(
            err=f'Port {vif["id"]}: VF {slot} has no netdev on this host, '
                f'which vnic_type {vif["vnic_type"]} needs. Bind the VF to '
                'its network driver, not to vfio-pci.') from e


def _with_vlans(conf, vif):
    numbers = binding.vlans(vif)
    if len(numbers) > 1:
        config_dom.add(conf, config_dom.trunk(numbers))
    else:
        # As text: Nova's class leaves the number 0 out, and without a tag
        # libvirt puts up with a VLAN that it cannot clear
        # (virNetDevSetNetConfig).
        conf.vlan = str(numbers[0])
    return conf


def _with_port_profile(conf, vif):
    config_dom.virtualport(
        conf, '802.1Qbh', {'profileid': binding.profile_id(vif)})
    return conf
