"""The VIF driver: stock behaviour for every VIF that is not SR-IOV."""

import contextlib

import nova.conf
from nova.network import model
from nova.network import os_vif_util
from nova.virt.libvirt import vif as libvirt_vif
import os_vif
from os_vif import exception as osv_exception
from oslo_log import log as logging

from nova_sriov_ext import conf as sriov_conf
from nova_sriov_ext import exception
from nova_sriov_ext.virt.libvirt import interface

CONF = sriov_conf.register(nova.conf.CONF)
LOG = logging.getLogger(__name__)

# VIFs whose representor an os-vif plugin puts into Open vSwitch.
_REPRESENTED = frozenset((
    (model.VIF_TYPE_OVS, model.VNIC_TYPE_DIRECT),
))


class SriovVIFDriver(libvirt_vif.LibvirtGenericVIFDriver):
    """Generates the interfaces of SR-IOV VIFs and plugs representors."""

    def get_config(self, instance, vif, image_meta, flavor, virt_type):
        """Generate the libvirt config of a VIF.

        :param vif: nova.network.model.VIF
        :returns: nova.virt.libvirt.config.LibvirtConfigGuestInterface, or
            what stock Nova returns for other VIFs
        :raises exception.InvalidPort: names port, field, value and remedy
        """
        build = interface.builder(vif)
        if build is None:
            return super().get_config(
                instance, vif, image_meta, flavor, virt_type)
        conf = self.get_base_config(
            instance, vif['address'], image_meta, flavor, virt_type,
            vif['vnic_type'])
        build(conf, vif)
        LOG.debug('Port %(port)s becomes %(xml)s',
                  {'port': vif['id'], 'xml': conf.to_xml()},
                  instance=instance)
        return conf

    def plug(self, instance, vif):
        """Do on the host what the VIF needs before the guest starts.

        :raises exception.InvalidPort: a port that no host can serve
        :raises exception.PlugFailed: this host cannot
        """
        if interface.builder(vif) is not None:
            # Before anything is changed: what is wrong with the port comes
            # up here, not when the guest is defined.
            interface.check(vif)
        if _represented(vif):
            with _plugins_own_words():
                os_vif.plug(*_for_os_vif(instance, vif))
        else:
            super().plug(instance, vif)

    def unplug(self, instance, vif):
        """Take back what plug did. Nothing there is no error.

        :raises exception.PlugFailed: this host cannot
        """
        if not _represented(vif):
            super().unplug(instance, vif)
        elif _was_bound(vif):
            with _plugins_own_words():
                os_vif.unplug(*_for_os_vif(instance, vif))


def _represented(vif):
    return (vif['type'], vif['vnic_type']) in _REPRESENTED


def _was_bound(vif):
    return bool((vif['profile'] or {}).get('pci_slot'))


def _for_os_vif(instance, vif):
    """:returns: tuple (os-vif VIF, os-vif InstanceInfo)"""
    vif_obj = os_vif_util.nova_to_osvif_vif(vif)
    # Nova writes "ovs" itself for every VIF of type ovs (os_vif_util,
    # _nova_to_osvif_vif_ovs); a plugin of another name is never called
    # unless the name is written here.
    vif_obj.plugin = CONF.sriov.representor_plugin
    return vif_obj, os_vif_util.nova_to_osvif_instance(instance)


@contextlib.contextmanager
def _plugins_own_words():
    """os-vif wraps a plugin's error together with the whole VIF object."""
    try:
        yield
    except osv_exception.ExceptionBase as e:
        raise exception.PlugFailed(err=e.kwargs.get('err', e)) from e
