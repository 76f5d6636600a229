"""Which SR-IOV VIF becomes what: the one table.

VIFs that are not in it are Nova's own code's, unchanged.
"""

from collections.abc import Callable
import dataclasses

from nova.network import model

from nova_sriov_ext.virt.libvirt import interface
from nova_sriov_ext.virt.libvirt import settings

# Stands for the plugin that [sriov] representor_plugin names.
REPRESENTOR = 'representor'
NOOP = 'noop'


@dataclasses.dataclass(frozen=True)
class Kind:
    """What one row of the table says.

    :ivar build: function (conf, vif, driver) that fills a
        LibvirtConfigGuestInterface and returns it, or another of Nova's
        config classes in its stead; driver is the SriovVIFDriver
    :ivar plugin: the os-vif plugin that plugs the VIF: REPRESENTOR, another
        name, or None where os-vif has no part in it
    :ivar settings: tuple of what plug sets on the host, in this order and
        before the plugin, and unplug takes back in the opposite one: see
        settings.py
    """

    build: Callable
    plugin: str | None = None
    settings: tuple = ()


_LIMITED = settings.Uplink(settings.RATE)

KINDS = {
    (model.VIF_TYPE_HW_VEB, model.VNIC_TYPE_DIRECT): Kind(
        interface.hw_veb,
        settings=(settings.Uplink(settings.TRUST, settings.RATE),)),
    (model.VIF_TYPE_802_QBH, model.VNIC_TYPE_DIRECT): Kind(
        interface.vm_fex, settings=(_LIMITED,)),
    (model.VIF_TYPE_OVS, model.VNIC_TYPE_DIRECT): Kind(
        interface.switchdev, plugin=REPRESENTOR, settings=(_LIMITED,)),
}


def of(vif):
    """:param vif: nova.network.model.VIF
    :returns: Kind, None for VIFs that Nova's own code handles
    """
    return KINDS.get((vif['type'], vif['vnic_type']))
