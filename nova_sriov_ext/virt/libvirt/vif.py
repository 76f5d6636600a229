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

"""The VIF driver: stock behaviour for every VIF that is not SR-IOV."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import copy

from nova import exception as nova_exception
from nova import objects
import nova.conf
from nova.network import model
from nova.network import os_vif_util
from nova.virt.libvirt import config as libvirt_config
from nova.virt.libvirt import host as libvirt_host
from nova.virt.libvirt import vif as libvirt_vif
from os_vif import exception as osv_exception
from os_vif.objects import vif as osv_vif
from oslo_log import log as logging

from nova_sriov_ext import conf
from nova_sriov_ext import exception
from nova_sriov_ext.virt.libvirt import binding
from nova_sriov_ext.virt.libvirt import common
from nova_sriov_ext.virt.libvirt import kinds
from nova_sriov_ext.virt.libvirt import owner
from os_vif_vflag import exception as vflag_exception
from os_vif_vflag.host.host import Host

CONF = conf.register(nova.conf.CONF)
LOG = logging.getLogger(__name__)

_OURS = 'vflag'
# The host bridge: a PCI address that is not a VF on any machine.
_NO_VF = '0000:00:00.0'


class SriovVIFDriver(libvirt_vif.LibvirtGenericVIFDriver):
    """Generates the interfaces of SR-IOV VIFs and plugs them."""

    def __init__(self, host: libvirt_host.Host | None = None,
                 owners: owner.Owners | None = None) -> None:
        """:param owners: None without nova-compute"""
        super().__init__(host)
        self._machine = Host()
        self._owners = owners or owner.Owners()
        # Port, VF and server of each warning that the log has.
        self._warned: set[tuple[str, str, str]] = set()

    def get_config(
            self, instance: objects.Instance, vif: model.VIF,
            image_meta: objects.ImageMeta, flavor: objects.Flavor,
            virt_type: str) -> libvirt_config.LibvirtConfigGuestDevice:
        """Generate the libvirt config of a VIF.

        :raises exception.InvalidPort: names port, field, value and remedy
        """
        kind = kinds.of(vif)
        if kind is None:
            kinds.require_known(vif)
            with kinds.stock(vif):
                return super().get_config(
                    instance, vif, image_meta, flavor, virt_type)

        def base(
                vnic_type: str) -> libvirt_config.LibvirtConfigGuestInterface:
            return self.get_base_config(
                instance, binding.mac_address(vif), image_meta, flavor,
                virt_type, vnic_type)

        config = kind.build(base, vif, self)
        common.finish(config, instance, vif, flavor)
        LOG.debug('Port %(port)s becomes %(xml)s',
                  {'port': vif['id'], 'xml': config.to_xml()},
                  instance=instance)
        return config

    def plug(self, instance: objects.Instance, vif: model.VIF) -> None:
        """Do on the host what the VIF needs before the guest starts.

        What is wrong with a port comes up in get_config, which Nova calls
        before it plugs a new server's VIFs. Here only what plug itself needs
        is looked at: nova-compute plugs the VIFs of running servers again
        when it starts, and a VLAN that has left Nova's cache does them no
        harm.

        :raises exception.InvalidPort: a port without a VF, or without what
            plug sets
        :raises exception.VifOperationFailed: this host cannot; what had been
            set is put back
        """
        self._plug(instance, vif, runs=False)

    def replug(self, instance: objects.Instance, vif: model.VIF) -> None:
        """The same for a guest that may run already: nova-compute starts."""
        self._plug(instance, vif, runs=True)

    def _plug(self, instance: objects.Instance, vif: model.VIF,
              runs: bool) -> None:
        kind = kinds.of(vif)
        if kind is None:
            with kinds.stock(vif):
                super().plug(instance, vif)
            return
        binding.require_pluggable(vif)
        if kind.touches_vf and _has_vf(vif):
            self._require_own(instance, vif)
        with _failing_as(vflag_exception.PlugFailed, vif), \
                contextlib.ExitStack() as undo:
            for setting in kind.settings:
                undo.callback(_quietly, setting.apply(
                    self._machine, instance, vif, runs))
            if kind.plugin:
                binding.pci_slot(vif)
                self._plug_os_vif(instance, _for_os_vif(vif, kind))
            undo.pop_all()

    def unplug(self, instance: objects.Instance, vif: model.VIF) -> None:
        """Take back what plug did. Nothing there is not an error.

        :raises exception.VifOperationFailed: this host cannot; what else was
            to be taken back has been
        """
        kind = kinds.of(vif)
        if kind is None:
            with kinds.stock(vif):
                super().unplug(instance, vif)
            return
        with _failing_as(vflag_exception.UnplugFailed, vif), \
                contextlib.ExitStack() as steps:
            # Without a VF nothing was set. Nova cleans up after a failure,
            # and another error here would hide why it failed.
            has_vf = _has_vf(vif) and not (
                kind.touches_vf and self._is_anothers(instance, vif))
            for setting in kind.settings if has_vf else ():
                steps.callback(setting.clear, self._machine, instance, vif)
            if kind.plugin:
                steps.callback(
                    self._unplug_os_vif, instance,
                    _for_os_vif(vif, kind) if has_vf
                    else _without_vf(vif, kind))

    def _require_own(self, instance: objects.Instance,
                     vif: model.VIF) -> None:
        """:raises exception.VifOperationFailed: Nova gave the VF to another
            server, or the port another VF
        """
        slot = binding.pci_slot(vif)
        other = self._owners.other(instance, slot)
        own = None if other else self._owners.elsewhere(
            instance, vif['id'], slot)
        if other or own:
            problem = f'server {other} has it' if other else (
                f'this port has {own}')
            raise exception.VifOperationFailed(
                err=f'Port {vif["id"]} is not plugged: its binding names VF '
                    f'{slot}, but by Nova\'s record of this host {problem}. '
                    'It is plugged when the binding is that of this host: '
                    'compare binding:host_id and pci_slot in '
                    'binding:profile of the port.')

    def _is_anothers(self, instance: objects.Instance,
                     vif: model.VIF) -> bool:
        slot = binding.pci_slot(vif)
        other = self._owners.other(instance, slot)
        if other is None:
            return False
        seen = vif['id'], slot, other
        if seen not in self._warned:
            self._warned.add(seen)
            LOG.warning(
                'Port %s: its binding names VF %s, but by Nova\'s record of '
                'this host server %s has it. The VF is left as it is', *seen,
                instance=instance)
        return True


def _has_vf(vif: model.VIF) -> bool:
    try:
        binding.pci_slot(vif)
    except exception.InvalidPort:
        return False
    return True


def _without_vf(vif: model.VIF, kind: kinds.Kind) -> osv_vif.VIFHostDevice:
    """A VIF whose VF has left Nova's cache, or is another server's: our
    plugin finds its port by the id of the Neutron port, whichever plugin
    plugged it."""
    found = copy.copy(vif)
    found['profile'] = {**(vif['profile'] or {}), 'pci_slot': _NO_VF}
    vif_obj = _for_os_vif(found, kind)
    if kind.plugin == kinds.REPRESENTOR:
        vif_obj.plugin = _OURS
    return vif_obj


def _for_os_vif(vif: model.VIF, kind: kinds.Kind) -> osv_vif.VIFHostDevice:
    vif = binding.found_by(vif)
    vif_obj = os_vif_util.nova_to_osvif_vif(vif)
    # Nova writes "ovs" itself for every VIF of type ovs (os_vif_util,
    # _nova_to_osvif_vif_ovs); a plugin of another name is never called
    # unless the name is written here.
    vif_obj.plugin = (CONF.sriov.representor_plugin
                      if kind.plugin == kinds.REPRESENTOR else kind.plugin)
    if kind.plugin == kinds.REPRESENTOR:
        # Nova copies it for VIFs without a VF only; without it representors
        # of OVS-DPDK are added to a bridge of the kernel's datapath.
        vif_obj.port_profile.datapath_type = binding.datapath_type(vif)
    return vif_obj


def _quietly(put_back: Callable[[], object]) -> None:
    """What failed first is what the operator must read."""
    try:
        put_back()
    except vflag_exception.HostError as e:
        LOG.warning('What plug had set could not be put back: %s', e)


@contextlib.contextmanager
def _failing_as(error: type[vflag_exception.HostError],
                vif: model.VIF) -> Iterator[None]:
    """One type and few words for whatever goes wrong on the host.

    os-vif wraps a plugin's error together with the whole VIF object, and
    Nova wraps that once more.
    """
    try:
        yield
    except vflag_exception.HostError as e:
        slot = (vif['profile'] or {}).get('pci_slot')
        raise exception.VifOperationFailed(
            err=error(port=vif['id'], where=f'VF {slot}', error=e)) from e
    except nova_exception.InternalError as e:
        cause = e.__context__
        if not isinstance(cause, osv_exception.ExceptionBase):
            raise
        raise exception.VifOperationFailed(
            err=cause.kwargs.get('err', cause)) from cause
