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

"""What all kinds of interfaces have in common: managed, alias, limits.

No MTU: libvirt refuses to define one for hostdev, direct and vdpa interfaces
(qemuDomainNetSupportsMTU). No boot order either: Nova's domains say in
``<os>`` what they boot from, and libvirt takes only one of the two.
"""

from __future__ import annotations

from collections.abc import Iterable

from nova import context
from nova import objects
from nova.compute import task_states
from nova.network import model
from nova.virt.libvirt import config
from nova.virt.libvirt import designer

from nova_sriov_ext.virt.libvirt import binding
from nova_sriov_ext.virt.libvirt import config_dom

# Of device_spec, as Nova keeps it (PciDeviceSpec._normalize_device_spec_tag).
_MANAGED = 'managed'
_DEFAULT = 'true'

# Nova's class for <hostdev> has no net_type.
_WHOLE_DEVICE = None


def finish(conf: config.LibvirtConfigGuestDevice, instance: objects.Instance,
           vif: model.VIF, flavor: objects.Flavor) -> None:
    """Complete what a builder made."""
    # Operators find the port in the domain by it; libvirt takes user
    # aliases since 3.9.
    conf.alias = f'ua-{vif["id"]}'
    config_dom.add(conf, config_dom.alias(conf.alias))
    kind = getattr(conf, 'net_type', _WHOLE_DEVICE)
    if kind == 'direct':
        # libvirt shapes macvtap devices and refuses to shape VFs.
        designer.set_vif_bandwidth_config(conf, flavor)
    elif kind in _UNMANAGE and not _managed(instance, binding.pci_slot(vif)):
        _UNMANAGE[kind](conf)


def _unmanage_device(conf: config.LibvirtConfigGuestHostdevPCI) -> None:
    conf.managed = 'no'


def _unmanage_interface(conf: config.LibvirtConfigGuestInterface) -> None:
    config_dom.add(conf, config_dom.unmanaged)


# vdpa and macvtap devices stay with the host's drivers.
_UNMANAGE = {_WHOLE_DEVICE: _unmanage_device, 'hostdev': _unmanage_interface}


def _managed(instance: objects.Instance, slot: str) -> bool:
    """Whether libvirt binds the VF to vfio-pci and back: the tag ``managed``
    of the device_spec that gave Nova the device; True without one."""
    device = _device(instance, slot)
    tags = device.extra_info if device else {}
    return bool(tags.get(_MANAGED, _DEFAULT) == _DEFAULT)


def _device(instance: objects.Instance,
            slot: str) -> objects.PciDevice | None:
    """None where Nova does not know one."""
    listed = _at(slot, instance.get_pci_devices())
    if listed and instance.task_state != task_states.MIGRATING:
        return listed[0]
    # At the destination of a live migration VFs are attached while the
    # instance still lists those of the source, whose addresses may be the
    # same (ComputeManager.post_live_migration_at_destination).
    recorded = _at(slot, objects.PciDeviceList.get_by_instance_uuid(
        context.get_admin_context(), instance.uuid))
    known = {device.id for device in listed}
    others = [device for device in recorded if device.id not in known]
    return next(iter(others + listed), None)


def _at(slot: str,
        devices: Iterable[objects.PciDevice]) -> list[objects.PciDevice]:
    return [device for device in devices if device.address == slot]
