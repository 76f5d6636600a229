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

"""The trackers of the PCI devices of compute hosts, as nova-compute has
them, without a database of devices."""

from unittest import mock

from nova import context
from nova import objects
from nova.pci import manager

from nova_sriov_ext.claim import tracker
from nova_sriov_ext.report import document

_STOCK = tracker.AssigningTracker.__base__
assert _STOCK is manager.PciDevTracker


def stock(shape):
    """:param shape: hosts.Shape
    :returns: tracker with Nova's own claim
    """
    return _tracker(_STOCK, shape)


def assigning(shape):
    """:returns: tracker with this project's claim"""
    return _tracker(tracker.AssigningTracker, shape)


def _tracker(kind, shape):
    node = objects.ComputeNode(id=1, numa_topology=None, stats={
        document.STATS_KEY: document.write(shape.report())})
    with mock.patch.object(objects.PciDeviceList, 'get_by_compute_node',
                           return_value=shape.devices()):
        return kind(context.get_admin_context(), node)
