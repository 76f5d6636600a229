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

"""Which SR-IOV VIF becomes what: the one table.

VIFs that are not in it are Nova's own code's, unchanged.
"""

from collections.abc import Iterator
import contextlib
import dataclasses

from nova.network import model

from nova_sriov_ext import exception
from nova_sriov_ext.virt.libvirt import interface
from nova_sriov_ext.virt.libvirt import vf_setup

# Stands for the plugin that [sriov] representor_plugin names.
REPRESENTOR = 'representor'
NOOP = 'noop'


@dataclasses.dataclass(frozen=True)
class Kind:
    """What one row of the table says.

    :ivar build: a function of interface.py
    :ivar plugin: the os-vif plugin that plugs the VIF: REPRESENTOR, another
        name, or None where os-vif has no part in it
    :ivar settings: what plug sets on the host, in this order and before the
        plugin, and unplug takes back in the opposite one
    """

    build: interface.Builder
    plugin: str | None = None
    settings: tuple[vf_setup.Setting, ...] = ()

    @property
    def touches_vf(self) -> bool:
        """Whether plug changes anything of the VF, or of its representor."""
        return self.plugin == REPRESENTOR or any(
            not isinstance(setting, vf_setup.Unlimited)
            for setting in self.settings)


_CHOSEN = vf_setup.Uplink(vf_setup.CHOSEN_RATE)
_UNLIMITED = vf_setup.Unlimited()

KINDS = {
    (model.VIF_TYPE_HW_VEB, model.VNIC_TYPE_DIRECT): Kind(
        interface.hw_veb,
        settings=(vf_setup.Uplink(vf_setup.TRUST, vf_setup.RATE),)),
    (model.VIF_TYPE_HW_VEB, model.VNIC_TYPE_MACVTAP): Kind(
        interface.hw_veb_macvtap,
        settings=(vf_setup.Uplink(vf_setup.MAC_AND_VLAN), vf_setup.Netdev())),
    (model.VIF_TYPE_802_QBH, model.VNIC_TYPE_DIRECT): Kind(
        interface.vm_fex,
        settings=(vf_setup.Uplink(vf_setup.MAC_OF_LIBVIRT, vf_setup.RATE),)),
    (model.VIF_TYPE_802_QBH, model.VNIC_TYPE_MACVTAP): Kind(
        interface.vm_fex_macvtap),
    (model.VIF_TYPE_802_QBG, model.VNIC_TYPE_DIRECT): Kind(interface.vepa),
    (model.VIF_TYPE_802_QBG, model.VNIC_TYPE_MACVTAP): Kind(interface.vepa),
    (model.VIF_TYPE_OVS, model.VNIC_TYPE_DIRECT): Kind(
        interface.plain_vf, plugin=REPRESENTOR, settings=(_CHOSEN,)),
    (model.VIF_TYPE_OVS, model.VNIC_TYPE_VDPA): Kind(
        interface.vdpa, plugin=REPRESENTOR, settings=(_CHOSEN,)),
    (model.VIF_TYPE_OVS, model.VNIC_TYPE_REMOTE_MANAGED): Kind(
        interface.plain_vf, plugin=NOOP, settings=(_UNLIMITED,)),
    (model.VIF_TYPE_HOSTDEV, model.VNIC_TYPE_DIRECT_PHYSICAL): Kind(
        interface.pci_device, settings=(_UNLIMITED,)),
    (model.VIF_TYPE_IB_HOSTDEV, model.VNIC_TYPE_DIRECT): Kind(
        interface.pci_device, settings=(vf_setup.InfiniBand(), _UNLIMITED)),
}

# Every VIF of these types has a VF or is one's PF.
_SRIOV_ONLY = frozenset((
    model.VIF_TYPE_HW_VEB, model.VIF_TYPE_802_QBH, model.VIF_TYPE_802_QBG,
    model.VIF_TYPE_HOSTDEV, model.VIF_TYPE_IB_HOSTDEV))

_VNIC_TYPES = frozenset(
    value for name, value in vars(model).items()
    if name.startswith('VNIC_TYPE_'))


def of(vif: model.VIF) -> Kind | None:
    """None for VIFs that Nova's own code handles."""
    return KINDS.get((vif['type'], vif['vnic_type']))


def require_known(vif: model.VIF) -> None:
    """:raises exception.InvalidPort: it must have a VF, and its vnic type is
        one that not even Nova knows, of which stock Nova would make macvtap;
        or one of 802.1Qbg, which stock Nova cannot do at all
    """
    if vif['type'] in _SRIOV_ONLY and (
            vif['type'] == model.VIF_TYPE_802_QBG
            or vif['vnic_type'] not in _VNIC_TYPES):
        raise _unserved(vif)


@contextlib.contextmanager
def stock(vif: model.VIF) -> Iterator[None]:
    """Stock Nova's code takes it for granted that the binding of a port has
    all that a kind needs.

    :raises exception.InvalidPort: one that must have a VF has not
    """
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as e:
        if vif['type'] not in _SRIOV_ONLY:
            raise
        raise _unserved(vif) from e


def _unserved(vif: model.VIF) -> exception.InvalidPort:
    taken = ', '.join(sorted(vnic for kind, vnic in KINDS
                             if kind == vif['type']))
    return exception.InvalidPort(
        port=vif['id'],
        problem=f'binding:vnic_type is {vif["vnic_type"]!r}, but ports '
                f'of vif_type {vif["type"]} have {taken}',
        remedy='Create the port with one of these')
