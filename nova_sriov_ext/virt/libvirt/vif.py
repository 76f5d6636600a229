"""The VIF driver: stock behaviour for every VIF that is not SR-IOV."""

import contextlib
import copy

from nova import exception as nova_exception
import nova.conf
from nova.network import model
from nova.network import os_vif_util
from nova.virt.libvirt import vif as libvirt_vif
from os_vif import exception as osv_exception
from oslo_log import log as logging

from nova_sriov_ext import conf as sriov_conf
from nova_sriov_ext import exception
from nova_sriov_ext.virt.libvirt import common
from nova_sriov_ext.virt.libvirt import fields
from nova_sriov_ext.virt.libvirt import kinds
from os_vif_vflag import exception as vflag_exception
from os_vif_vflag.host import Host

CONF = sriov_conf.register(nova.conf.CONF)
LOG = logging.getLogger(__name__)

# The host bridge: a PCI address that is no VF on any machine.
_NO_VF = '0000:00:00.0'


class SriovVIFDriver(libvirt_vif.LibvirtGenericVIFDriver):
    """Generates the interfaces of SR-IOV VIFs and plugs them."""

    def __init__(self, host=None):
        super().__init__(host)
        self._machine = Host()

    def get_config(self, instance, vif, image_meta, flavor, virt_type):
        """Generate the libvirt config of a VIF.

        :param vif: nova.network.model.VIF
        :returns: nova.virt.libvirt.config.LibvirtConfigGuestInterface or
            LibvirtConfigGuestHostdevPCI, or what stock Nova returns for
            other VIFs
        :raises exception.InvalidPort: names port, field, value and remedy
        """
        kind = kinds.of(vif)
        if kind is None:
            kinds.require_known(vif)
            return super().get_config(
                instance, vif, image_meta, flavor, virt_type)

        def base(vnic_type):
            return self.get_base_config(
                instance, fields.mac_address(vif), image_meta, flavor,
                virt_type, vnic_type)

        conf = kind.build(base, vif, self)
        common.finish(conf, instance, vif, flavor)
        LOG.debug('Port %(port)s becomes %(xml)s',
                  {'port': vif['id'], 'xml': conf.to_xml()},
                  instance=instance)
        return conf

    def plug(self, instance, vif):
        """Do on the host what the VIF needs before the guest starts.

        What is wrong with a port comes up in get_config, which Nova calls
        before it plugs a new server's VIFs. Here only what plug itself needs
        is looked at: nova-compute plugs the VIFs of running servers again
        when it starts, and those are none the worse for a VLAN that has left
        Nova's cache.

        :raises exception.InvalidPort: a port without a VF, or without what
            plug sets
        :raises exception.PlugFailed: this host cannot; what had been set is
            put back
        """
        kind = kinds.of(vif)
        if kind is None:
            super().plug(instance, vif)
            return
        with _failing_as(vflag_exception.PlugFailed, vif), \
                contextlib.ExitStack() as undo:
            for setting in kind.settings:
                undo.callback(_quietly, setting.apply(
                    self._machine, instance, vif))
            if kind.plugin:
                fields.pci_slot(vif)
                self._plug_os_vif(instance, _for_os_vif(vif, kind))
            undo.pop_all()

    def unplug(self, instance, vif):
        """Take back what plug did. Nothing there is no error.

        :raises exception.PlugFailed: this host cannot; what else was to be
            taken back has been
        """
        kind = kinds.of(vif)
        if kind is None:
            super().unplug(instance, vif)
            return
        with _failing_as(vflag_exception.UnplugFailed, vif), \
                contextlib.ExitStack() as steps:
            # Without a VF nothing was set. Nova cleans up after a failure,
            # and another error here would hide why it failed.
            for setting in kind.settings if _has_vf(vif) else ():
                steps.callback(setting.clear, self._machine, instance, vif)
            if kind.plugin:
                steps.callback(self._unplug_os_vif, instance,
                               _for_os_vif(_with_vf(vif), kind))


def _has_vf(vif):
    try:
        fields.pci_slot(vif)
    except exception.InvalidPort:
        return False
    return True


def _with_vf(vif):
    """A VIF that can be unplugged though its VF has left Nova's cache: the
    port of its representor is found by the id of the Neutron port.

    :returns: nova.network.model.VIF
    """
    if _has_vf(vif):
        return vif
    found = copy.copy(vif)
    found['profile'] = {**(vif['profile'] or {}), 'pci_slot': _NO_VF}
    return found


def _for_os_vif(vif, kind):
    """:returns: os_vif.objects.vif.VIFHostDevice"""
    vif_obj = os_vif_util.nova_to_osvif_vif(vif)
    # Nova writes "ovs" itself for every VIF of type ovs (os_vif_util,
    # _nova_to_osvif_vif_ovs); a plugin of another name is never called
    # unless the name is written here.
    vif_obj.plugin = (CONF.sriov.representor_plugin
                      if kind.plugin == kinds.REPRESENTOR else kind.plugin)
    if kind.plugin == kinds.REPRESENTOR:
        # Nova copies it for VIFs without a VF only; without it representors
        # of OVS-DPDK are added to a bridge of the kernel's datapath.
        vif_obj.port_profile.datapath_type = (vif['details'] or {}).get(
            model.VIF_DETAILS_OVS_DATAPATH_TYPE)
    return vif_obj


def _quietly(put_back):
    """What failed first is what the operator must read."""
    try:
        put_back()
    except vflag_exception.HostError as e:
        LOG.warning('What plug had set could not be put back: %s', e)


@contextlib.contextmanager
def _failing_as(error, vif):
    """One type and few words for whatever goes wrong on the host.

    os-vif wraps a plugin's error together with the whole VIF object, and
    Nova wraps that once more.
    """
    try:
        yield
    except vflag_exception.HostError as e:
        slot = (vif['profile'] or {}).get('pci_slot')
        raise exception.PlugFailed(
            err=error(port=vif['id'], where=f'VF {slot}', error=e)) from e
    except nova_exception.InternalError as e:
        cause = e.__context__
        if not isinstance(cause, osv_exception.ExceptionBase):
            raise
        raise exception.PlugFailed(
            err=cause.kwargs.get('err', cause)) from cause
