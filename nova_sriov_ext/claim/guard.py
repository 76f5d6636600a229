"""Puts the claim in place, and tells whether it fits there."""

from nova.compute import claims
from nova.compute import manager
from nova.compute import resource_tracker
from nova.compute import utils
from nova.pci import stats

from nova_sriov_ext import drift
from nova_sriov_ext.claim import tie
from nova_sriov_ext.claim import tracker
from nova_sriov_ext.claim import trial

# Nova's, whatever stands in its place by now.
_TRACKER = tracker.AssigningTracker.__base__

_UPDATE = 'update_pci_request_with_placement_allocations'

# What the claim overrides or calls, as in Nova 2026.2 (34): (class or module,
# name of a function): names of its parameters.
_PARAMETERS = {
    (_TRACKER, '__init__'): 'context compute_node',
    (claims.Claim, '_claim_test'): 'compute_node limits',
    (_TRACKER, '_claim_instance'):
        'context pci_requests instance_numa_topology',
    (stats.PciDeviceStats, '__init__'): 'numa_topology stats dev_filter',
    (stats.PciDeviceStats, 'support_requests'):
        'requests provider_mapping numa_cells',
    (stats.PciDeviceStats, 'consume_requests'): 'pci_requests numa_cells',
    (stats.PciDeviceStats, '_filter_pools'):
        'pools request numa_cells rp_uuids',
    (stats.PciDeviceStats, '_filter_pools_for_numa_cells'):
        'pools request numa_cells',
    (stats.PciDeviceStats, '_get_rp_uuids_for_request'):
        'provider_mapping request',
    (stats.PciDeviceStats, '_allocate_devs'): 'pool num request_id',
    (stats.PciDeviceStats, '_create_pool_keys_from_dev'): 'dev',
    (utils, _UPDATE):
        'context report_client pci_requests provider_mapping',
}

# Who makes use of it: (class, name of a method, a name in its code).
_CALLS = (
    (resource_tracker.ResourceTracker, '_setup_pci_tracker', 'PciDevTracker'),
    (claims.Claim, '__init__', '_claim_test'),
    (claims.Claim, '__init__', '_pci_requests'),
    (claims.Claim, '_test_pci', 'support_requests'),
    (manager.ComputeManager, '_build_and_run_instance', _UPDATE),
    (claims.Claim, '_test_numa_topology',
     'numa_fit_instance_to_host'),
    (claims.MoveClaim, '__init__', 'flavor'),
    (_TRACKER, 'claim_instance', '_claim_instance'),
    (_TRACKER, '_claim_instance', 'consume_requests'),
    (stats.PciDeviceStats, '_allocate_devs', '_handle_device_dependents'),
)


def problems():
    """:returns: list of str, how Nova differs from what the claim was
        written for; empty when it does not
    """
    found = drift.differences(_PARAMETERS, _CALLS)
    current = resource_tracker.pci_manager.PciDevTracker
    if current not in (_TRACKER, tracker.AssigningTracker):
        found.append(
            f'{drift.name(current)} stands for {drift.name(_TRACKER)}')
    return found


def replace():
    """Replace the attributes of Nova that the claim replaces: these."""
    resource_tracker.pci_manager.PciDevTracker = tracker.AssigningTracker
    claims.Claim._claim_test = trial.claim_test
    setattr(utils, _UPDATE, tie.learning(getattr(utils, _UPDATE)))
