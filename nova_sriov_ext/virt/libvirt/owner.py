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

"""Whose a VF is, by Nova's own record of this host's PCI devices.

The address in a VIF comes from Nova's cache of Neutron's active binding, and
may be that of a VF of another host: of the destination where the source of a
live migration died after the binding had become active, and where an
evacuated server was; of the source at the destination of a live migration
that failed (ComputeManager.rollback_live_migration_at_destination). On this
host another server may have the VF at that address.
"""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
from typing import TYPE_CHECKING

from nova import context
from nova import exception as nova_exception
from nova import objects
import nova.conf

from nova_sriov_ext import nova_compat

if TYPE_CHECKING:
    from nova.compute import manager

CONF = nova.conf.CONF


class Owners:
    """:param virtapi: None without nova-compute: then nothing is known"""

    def __init__(self, virtapi: manager.ComputeVirtAPI | None = None) -> None:
        self._virtapi = virtapi if (
            virtapi and nova_compat.works(nova_compat.OWNERS)) else None
        self._at_start: list[objects.PciDevice] | None = None

    def other(self, instance: objects.Instance, address: str) -> str | None:
        """:returns: uuid of another server that has the VF, allocated or
            claimed
        """
        owners = {uuid for device, uuid in self._owned()
                  if device.address == address}
        # One server may have it twice: a resize on the same host.
        return None if instance.uuid in owners else next(iter(owners), None)

    def elsewhere(self, instance: objects.Instance, port: str,
                  address: str) -> str | None:
        """Of a VF that nobody has.

        :param port: id of the port whose VIF has it
        :returns: address of the VF that the port has instead
        """
        own = [device for device, uuid in self._owned()
               if uuid == instance.uuid]
        # What follows may read from the database.
        if not own or address in [device.address for device in own]:
            return None
        requests = {request.request_id
                    for request in instance.pci_requests.requests
                    if request.requester_id == port}
        return next((device.address for device in own
                     if device.request_id in requests), None)

    @contextlib.contextmanager
    def only_here(self, instance: objects.Instance) -> Iterator[None]:
        """Let the server's list of devices have those of this host alone.

        As long as the host is down from which it was evacuated, Nova's has
        those there as well. Their requests are no longer the server's when a
        port was detached since, and Nova gives requests for aliases new ids
        (KeyError in Instance.get_pci_devices, Nova 34): it could not be
        rebuilt, and with an alias not even be started. A device there whose
        request is the server's would be put into the domain here.
        """
        nodes = {device.compute_node_id for device in self._devices()}
        listed = instance.pci_devices if nodes else None
        if not listed:
            yield
            return
        every = listed.objects
        listed.objects = [dev for dev in every if dev.compute_node_id in nodes]
        try:
            yield
        finally:
            listed.objects = every

    def _owned(self) -> list[tuple[objects.PciDevice, str]]:
        """:returns: devices, each with the uuid of its server"""
        return [(device, device.instance_uuid) for device in self._devices()
                if device.obj_attr_is_set('instance_uuid')
                and device.instance_uuid]

    def _devices(self) -> list[objects.PciDevice]:
        """The tracker's own; until nova-compute has one, what the database
        has, read once: nobody changes it before."""
        if self._virtapi is None:
            return []
        tracker = self._virtapi._compute.rt.pci_tracker
        if tracker is not None:
            self._at_start = None
            return list(tracker.pci_devs)
        if self._at_start is None:
            self._at_start = _read()
        return self._at_start


def _read() -> list[objects.PciDevice]:
    admin = context.get_admin_context()
    try:
        nodes = objects.ComputeNodeList.get_all_by_host(admin, CONF.host)
    except nova_exception.ComputeHostNotFound:
        return []
    return [device for node in nodes for device in
            objects.PciDeviceList.get_by_compute_node(admin, node.id)]
