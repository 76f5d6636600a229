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

"""What stands in Nova's place where the claim is this project's."""

from nova.compute import claims
from nova.compute import resource_tracker
from nova.compute import utils

from nova_sriov_ext.claim import bandwidth_pf
from nova_sriov_ext.claim import tracker
from nova_sriov_ext.claim import trial

_UPDATE = 'update_pci_request_with_placement_allocations'


def install() -> None:
    """Replace these three, as nova_compat.CLAIM says."""
    resource_tracker.pci_manager.PciDevTracker = tracker.AssigningTracker
    claims.Claim._claim_test = trial.claim_test
    setattr(utils, _UPDATE, bandwidth_pf.learning(getattr(utils, _UPDATE)))
