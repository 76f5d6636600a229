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

"""Every part of Nova that Nova calls private and that this project replaces,
overrides, calls or reads: one table.

Nova promises none of them. A part of this project whose rows do not hold
turns itself off, with one line in the log, and leaves to Nova what it does
itself; ``nova-sriov check`` shows the table before a service is started.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import importlib.metadata
import inspect
import pkgutil
from typing import NamedTuple

from oslo_log import log as logging

LOG = logging.getLogger(__name__)

_OURS = f'{__package__}.'

REPLACES, OVERRIDES, CALLS, RELIES = (
    'replaces', 'overrides', 'calls', 'relies on')

_CLAIM_TEST = 'nova.compute.claims.Claim._claim_test'
_TRACKER = 'nova.pci.manager.PciDevTracker'
_UPDATE = ('nova.compute.utils.'
           'update_pci_request_with_placement_allocations')
_DRIVER = 'nova.virt.libvirt.driver.LibvirtDriver'
_HOST_STATE = 'nova.scheduler.host_manager.HostState'


@dataclasses.dataclass(frozen=True)
class Use:
    """One thing of Nova.

    :ivar how: REPLACES, OVERRIDES, CALLS or RELIES
    :ivar name: dotted name of a function, or of what is replaced
    :ivar parameters: major release of Nova → names of the function's
        parameters but ``self``, with blanks between, from that release on;
        empty where they do not matter
    :ivar mentions: names that are in the function's code
    """

    how: str
    name: str
    parameters: Mapping[int, str] = dataclasses.field(default_factory=dict)
    mentions: tuple[str, ...] = ()

    def difference(self, release: int) -> str | None:
        """:param release: Nova's major release
        :returns: None where Nova is as expected
        """
        owner, found = _found(self.name)
        known_as = self.name.rpartition('.')[0]
        if inspect.isclass(owner) and _name(owner) != known_as:
            return f'{_name(owner)} stands for {known_as}'
        expected = self.expected(release)
        if expected is not None and not _takes(
                found, expected.split(), inspect.isclass(owner)):
            return f'{self.name} does not take {expected}'
        missing = [one for one in self.mentions if one not in _names(found)]
        if missing:
            return f'{self.name} does not use {", ".join(missing)}'
        return None

    def expected(self, release: int) -> str | None:
        """:returns: the parameters; None where they do not matter"""
        if not self.parameters:
            return None
        since = [first for first in self.parameters if first <= release]
        # A Nova of before the first row is judged by that row.
        return self.parameters[max(since, default=min(self.parameters))]

    def words(self, release: int) -> str:
        """What is expected."""
        found = []
        expected = self.expected(release)
        if expected is not None:
            found.append(f'({", ".join(expected.split())})')
        if self.mentions:
            found.append(f'uses {", ".join(self.mentions)}')
        return ', '.join(found)


@dataclasses.dataclass(frozen=True)
class Part:
    """A part of this project.

    :ivar title: what an operator calls it
    :ivar instead: what happens where it is turned off, a sentence
    """

    title: str
    instead: str
    uses: tuple[Use, ...]

    def differences(self) -> list[str]:
        """How Nova is not what this part was written for; empty when it is."""
        release = installed_release()
        found = (use.difference(release) for use in self.uses)
        return [difference for difference in found if difference]


class Row(NamedTuple):
    """A Use in the table that ``nova-sriov check`` shows.

    :ivar holds: ``yes``, or the difference
    """

    part: str
    how: str
    name: str
    expected: str
    holds: str


def _of_compute(*more: Use) -> tuple[Use, ...]:
    """What leads from a driver to the resource tracker of nova-compute."""
    return (
        Use(RELIES, 'nova.compute.manager.ComputeVirtAPI.__init__',
            mentions=('_compute', 'reportclient')),
        Use(RELIES, 'nova.compute.manager.ComputeManager.__init__',
            mentions=('rt',)),
        Use(RELIES, 'nova.compute.resource_tracker.ResourceTracker.__init__',
            mentions=('pci_tracker',)), *more)


_STATS = 'nova.pci.stats.PciDeviceStats'

CLAIM = Part(
    'PCI claim', "Nova's own PCI claim stays in place whatever "
    '[sriov]claim_policy says.', (
        Use(REPLACES, f'{_TRACKER}.__init__', {34: 'context compute_node'}),
        Use(REPLACES, _CLAIM_TEST, {34: 'compute_node limits'}),
        Use(REPLACES, _UPDATE, {
            34: 'context report_client pci_requests provider_mapping'}),
        Use(OVERRIDES, f'{_TRACKER}._claim_instance', {
            34: 'context pci_requests instance_numa_topology'},
            mentions=('consume_requests',)),
        Use(OVERRIDES, f'{_STATS}.__init__', {
            34: 'numa_topology stats dev_filter'}),
        Use(OVERRIDES, f'{_STATS}.support_requests', {
            34: 'requests provider_mapping numa_cells'}),
        Use(OVERRIDES, f'{_STATS}.consume_requests', {
            34: 'pci_requests numa_cells'}),
        Use(CALLS, f'{_STATS}._filter_pools', {
            34: 'pools request numa_cells rp_uuids'}),
        Use(CALLS, f'{_STATS}._filter_pools_for_numa_cells', {
            34: 'pools request numa_cells'}),
        Use(CALLS, f'{_STATS}._get_rp_uuids_for_request', {
            34: 'provider_mapping request'}),
        Use(CALLS, f'{_STATS}._allocate_devs', {
            34: 'pool num request_id'},
            mentions=('_handle_device_dependents',)),
        Use(CALLS, f'{_STATS}._create_pool_keys_from_dev', {34: 'dev'}),
        Use(RELIES, 'nova.compute.resource_tracker.ResourceTracker.'
            '_setup_pci_tracker', mentions=('PciDevTracker',)),
        Use(RELIES, 'nova.compute.claims.Claim.__init__',
            mentions=('_claim_test', '_pci_requests', 'instance_ref')),
        Use(RELIES, 'nova.compute.claims.Claim._test_pci',
            mentions=('support_requests',)),
        Use(RELIES, 'nova.compute.claims.Claim._test_numa_topology',
            mentions=('numa_fit_instance_to_host',)),
        Use(RELIES, 'nova.compute.claims.MoveClaim.__init__',
            mentions=('flavor',)),
        Use(RELIES, f'{_TRACKER}.claim_instance',
            mentions=('_claim_instance',)),
        Use(RELIES, 'nova.compute.manager.ComputeManager.'
            '_build_and_run_instance', mentions=(_UPDATE.split('.')[-1],)),
    ))

LIVE_MIGRATION = Part(
    'Live migration', 'What a failed check of a live migration has claimed '
    'is given back by a periodic task of Nova, not at once.',
    _of_compute(
        Use(CALLS, 'nova.compute.resource_tracker.ResourceTracker.'
            'free_pci_device_claims_for_instance', {34: 'context instance'})))

OWNERS = Part(
    'Owner of a VF', 'A VF is plugged and unplugged without a look at whose '
    'it is, and a server that was evacuated from a host that is still down '
    'has the devices of both.', _of_compute(
        Use(OVERRIDES, f'{_DRIVER}._guest_add_pci_devices',
            {34: 'guest instance'}, mentions=('get_pci_devices',))))

PLACEMENT = Part(
    'VFs in Placement', 'VFs are not published whatever '
    '[sriov]claim_in_placement says; what is in Placement stays.',
    _of_compute(
        Use(CALLS, 'nova.scheduler.client.report.SchedulerReportClient.'
            'get_allocs_for_consumer', {34: 'context consumer'}),
        Use(CALLS, 'nova.scheduler.client.report.SchedulerReportClient.'
            'get_allocations_for_resource_provider',
            {34: 'context rp_uuid'})))

_VIF_DRIVER = 'nova.virt.libvirt.vif.LibvirtGenericVIFDriver'

VIFS = Part(
    'Interfaces', "Nova's own VIF driver writes the interfaces and plugs "
    'them.', (
        Use(REPLACES, f'{_DRIVER}.__init__', {34: 'virtapi read_only'},
            mentions=('vif_driver', '_host')),
        Use(OVERRIDES, f'{_VIF_DRIVER}.__init__', {34: 'host'}),
        Use(CALLS, f'{_VIF_DRIVER}._plug_os_vif', {34: 'instance vif'}),
        Use(CALLS, f'{_VIF_DRIVER}._unplug_os_vif', {34: 'instance vif'}),
        Use(CALLS, f'{_VIF_DRIVER}.get_base_config', {
            34: 'instance mac image_meta flavor virt_type vnic_type'}),
    ))

START = Part(
    'Start', 'A VIF that cannot be plugged when nova-compute starts does '
    'what it does with Nova alone.', (
        Use(OVERRIDES, f'{_DRIVER}._create_guest_with_network',
            mentions=('plug_vifs',)),
        Use(RELIES, 'nova.compute.manager.ComputeManager._init_instance',
            mentions=('plug_vifs', '_resume_guests_state')),
    ))

DETACH = Part(
    'Detach', '802.1Qbg interfaces cannot be detached from a running server.',
    (Use(OVERRIDES, f'{_DRIVER}._detach_with_retry', {
        34: 'guest instance_uuid get_device_conf_func device_name'}),))

RECORDS = Part(
    "Scheduler's records", 'Filters before SriovCapacityFilter judge hosts '
    "by the order of Nova's own claim.", (
        Use(REPLACES, f'{_HOST_STATE}._update_from_compute_node', {
            34: 'compute'}, mentions=('pci_stats',)),
        Use(RELIES, 'nova.scheduler.host_manager.HostManager.host_state_cls',
            {34: 'host node cell kwargs'}, mentions=('HostState',)),
        Use(RELIES, 'nova.scheduler.request_filter.process_reqspec',
            mentions=('ALL_REQUEST_FILTERS',)),
    ))

_CONDUCTOR = 'nova.conductor.manager.ComputeTaskManager'
_MIGRATE = 'nova.conductor.tasks.migrate.MigrationTask'
_LIVE = 'nova.conductor.tasks.live_migrate.LiveMigrationTask'

MOVES = Part(
    'Boots without a look-up', 'For a boot, too, nova-scheduler reads from '
    "Nova's databases what ports the server has by now.", (
        Use(RELIES, f'{_CONDUCTOR}._restrict_request_spec_to_cell',
            mentions=('requested_destination', 'cell')),
        Use(RELIES, f'{_CONDUCTOR}.rebuild_instance',
            mentions=('_restrict_request_spec_to_cell',)),
        Use(RELIES, f'{_CONDUCTOR}.unshelve_instance',
            mentions=('_restrict_request_spec_to_cell',)),
        Use(RELIES, f'{_MIGRATE}._set_requested_destination_cell',
            mentions=('requested_destination', 'cell')),
        Use(RELIES, f'{_MIGRATE}._execute',
            mentions=('_set_requested_destination_cell',)),
        Use(RELIES, f'{_LIVE}._get_request_spec_for_select_destinations',
            mentions=('requested_destination', 'cell')),
        Use(RELIES, f'{_LIVE}._find_destination',
            mentions=('_get_request_spec_for_select_destinations',)),
    ))

_REQUEST = 'nova.scheduler.utils.ResourceRequest'

SEARCH = Part(
    "Placement's search", 'Placement does not search for VFs whatever '
    '[sriov]query_placement says.', (
        Use(RELIES, 'nova.scheduler.request_filter.process_reqspec',
            mentions=('ALL_REQUEST_FILTERS',)),
        Use(RELIES, f'{_REQUEST}.from_request_spec',
            mentions=('_process_extra_specs', 'flavor')),
        Use(RELIES, f'{_REQUEST}._process_extra_specs',
            mentions=('XS_RES_PREFIX', '_add_resource')),
        Use(REPLACES, 'nova.scheduler.manager.SchedulerManager.'
            'select_destinations', {
                34: 'context request_spec filter_properties spec_obj '
                    'instance_uuids return_objects return_alternates'}),
    ))

_NEUTRON = 'nova.network.neutron.API'

SERVER_REQUEST = Part(
    'Servers that could be', 'nova-sriov explain and capacity fit take a '
    'flavor, and no ports.', (
        Use(OVERRIDES, f'{_NEUTRON}._show_port', {
            34: 'context port_id neutron_client fields'}),
        Use(RELIES, f'{_NEUTRON}._get_port_vnic_info',
            mentions=('_show_port',)),
        Use(RELIES, f'{_NEUTRON}.create_resource_requests',
            mentions=('_get_port_vnic_info',)),
    ))

PARTS = (VIFS, START, DETACH, OWNERS, CLAIM, LIVE_MIGRATION, PLACEMENT,
         RECORDS, MOVES, SEARCH, SERVER_REQUEST)


def works(part: Part) -> bool:
    """Whether Nova is what a part was written for; if not, the log says so.

    :param part: one of PARTS
    """
    differences = part.differences()
    if differences:
        LOG.error('%s is turned off. %s This Nova is not what it was written '
                  'for: %s', part.title, part.instead, '; '.join(differences))
    return not differences


def rows() -> list[Row]:
    release = installed_release()
    return [Row(part.title, use.how, use.name, use.words(release),
                use.difference(release) or 'yes')
            for part in PARTS for use in part.uses]


def installed_release() -> int:
    """The major release of the Nova that is installed."""
    return int(importlib.metadata.version('nova').partition('.')[0])


def _found(name: str) -> tuple[object, object]:
    """:returns: class or module, and the function of it, as Nova has them,
        whatever stands in their place by now; None for what is not there
    """
    owner_name, _, attribute = name.rpartition('.')
    try:
        owner = pkgutil.resolve_name(owner_name)
    except (AttributeError, ImportError):
        return None, None
    if inspect.isclass(owner) and owner.__module__.startswith(_OURS):
        owner = owner.__base__
    return owner, getattr(owner, attribute, None)


def _name(owner: type) -> str:
    return f'{owner.__module__}.{owner.__qualname__}'


def _takes(function: object, expected: Sequence[str],
           is_method: bool) -> bool:
    """:param expected: names of parameters"""
    if not callable(function):
        return False
    found = list(inspect.signature(function).parameters.values())
    # What a test puts in a function's place takes anything.
    if [parameter.kind for parameter in found] == [
            inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD]:
        return True
    return [parameter.name for parameter in found][is_method:] == expected


def _names(function: object) -> tuple[str, ...]:
    """The names that a function's code uses."""
    code = getattr(inspect.unwrap(function), '__code__', None) if (
        callable(function)) else None
    return code.co_names if code else ()
