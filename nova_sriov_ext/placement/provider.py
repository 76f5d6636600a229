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

from __future__ import annotations

import collections
from collections.abc import Collection
from collections.abc import Mapping
from typing import TYPE_CHECKING

from nova import context as nova_context
from nova import exception
from nova import objects
from nova.compute import provider_tree
import nova.conf

from nova_sriov_ext import conf
from nova_sriov_ext import nova_compat
from nova_sriov_ext.placement import allocations
from nova_sriov_ext.placement import inventory
from nova_sriov_ext.placement import names
from nova_sriov_ext.placement import repair
from nova_sriov_ext.placement import tracked_vfs
from nova_sriov_ext.placement import traits
from nova_sriov_ext.report import document

if TYPE_CHECKING:
    from nova.compute import manager

CONF = conf.register(nova.conf.CONF)


class Provider:
    """The resource provider of this compute host."""

    def __init__(self, virtapi: manager.ComputeVirtAPI) -> None:
        self._virtapi = virtapi
        self._works = nova_compat.works(nova_compat.PLACEMENT)

    def is_published(self, nodename: str) -> bool:
        """Whether ``stats`` may say that the VFs are in Placement.

        The resource tracker writes them to the database after Placement
        (ResourceTracker._update), but for the first ones of a new node.
        """
        return (self._works and CONF.sriov.claim_in_placement
                and _node(nodename) is not None)

    def update(self, tree: provider_tree.ProviderTree, nodename: str,
               before: Mapping[str, inventory.Inventory],
               rows: Collection[document.Row], reshape: bool = False) -> None:
        """Publish the VFs.

        :param tree: as LibvirtDriver.update_provider_tree left it
        :param before: as published returned it before that
        :param reshape: whether Nova is about to rewrite all allocations
        :raises ResourceProviderAllocationRetrievalFailed: Placement refuses;
            the resource tracker tries again at the next update
        """
        tracker = self._works and self._virtapi._compute.rt.pci_tracker
        wanted = CONF.sriov.claim_in_placement
        node = _node(nodename) if tracker and (wanted or before) else None
        # None as well when an operator has just deleted the compute service.
        if node is None:
            _merge(tree, nodename, before)
            return
        # Schedulers go on to claim here until this host reports otherwise.
        reported = document.read(node.stats)
        is_open = wanted or reported.placement
        found = tracked_vfs.by_class(tracker, rows)
        allocated = self._allocated(node, found, reshape)
        found = _open(found, document.known_modes(rows)
                      | reported.published_modes) if is_open else {}
        _merge(tree, nodename, _records(before, found, allocated))
        removed, added = traits.changed(
            tree.data(nodename).traits, filter(names.is_vf_class, found),
            rows if is_open else ())
        tree.remove_traits(nodename, *removed)
        tree.add_traits(nodename, *added)

    def _allocated(
            self, node: objects.ComputeNode,
            found: Mapping[str, tracked_vfs.Vfs], reshape: bool,
    ) -> dict[str, collections.Counter[str]]:
        """As allocations.by_server."""
        context = nova_context.get_admin_context()
        client = self._virtapi.reportclient
        now = allocations.of_provider(client, context, node.uuid)
        if not reshape:
            # What it gives back the server does not have: the numbers of
            # before show as well which VFs are in use without an allocation.
            repair.Repair(client, context, node).run(now, found)
        return allocations.by_server(context, now)


def published(tree: provider_tree.ProviderTree,
              nodename: str) -> dict[str, inventory.Inventory]:
    """What Placement has, by the resource class of VFs."""
    return allocations.vfs_only(tree.data(nodename).inventory)


def _node(nodename: str) -> objects.ComputeNode | None:
    try:
        return objects.ComputeNode.get_by_nodename(
            nova_context.get_admin_context(), nodename)
    except exception.ComputeHostNotFound:
        return None


def _open(found: Mapping[str, tracked_vfs.Vfs],
          modes: frozenset[tuple[str | None, str]],
          ) -> dict[str, tracked_vfs.Vfs]:
    """:param found: by resource class
    :param modes: physnet, eswitch mode: those of which VFs may be claimed
    :returns: without other modes
    """
    classes = names.mode_classes(modes)
    return {name: vfs for name, vfs in found.items()
            if names.is_vf_class(name) or name in classes}


def _records(
        before: Mapping[str, inventory.Inventory],
        found: Mapping[str, tracked_vfs.Vfs],
        allocated: Mapping[str, Mapping[str, int]],
) -> dict[str, inventory.Inventory]:
    """:returns: by resource class, none of before left out"""
    return {
        **{name: inventory.closed(old['total'])
           for name, old in before.items()},
        **{name: inventory.record(
            mine.total, inventory.unallocated(mine, allocated[name]))
           for name, mine in found.items()}}


def _merge(tree: provider_tree.ProviderTree, nodename: str,
           records: Mapping[str, inventory.Inventory]) -> None:
    tree.update_inventory(
        nodename, {**tree.data(nodename).inventory, **records})
