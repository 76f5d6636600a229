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

"""Live migrations to this host whose devices are being claimed.

Nova claims those of aliases first and those of ports afterwards, each under
the lock of the resource tracker and without a word of the other
(ComputeManager.check_can_live_migrate_destination, Nova 2026.2). When the
check fails it leaves them claimed until a periodic task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
import weakref

from nova import context as nova_context
from nova import objects

from nova_sriov_ext import nova_compat

if TYPE_CHECKING:
    from nova.compute import manager


class Arrivals:
    """Shows the tracker what is to come, and takes back what is in vain.

    The driver is called at the begin of the check, after its last claim, and
    at its end whatever became of it.
    """

    def __init__(self, virtapi: manager.ComputeVirtAPI) -> None:
        self._virtapi = virtapi
        self._works = nova_compat.works(nova_compat.LIVE_MIGRATION)
        # What identifies a check at its end → the server.
        self._checked: weakref.WeakKeyDictionary[
            objects.LibvirtLiveMigrateData, objects.Instance] = (
                weakref.WeakKeyDictionary())

    def begin(self, context: nova_context.RequestContext,
              instance: objects.Instance,
              check_data: objects.LibvirtLiveMigrateData) -> None:
        """:param instance: the conductor has put into its requests what
            Placement allocated here
        """
        if self._arriving is None:
            return
        # Of a check before, that went well and whose migration did not.
        self._release(context, instance)
        self._checked[check_data] = instance
        self._arriving[instance.uuid] = instance

    def claimed(self, instance: objects.Instance) -> None:
        """All claims of the check are made."""
        if self._arriving is not None:
            self._arriving.pop(instance.uuid, None)

    def end(self, context: nova_context.RequestContext,
            check_data: objects.LibvirtLiveMigrateData) -> None:
        """Give back the devices of a check that failed."""
        instance = self._checked.pop(check_data, None)
        if instance is not None and self._arriving is not None and (
                self._arriving.pop(instance.uuid, None)):
            self._release(context, instance)

    def _release(self, context: nova_context.RequestContext,
                 instance: objects.Instance) -> None:
        self._virtapi._compute.rt.free_pci_device_claims_for_instance(
            context, instance)

    @property
    def _arriving(self) -> dict[str, objects.Instance] | None:
        """As tracker.AssigningTracker has it; None with Nova's own
        tracker."""
        if not self._works:
            return None
        return getattr(self._virtapi._compute.rt.pci_tracker, 'arriving',
                       None)
