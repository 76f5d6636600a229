"""Puts the claim in place, and tells whether it fits there."""

import inspect

from nova.compute import claims
from nova.compute import manager
from nova.compute import resource_tracker
from nova.compute import utils
from nova.pci import stats

from nova_sriov_ext.claim import tie
from nova_sriov_ext.claim import tracker

# Nova's, whatever stands in its place by now.
_TRACKER = tracker.AssigningTracker.__base__

_UPDATE = 'update_pci_request_with_placement_allocations'

# What the claim overrides or calls, as in Nova 2026.2 (34): (class or module,
# name of a function): names of its parameters.
_PARAMETERS = {
    (_TRACKER, '__init__'): 'context compute_node',
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
    (claims.Claim, '_test_pci', 'support_requests'),
    (manager.ComputeManager, '_build_and_run_instance', _UPDATE),
    (_TRACKER, 'claim_instance', '_claim_instance'),
    (_TRACKER, '_claim_instance', 'consume_requests'),
    (stats.PciDeviceStats, '_allocate_devs', '_handle_device_dependents'),
)


def problems():
    """:returns: list of str, how Nova differs from what the claim was
        written for; empty when it does not
    """
    found = [
        f'{_name(cls, method)} does not take {expected}'
        for (cls, method), expected in _PARAMETERS.items()
        if _parameters(getattr(cls, method, None)) != expected.split()]
    found += [
        f'{_name(cls, method)} does not call {called}'
        for cls, method, called in _CALLS
        if called not in _names(getattr(cls, method, None))]
    current = resource_tracker.pci_manager.PciDevTracker
    if current not in (_TRACKER, tracker.AssigningTracker):
        found.append(f'{_name(current)} stands for {_name(_TRACKER)}')
    return found


def replace():
    """Replace the only attributes of Nova that this project replaces."""
    resource_tracker.pci_manager.PciDevTracker = tracker.AssigningTracker
    setattr(utils, _UPDATE, tie.learning(getattr(utils, _UPDATE)))


def _name(owner, function=None):
    path = ((owner.__name__,) if inspect.ismodule(owner)
            else (owner.__module__, owner.__qualname__))
    return '.'.join(filter(None, (*path, function)))


def _parameters(function):
    """:returns: list of str, None for what is no function"""
    if not inspect.isfunction(function):
        return None
    return [name for name in inspect.signature(function).parameters
            if name != 'self']


def _names(function):
    """:returns: tuple of the names that a function's code uses"""
    code = getattr(inspect.unwrap(function), '__code__', None) if (
        callable(function)) else None
    return code.co_names if code else ()
