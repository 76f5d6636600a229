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

"""The tracker of a compute host's PCI devices, with a choice of its own."""

import contextlib

from nova import exception
from nova.pci import manager

from nova_sriov_ext.claim import server as servers
from nova_sriov_ext.claim import stats
from nova_sriov_ext.report import document


class AssigningTracker(manager.PciDevTracker):
    """Nova's tracker, whose stats assign all requests of a server at once.

    :param compute_node: nova.objects.ComputeNode; the resource tracker keeps
        what the driver reports in this very object
    :ivar arriving: dict, uuid → nova.objects.Instance of the servers whose
        live migration to this host is being checked (arrivals.Arrivals)
    """

    def __init__(self, context, compute_node):
        super().__init__(context, compute_node)
        self._node = compute_node
        self.arriving = {}
        self.stats = stats.ComputePciStats(self.stats, self._report)
        # The InstancePCIRequests of the last test, and the server.Server.
        self._tested = None, None

    def _report(self):
        return document.read(
            self._node.stats if 'stats' in self._node else None)

    @contextlib.contextmanager
    def testing(self, claim):
        """Let Nova's test of a claim, which tries one choice of NUMA nodes
        after the other, respect all that the claim will.

        :param claim: nova.compute.claims.Claim
        """
        requests = claim._pci_requests
        server = self._server(requests, lambda: servers.flavor_of(claim),
                              evacuated=servers.is_evacuated(claim))
        # The claim follows under the same lock, if at all.
        self._tested = requests, server
        with self.stats.serving(server):
            yield

    def free_device(self, dev, instance):
        """Nova's looks at who had the device when ``dev`` was copied, not at
        who has it now: one that was given back already it frees again
        (PciDeviceInvalidStatus), or takes from the server that has it since.

        A server's list of devices has such where a resize claimed them on
        its own host and was then rescheduled (ResourceTracker._move_claim,
        Nova 2026.2); they are freed when it is confirmed.
        """
        held = {mine.id for mine in self.pci_devs
                if mine.instance_uuid == instance['uuid']}
        if dev.id in held:
            super().free_device(dev, instance)

    def claim_instance(self, context, pci_requests, instance_numa_topology):
        """Nova's own forgets what was claimed before: the aliases of a live
        migration would stay claimed, whatever becomes of the server."""
        before = self.claims.get(pci_requests.instance_uuid, [])
        devices = super().claim_instance(
            context, pci_requests, instance_numa_topology)
        if devices:
            self.claims[pci_requests.instance_uuid] = before + devices
        return devices

    def _claim_instance(self, context, pci_requests, instance_numa_topology):
        uuid = pci_requests.instance_uuid
        (tested, server), self._tested = self._tested, (None, None)
        if tested is not pci_requests:
            server = self._server(
                pci_requests,
                lambda: servers.flavor_in_database(context, uuid),
                attaching=True)
        try:
            with self.stats.serving(server):
                return super()._claim_instance(
                    context, pci_requests, instance_numa_topology)
        except exception.PciDeviceRequestFailed as e:
            if uuid not in self.arriving:
                raise
            # What the conductor tries another host for. It may not have this
            # project's exceptions (LiveMigrationTask._find_destination).
            raise exception.MigrationPreCheckError(
                reason=e.format_message()) from e

    def _to_come(self, pci_requests):
        """What a live migration is going to claim beside these requests."""
        done = {device.request_id for device
                in self.claims.get(pci_requests.instance_uuid, ())}
        done.update(request.request_id for request in pci_requests.requests)
        server = self.arriving[pci_requests.instance_uuid]
        for request in server.pci_requests.requests:
            if request.request_id not in done:
                yield request

    def _server(self, pci_requests, flavor, **what):
        """:param flavor: as server.Server has it
        :param what: more of server.Server
        :returns: server.Server
        """
        uuid = pci_requests.instance_uuid
        if uuid in self.arriving:
            return servers.Server(
                uuid, flavor, to_come=tuple(self._to_come(pci_requests)))
        # What the server has here already: when a port is attached, of other
        # requests; when it is resized on its host, of the same, and it gives
        # them back.
        mine = {request.request_id for request in pci_requests.requests}
        here = {True: [], False: []}
        for dev, pool in self._vfs(uuid):
            here[dev.request_id in mine].append(pool)
        return servers.Server(
            uuid, flavor, returned=here[True], **what,
            held=frozenset((pool.physnet or '', pool.pf)
                           for pool in here[False]))

    def _vfs(self, uuid):
        """:returns: iterator of (PciDevice, pools.Pool)"""
        for dev in (*self.claims.get(uuid, ()),
                    *self.allocations.get(uuid, ())):
            pool = self.stats.pool_of(dev)
            if pool and pool.is_vf:
                yield dev, pool
