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

"""Lets the pools of a compute host know for whom a claim is tested.

Nova tests a claim before it makes it, and chooses the guest's NUMA nodes in
the test (``Claim._claim_test``, nova/compute/claims.py, 2026.2), without a
word to the pools about the server. A policy that only the claim knows would
refuse the nodes chosen, although others fit.
"""

from __future__ import annotations

import functools
from typing import Any

from nova import objects
from nova.compute import claims

from nova_sriov_ext.claim import tracker

# Nova's, whatever stands in its place by now.
STOCK = claims.Claim._claim_test


@functools.wraps(STOCK)
def claim_test(
        claim: claims.Claim, compute_node: objects.ComputeNode,
        limits: objects.SchedulerLimits | dict[str, Any] | None = None,
) -> None:
    """Stands for ``Claim._claim_test``."""
    found = claim.tracker.pci_tracker
    if not isinstance(found, tracker.AssigningTracker):
        STOCK(claim, compute_node, limits)
        return
    with found.testing(claim):
        STOCK(claim, compute_node, limits)
