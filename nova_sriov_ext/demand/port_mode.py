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

"""What a port says of the eswitch mode of its VF: a request, a preference.

People request switchdev by the port's ``hardware_offload_type`` (Neutron's
extension port-hardware-offload-type; it cannot be changed later), or by
writing ``capabilities`` into its binding profile. Since 2023.2 Nova writes
there, too: at each bind the features that libvirt knows of the VF, and leaves
them there on unbind (``_get_vf_pci_device_profile`` and ``_unbind_ports`` in
nova/network/neutron.py). ``switchdev`` is among these exactly where devlink
says it of the VF's PF (libvirt's src/util/virnetdev.c,
``virNetDevSwitchdevFeature``). Neutron's drivers of Open vSwitch and OVN bind
a direct port only with ``switchdev`` in its ``capabilities``, the one of
SR-IOV agents only without.
"""

import dataclasses

from nova.network import model

from nova_sriov_ext.demand import neutron_ports
from nova_sriov_ext.report import states

# All other features that libvirt 11 reports of a netdev (virNetDevFeature),
# of which every VF with a driver has some.
_FEATURES = frozenset((
    'rx', 'tx', 'sg', 'tso', 'gso', 'gro', 'lro', 'rxvlan', 'txvlan',
    'ntuple', 'rxhash', 'rdma', 'txudptnl'))


@dataclasses.dataclass(frozen=True)
class PortMode:
    """:ivar requested: whether only VFs of a PF in switchdev mode will do
    :ivar preferred: states.LEGACY or states.SWITCHDEV, what the port
        had last and gets again where that is free
    """

    requested: bool = False
    preferred: str | None = None


PLAIN = PortMode()
_REQUESTED = PortMode(requested=True)


def of(port: neutron_ports.Port) -> PortMode:
    """:param port: as Neutron shows it to an admin"""
    if port.get('hardware_offload_type') == states.SWITCHDEV:
        return _REQUESTED
    profile = port.get('binding:profile')
    profile = profile if isinstance(profile, dict) else {}
    vif_type = port.get('binding:vif_type')
    if vif_type == model.VIF_TYPE_OVS and profile.get('pci_slot'):
        # Open vSwitch could not have been given a legacy VF.
        return _REQUESTED
    # Neutron looks at those of direct ports only.
    capabilities = ([] if port.get('binding:vnic_type')
                    == model.VNIC_TYPE_MACVTAP
                    else _sequence(profile.get('capabilities')))
    if states.SWITCHDEV in capabilities:
        if _FEATURES.isdisjoint(capabilities) or (
                port.get('device_id') and vif_type != model.VIF_TYPE_HW_VEB):
            return _REQUESTED
        return PortMode(preferred=states.SWITCHDEV)
    if (vif_type == model.VIF_TYPE_HW_VEB
            or not _FEATURES.isdisjoint(capabilities)):
        return PortMode(preferred=states.LEGACY)
    return PLAIN


def _sequence(capabilities: object) -> list[str]:
    """People write a text, too; Neutron's driver of Open vSwitch takes it
    (``'switchdev' in capabilities``)."""
    if isinstance(capabilities, str):
        is_named = states.SWITCHDEV in capabilities
        return [states.SWITCHDEV] if is_named else []
    return ([one for one in capabilities if isinstance(one, str)]
            if isinstance(capabilities, (list, tuple, dict)) else [])
