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

"""The VFs of a compute host on its resource provider.

They are on the root, where the scheduler finds the host by its uuid: a
filter sees neither other providers nor inventories.

An inventory that was published stays until ``nova-sriov placement purge``.
Placement refuses to remove one with allocations, nova-compute does not start
then, and an allocation may come in at any time.
"""

from nova import context as nova_context
from nova import exception
from nova import objects
import nova.conf

from nova_sriov_ext import conf
from nova_sriov_ext import nova_compat
from nova_sriov_ext.placement import allocations
from nova_sriov_ext.placement import inventory
from nova_sriov_ext.placement import repair
from nova_sriov_ext.placement import tracked_vfs
from nova_sriov_ext.placement import traits
from nova_sriov_ext.report import document

CONF = conf.register(nova.conf.CONF)


class Provider:
    """:param virtapi: nova.compute.manager.ComputeVirtAPI"""

    def __init__(self, virtapi):
        self._virtapi = virtapi
        self._works = nova_compat.works(nova_compat.PLACEMENT)

    def is_published(self, nodename):
        """Whether ``stats`` may say that the VFs are in Placement.

        The resource tracker writes them to the database after Placement
        (ResourceTracker._update), but for the first ones of a new node.

        :returns: bool
        """
        return (self._works and CONF.sriov.claim_in_placement
                and _node(nodename) is not None)

    def update(self, tree, nodename, before, rows, reshape=False):
        """Publish the VFs.

        :param tree: nova.compute.provider_tree.ProviderTree, as
            LibvirtDriver.update_provider_tree left it
        :param before: dict, as published returned it before that
        :param rows: iterable of document.Row
        :param reshape: whether Nova is about to rewrite all allocations
        :raises ResourceProviderAllocationRetrievalFailed: Placement refuses;
            the resource tracker tries again at the next update
        """
        tracker = self._works and self._virtapi._compute.rt.pci_tracker
        wanted = CONF.sriov.claim_in_placement
        if not tracker or not (wanted or before):
            _merge(tree, nodename, before)
            return
        node = _node(nodename)
        # Schedulers go on to claim here until they are told not to.
        is_open = wanted or document.read(node.stats).placement
        found = tracked_vfs.by_class(tracker)
        allocated = self._allocated(node, found, reshape)
        if not is_open:
            found = {}
        _merge(tree, nodename, _records(before, found, allocated))
        removed, added = traits.changed(
            tree.data(nodename).traits, found, rows if is_open else ())
        tree.remove_traits(nodename, *removed)
        tree.add_traits(nodename, *added)

    def _allocated(self, node, found, reshape):
        """:returns: dict, resource class → Counter, server → VFs"""
        context = nova_context.get_admin_context()
        client = self._virtapi.reportclient
        now = allocations.of_provider(client, context, node.uuid)
        if not reshape:
            # What it gives back the server does not have: the numbers of
            # before tell as well which VFs are in use without an allocation.
            repair.Repair(client, context, node).run(now, found)
        return allocations.by_server(context, now)


def published(tree, nodename):
    """:returns: dict, resource class of VFs → inventory in Placement"""
    return allocations.vfs_only(tree.data(nodename).inventory)


def _node(nodename):
    try:
        return objects.ComputeNode.get_by_nodename(
            nova_context.get_admin_context(), nodename)
    except exception.ComputeHostNotFound:
        return None


def _records(before, found, allocated):
    """:returns: dict, resource class → inventory, none of before left out"""
    return {
        **{name: inventory.closed(old['total'])
           for name, old in before.items()},
        **{name: inventory.record(
            mine.total, inventory.unallocated(mine, allocated[name]))
           for name, mine in found.items()}}


def _merge(tree, nodename, records):
    tree.update_inventory(
        nodename, {**tree.data(nodename).inventory, **records})
