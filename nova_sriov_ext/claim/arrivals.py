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

import weakref

from nova_sriov_ext import nova_compat


class Arrivals:
    """Tells the tracker what is to come, and takes back what is in vain.

    The driver is called at the begin of the check, after its last claim, and
    at its end whatever became of it.

    :param virtapi: nova.compute.manager.ComputeVirtAPI
    """

    def __init__(self, virtapi):
        self._virtapi = virtapi
        self._works = nova_compat.works(nova_compat.LIVE_MIGRATION)
        # What identifies a check at its end → the server.
        self._checked = weakref.WeakKeyDictionary()

    def begin(self, context, instance, check_data):
        """:param instance: nova.objects.Instance; the conductor has put into
            its requests what Placement allocated here
        :param check_data: nova.objects.LibvirtLiveMigrateData
        """
        if self._arriving is None:
            return
        # Of a check before, that went well and whose migration did not.
        self._release(context, instance)
        self._checked[check_data] = instance
        self._arriving[instance.uuid] = instance

    def claimed(self, instance):
        """All claims of the check are made."""
        if self._arriving is not None:
            self._arriving.pop(instance.uuid, None)

    def end(self, context, check_data):
        """Give back the devices of a check that failed."""
        instance = self._checked.pop(check_data, None)
        if instance is not None and self._arriving.pop(instance.uuid, None):
            self._release(context, instance)

    def _release(self, context, instance):
        self._virtapi._compute.rt.free_pci_device_claims_for_instance(
            context, instance)

    @property
    def _arriving(self):
        """:returns: dict, as tracker.AssigningTracker has it; None with
            Nova's own tracker
        """
        if not self._works:
            return None
        return getattr(self._virtapi._compute.rt.pci_tracker, 'arriving',
                       None)
