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

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
import contextlib

from nova import context as nova_context
from nova import exception
from nova import objects
from nova.compute import claims
from nova.pci import manager

from nova_sriov_ext.claim import server as servers
from nova_sriov_ext.claim import stats as claim_stats
from nova_sriov_ext.fit import pools
from nova_sriov_ext.report import document
from nova_sriov_ext.report import tags

_Devices = list['objects.PciDevice'] | None


class AssigningTracker(manager.PciDevTracker):
    """Nova's tracker, whose stats assign all requests of a server at once.

    :param compute_node: the resource tracker keeps what the driver reports in
        this very object
    :ivar arriving: the servers whose live migration to this host is being
        checked (arrivals.Arrivals), by uuid
    """

    stats: claim_stats.ComputePciStats

    def __init__(self, context: nova_context.RequestContext,
                 compute_node: objects.ComputeNode) -> None:
        super().__init__(context, compute_node)
        self._node = compute_node
        self.arriving: dict[str, objects.Instance] = {}
        self.stats = claim_stats.ComputePciStats(
            self.stats, self._report)
        # Requests and server of the last test.
        self._tested: tuple[objects.InstancePCIRequests | None,
                            servers.Server | None] = None, None

    def _report(self) -> document.Report:
        return document.read(
            self._node.stats if 'stats' in self._node else None)

    @contextlib.contextmanager
    def testing(self, claim: claims.Claim) -> Iterator[None]:
        """Let Nova's test of a claim, which tries one choice of NUMA nodes
        after the other, respect all that the claim will."""
        if servers.is_unshelved(claim):
            self._forget(claim)
        requests = claim._pci_requests
        server = self._server(requests, lambda: servers.flavor_of(claim),
                              evacuated=servers.is_evacuated(claim))
        # The claim follows under the same lock, if at all.
        self._tested = requests, server
        with self.stats.serving(server):
            yield

    def _forget(self, claim: claims.Claim) -> None:
        """Give back what Nova still counts as devices of a shelved server.

        Here: one that was moved to this host, and shelved before the host's
        next update, has kept its devices (ResourceTracker.update_usage passes
        by what it has not seen yet, Nova 34).

        Elsewhere: as long as the host is down from which it was evacuated, its
        list has those there first. Nova would bind its ports to them
        (neutron.API._get_port_pci_dev) and put those of aliases into its
        domain.
        """
        server = claim.instance_ref
        self.free_instance(claim.context, server)
        server.pci_devices = objects.PciDeviceList(objects=[])

    def free_device(self, dev: objects.PciDevice,
                    instance: objects.Instance) -> None:
        """Nova's looks at who had the device when ``dev`` was copied, not at
        who has it now: one that was given back already it frees again
        (PciDeviceInvalidStatus), or takes from the server that has it since.

        A server's list of devices has such where a resize claimed them on
        its own host and was then rescheduled (ResourceTracker._move_claim,
        Nova 2026.2); they are freed when it is confirmed.

        And as long as the host is down from which a server was evacuated, its
        list has the devices there as well, and before those here: when a port
        is detached, Nova frees the first that was given for its request
        (ComputeManager._detach_interface). The one that it has here is meant.
        """
        held = [mine for mine in self.pci_devs
                if mine.instance_uuid == instance['uuid']]
        for mine in held:
            if mine.id == dev.id or (
                    dev.compute_node_id != mine.compute_node_id
                    and dev.request_id == mine.request_id):
                super().free_device(mine, instance)
                break

    def claim_instance(
            self, context: nova_context.RequestContext,
            pci_requests: objects.InstancePCIRequests,
            instance_numa_topology: objects.InstanceNUMATopology | None,
    ) -> _Devices:
        """Nova's own forgets what was claimed before: the aliases of a live
        migration would stay claimed, whatever becomes of the server."""
        before = self.claims.get(pci_requests.instance_uuid, [])
        devices: _Devices = super().claim_instance(
            context, pci_requests, instance_numa_topology)
        if devices:
            self.claims[pci_requests.instance_uuid] = before + devices
        return devices

    def _claim_instance(
            self, context: nova_context.RequestContext,
            pci_requests: objects.InstancePCIRequests,
            instance_numa_topology: objects.InstanceNUMATopology | None,
    ) -> _Devices:
        uuid = pci_requests.instance_uuid
        (tested, server), self._tested = self._tested, (None, None)
        if server is None or tested is not pci_requests:
            server = self._server(
                pci_requests,
                lambda: servers.flavor_in_database(context, uuid),
                attaching=True)
        try:
            with self.stats.serving(server):
                devices: _Devices = super()._claim_instance(
                    context, pci_requests, instance_numa_topology)
                return devices
        except exception.PciDeviceRequestFailed as e:
            if uuid not in self.arriving:
                raise
            # What the conductor tries another host for. It may not have this
            # project's exceptions (LiveMigrationTask._find_destination).
            raise exception.MigrationPreCheckError(
                reason=e.format_message()) from e

    def _to_come(
            self, pci_requests: objects.InstancePCIRequests
    ) -> Iterator[objects.InstancePCIRequest]:
        """What a live migration is going to claim beside these requests."""
        done = {device.request_id for device
                in self.claims.get(pci_requests.instance_uuid, ())}
        done.update(request.request_id for request in pci_requests.requests)
        server = self.arriving[pci_requests.instance_uuid]
        for request in server.pci_requests.requests:
            if request.request_id not in done:
                yield request

    def _server(self, pci_requests: objects.InstancePCIRequests,
                flavor: Callable[[], objects.Flavor],
                evacuated: bool = False,
                attaching: bool = False) -> servers.Server:
        """As server.Server has them."""
        uuid = pci_requests.instance_uuid
        if uuid in self.arriving:
            return servers.Server(
                uuid, flavor, to_come=tuple(self._to_come(pci_requests)))
        # What the server has here already: when a port is attached, of other
        # requests; when it is resized on its host, of the same, and it gives
        # them back.
        mine = {request.request_id for request in pci_requests.requests}
        here: dict[bool, list[pools.Pool]] = {True: [], False: []}
        for dev, pool in self._vfs(uuid):
            here[dev.request_id in mine].append(pool)
        return servers.Server(
            uuid, flavor, returned=here[True], evacuated=evacuated,
            attaching=attaching,
            held=frozenset((pool.physnet or '', pool.tags[tags.ADDRESS])
                           for pool in here[False]))

    def _vfs(
            self, uuid: str) -> Iterator[tuple[objects.PciDevice, pools.Pool]]:
        for dev in (*self.claims.get(uuid, ()),
                    *self.allocations.get(uuid, ())):
            pool = self.stats.pool_of(dev)
            if pool and pool.is_vf:
                yield dev, pool
