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

"""The compute driver ``sriov_ext.SriovLibvirtDriver``."""

from __future__ import annotations

from collections.abc import Callable
import functools
import json
from typing import TYPE_CHECKING
from typing import Any

from nova import context as nova_context
from nova import objects
from nova.compute import provider_tree as nova_provider_tree
import nova.conf
from nova.network import model
from nova.pci import whitelist
from nova.virt.libvirt import config
from nova.virt.libvirt import driver
from nova.virt.libvirt import guest as libvirt_guest
from oslo_log import log as logging

from nova_sriov_ext import claim
from nova_sriov_ext import conf
from nova_sriov_ext import nova_compat
from nova_sriov_ext.claim import arrivals
from nova_sriov_ext.claim import bandwidth_pf
from nova_sriov_ext.claim import port_answers
from nova_sriov_ext.placement import provider
from nova_sriov_ext.report import collect
from nova_sriov_ext.report import document
from nova_sriov_ext.report import snapshots
from nova_sriov_ext.virt.libvirt import config_dom
from nova_sriov_ext.virt.libvirt import owner
from nova_sriov_ext.virt.libvirt import start
from nova_sriov_ext.virt.libvirt import vif
from os_vif_vflag.host.host import Host

if TYPE_CHECKING:
    from nova.compute import manager

CONF = conf.register(nova.conf.CONF)
LOG = logging.getLogger(__name__)


class SriovLibvirtDriver(driver.LibvirtDriver):
    """Nova's libvirt driver with SR-IOV networking made dependable."""

    # Whether Nova's detach is what ours was written for.
    _detaches = True

    def __init__(self, virtapi: manager.ComputeVirtAPI,
                 read_only: bool = False) -> None:
        super().__init__(virtapi, read_only)
        # There has been no option for it since Nova 2014.2; LibvirtDriver
        # makes its own in __init__.
        plugs = nova_compat.works(nova_compat.VIFS)
        self._owners = owner.Owners(virtapi)
        if plugs:
            self.vif_driver = vif.SriovVIFDriver(self._host, self._owners)
        self._start = start.Start(lambda *args: self.vif_driver.replug(*args))
        self._waits = plugs and nova_compat.works(nova_compat.START)
        # nova-compute loads its driver before it makes its tracker.
        self._claim = claim.install()
        self._arrivals = arrivals.Arrivals(virtapi)
        self._provider = provider.Provider(virtapi)
        self._detaches = nova_compat.works(nova_compat.DETACH)
        self._snapshots = snapshots.Snapshots(lambda: Host().snapshot())
        # As last reported: two answers of one update must agree.
        self._rows: tuple[document.Row, ...] = ()

    def init_host(self, host: str) -> None:
        """Start, although VIFs of servers may have to wait."""
        super().init_host(host)
        if self._waits:
            self._start.begin()

    def plug_vifs(self, instance: objects.Instance,
                  network_info: model.NetworkInfo) -> None:
        """Plug all; while nova-compute starts, what can be plugged."""
        if self._start.tolerates:
            self._start.plug(instance, network_info)
        else:
            super().plug_vifs(instance, network_info)

    def _create_guest_with_network(self, *args: Any,
                                   **kwargs: Any) -> libvirt_guest.Guest:
        """It calls plug_vifs, as does the manager at its start."""
        with self._start.guest():
            return super()._create_guest_with_network(*args, **kwargs)

    def _guest_add_pci_devices(self, guest: config.LibvirtConfigGuest,
                               instance: objects.Instance) -> None:
        """Add those of aliases."""
        with self._owners.only_here(instance):
            super()._guest_add_pci_devices(guest, instance)

    def reboot(self, context: nova_context.RequestContext,
               instance: objects.Instance, network_info: model.NetworkInfo,
               *args: Any, **kwargs: Any) -> None:
        """Reboot; of a reboot that nova-compute's end interrupted, the
        server may have to wait for its VIFs."""
        with self._start.resuming(instance, network_info, functools.partial(
                self._resume, context, kwargs.get('share_info'),
                kwargs.get('block_device_info'))):
            super().reboot(context, instance, network_info, *args, **kwargs)

    def resume_state_on_host_boot(
            self, context: nova_context.RequestContext,
            instance: objects.Instance, network_info: model.NetworkInfo,
            share_info: objects.ShareMappingList,
            block_device_info: dict[str, Any] | None = None) -> None:
        """Start a guest that ran before the host was booted, now or when its
        VIFs can be plugged."""
        with self._start.resuming(instance, network_info, functools.partial(
                self._resume, context, share_info, block_device_info)):
            super().resume_state_on_host_boot(
                context, instance, network_info, share_info,
                block_device_info)

    def _resume(self, context: nova_context.RequestContext,
                share_info: objects.ShareMappingList,
                block_device_info: dict[str, Any] | None,
                instance: objects.Instance) -> None:
        super().resume_state_on_host_boot(
            context, instance, instance.get_network_info(), share_info,
            block_device_info)

    def get_available_resource(self, nodename: str) -> dict[str, Any]:
        """Add the SR-IOV capacity of this host to Nova's ``stats``."""
        self._start.retry()
        data: dict[str, Any] = super().get_available_resource(nodename)
        self._rows = self._look(data['pci_passthrough_devices'])
        if CONF.sriov.report_capacity:
            is_published = self._provider.is_published(nodename)
            data.setdefault('stats', {})[document.STATS_KEY] = document.write(
                document.Report(
                    self._rows, placement=is_published,
                    placement_modes=is_published, claim=self._claim))
        return data

    def _look(self, devices: str) -> tuple[document.Row, ...]:
        """:param devices: JSON as Nova's driver gives it"""
        try:
            return collect.rows(self._snapshots.now(), json.loads(devices),
                                whitelist.Whitelist(CONF.pci.device_spec))
        except Exception:
            # Without this update nova-compute does not even start, and what
            # it is for is only reported, not needed.
            LOG.exception('The SR-IOV capacity of this host cannot be '
                          'counted; reporting what was counted before')
            return self._rows

    def _detach_with_retry(self, *args: Any, **kwargs: Any) -> None:
        """Detach a device, an 802.1Qbg interface, too: of what Nova's class
        reads, it writes what libvirt refuses."""
        detach = super()._detach_with_retry
        if self._detaches:
            detach = _writing_all(detach)
        detach(*args, **kwargs)

    def check_can_live_migrate_destination(
            self, context: nova_context.RequestContext,
            instance: objects.Instance, *args: Any,
            **kwargs: Any) -> objects.LibvirtLiveMigrateData:
        """Look up the ports before the claim's lock is taken."""
        if self._claim:
            bandwidth_pf.before_live_migration(context, instance)
        if self._claim and document.is_mixed(self._rows):
            port_answers.learn(instance.pci_requests.requests)
        data = super().check_can_live_migrate_destination(
            context, instance, *args, **kwargs)
        self._arrivals.begin(context, instance, data)
        return data

    def check_source_migrate_data_at_dest(
            self, ctxt: nova_context.RequestContext,
            instance: objects.Instance, *args: Any,
            **kwargs: Any) -> objects.LibvirtLiveMigrateData:
        """The last check of a live migration, after its claims."""
        data = super().check_source_migrate_data_at_dest(
            ctxt, instance, *args, **kwargs)
        self._arrivals.claimed(instance)
        return data

    def cleanup_live_migration_destination_check(
            self, context: nova_context.RequestContext,
            dest_check_data: objects.LibvirtLiveMigrateData) -> None:
        """Give back what was claimed when the check failed."""
        try:
            super().cleanup_live_migration_destination_check(
                context, dest_check_data)
        finally:
            self._arrivals.end(context, dest_check_data)

    def update_provider_tree(
            self, provider_tree: nova_provider_tree.ProviderTree,
            nodename: str,
            allocations: dict[str, Any] | None = None) -> None:
        """Add the VFs of this host to its provider in Placement."""
        # Nova's driver writes an inventory without them.
        before = provider.published(provider_tree, nodename)
        super().update_provider_tree(provider_tree, nodename, allocations)
        self._provider.update(provider_tree, nodename, before,
                              self._rows, reshape=bool(allocations))


def _writing_all(detach: Callable[..., None]) -> Callable[..., None]:
    """:param detach: Nova's ``_detach_with_retry``"""
    def call(guest: libvirt_guest.Guest, instance_uuid: str,
             get_device_conf_func: Callable[
                 ..., config.LibvirtConfigGuestDevice | None],
             device_name: str) -> None:
        detach(guest, instance_uuid, lambda *args,
               **kwargs: config_dom.writable(
            get_device_conf_func(*args, **kwargs)), device_name)
    return call
