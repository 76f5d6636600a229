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

Each builder makes one of Nova's own config classes
(nova/virt/libvirt/config.py).

:raises exception.InvalidPort: the port does not have what it needs
"""

from collections.abc import Callable
from typing import TypeAlias

from nova import exception as nova_exception
import nova.conf
from nova.network import model
from nova.pci import utils as pci_utils
from nova.virt.libvirt import config
from nova.virt.libvirt import designer
from nova.virt.libvirt import vif as libvirt_vif

from nova_sriov_ext import exception
from nova_sriov_ext.virt.libvirt import binding
from nova_sriov_ext.virt.libvirt import config_dom

CONF = nova.conf.CONF

# vnic type → an interface with the guest's side as Nova makes it.
Base = Callable[[str], config.LibvirtConfigGuestInterface]
_Driver: TypeAlias = libvirt_vif.LibvirtGenericVIFDriver
Builder = Callable[[Base, model.VIF, _Driver],
                   config.LibvirtConfigGuestDevice]


def hw_veb(base: Base, vif: model.VIF,
           driver: _Driver) -> config.LibvirtConfigGuestInterface:
    """VF of an embedded switch in legacy mode: VLAN set on the VF."""
    return _with_vlans(_hostdev(base, vif), vif)


def hw_veb_macvtap(base: Base, vif: model.VIF,
                   driver: _Driver) -> config.LibvirtConfigGuestInterface:
    """The same behind a macvtap device, which leaves the VF to the host."""
    return _with_vlans(_passthrough(base, vif), vif)


def vm_fex(base: Base, vif: model.VIF,
           driver: _Driver) -> config.LibvirtConfigGuestInterface:
    """VF of an 802.1Qbh (VM-FEX) card: virtualport with a port profile."""
    return _with_port_profile(_hostdev(base, vif), vif)


def vm_fex_macvtap(base: Base, vif: model.VIF,
                   driver: _Driver) -> config.LibvirtConfigGuestInterface:
    """The same behind a macvtap device."""
    return _with_port_profile(_passthrough(base, vif), vif)


def vepa(base: Base, vif: model.VIF,
         driver: _Driver) -> config.LibvirtConfigGuestInterface:
    """VF of an 802.1Qbg (VEPA) card. libvirt takes this virtualport for
    macvtap only (virHostdevNetConfigVirtPortProfile), so that vnic types
    direct and macvtap become the same."""
    conf = _macvtap(base, vif, 'vepa')
    config_dom.virtualport(conf, '802.1Qbg', binding.vsi(vif))
    return conf


def plain_vf(base: Base, vif: model.VIF,
             driver: _Driver) -> config.LibvirtConfigGuestInterface:
    """VF in switchdev mode: VLAN and profile live in Open vSwitch, or in the
    DPU that manages it."""
    return _hostdev(base, vif)


def vdpa(base: Base, vif: model.VIF,
         driver: _Driver) -> config.LibvirtConfigGuestInterface:
    """A VF's virtio data path acceleration device, a switchdev VF else."""
    conf = base(model.VNIC_TYPE_VDPA)
    designer.set_vif_host_backend_vdpa_config(
        conf, driver.host.get_vdpa_device_path(binding.pci_slot(vif)),
        CONF.libvirt.rx_queue_size, CONF.libvirt.tx_queue_size)
    return conf


def pci_device(base: Base, vif: model.VIF,
               driver: _Driver) -> config.LibvirtConfigGuestHostdevPCI:
    """A whole PF, or an InfiniBand VF, whose address is not a MAC address:
    libvirt has ``<interface>`` for Ethernet VFs only."""
    conf = config.LibvirtConfigGuestHostdevPCI()
    designer.set_vif_host_backend_hostdev_pci_config(
        conf, binding.pci_slot(vif))
    return conf


def _hostdev(base: Base,
             vif: model.VIF) -> config.LibvirtConfigGuestInterface:
    conf = base(model.VNIC_TYPE_DIRECT)
    conf.net_type = 'hostdev'
    conf.source_dev = binding.pci_slot(vif)
    return conf


def _macvtap(base: Base, vif: model.VIF,
             mode: str) -> config.LibvirtConfigGuestInterface:
    conf = base(model.VNIC_TYPE_MACVTAP)
    conf.net_type = 'direct'
    conf.source_mode = mode
    conf.source_dev = _netdev(vif)
    return conf


def _passthrough(base: Base,
                 vif: model.VIF) -> config.LibvirtConfigGuestInterface:
    conf = _macvtap(base, vif, 'passthrough')
    conf.driver_name = 'vhost'
    return conf


def _netdev(vif: model.VIF) -> str:
    slot = binding.pci_slot(vif)
    try:
        return str(pci_utils.get_ifname_by_pci_address(slot))
    except nova_exception.PciDeviceNotFoundById as e:
        raise exception.VifOperationFailed(
            err=f'Port {vif["id"]}: VF {slot} has no netdev on this host, '
                f'which vnic_type {vif["vnic_type"]} needs. Bind the VF to '
                'its network driver, not to vfio-pci.') from e


def _with_vlans(conf: config.LibvirtConfigGuestInterface,
                vif: model.VIF) -> config.LibvirtConfigGuestInterface:
    numbers = binding.vlans(vif)
    if len(numbers) > 1:
        config_dom.add(conf, config_dom.trunk(numbers))
    else:
        # As text: Nova's class leaves the number 0 out, and without a tag
        # libvirt tolerates a VLAN that it cannot clear
        # (virNetDevSetNetConfig).
        conf.vlan = str(numbers[0])
    return conf


def _with_port_profile(conf: config.LibvirtConfigGuestInterface,
                       vif: model.VIF) -> config.LibvirtConfigGuestInterface:
    config_dom.virtualport(
        conf, '802.1Qbh', {'profileid': binding.profile_id(vif)})
    return conf
