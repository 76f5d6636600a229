"""What stands in Nova's place where the claim is this project's."""

from nova.compute import claims
from nova.compute import resource_tracker
from nova.compute import utils

from nova_sriov_ext.claim import bandwidth_pf
from nova_sriov_ext.claim import tracker
from nova_sriov_ext.claim import trial

_UPDATE = 'update_pci_request_with_placement_allocations'


def install():
    """Replace these three, as nova_compat.CLAIM says."""
    resource_tracker.pci_manager.PciDevTracker = tracker.AssigningTracker
    claims.Claim._claim_test = trial.claim_test
    setattr(utils, _UPDATE, bandwidth_pf.learning(getattr(utils, _UPDATE)))
