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

"""Host states and request specs as Nova's scheduler makes them."""

from nova import objects
from nova.scheduler import host_manager
from oslo_utils.fixture import uuidsentinel as uuids

from nova_sriov_ext.report import document
from tests.unit.scheduler import pools as given


def host(name, *pools, rows=(), **metadata):
    """:param pools: dicts, as given.pool makes them
    :param rows: document.Row of each PF
    :param metadata: of the one aggregate that the host is in
    :returns: nova HostState
    """
    state = host_manager.HostState(name, name, uuids.cell)
    state.pci_stats = given.pci_stats(pools)
    state.stats = {document.STATS_KEY: document.write(document.Report(tuple(
        rows)))}
    state.aggregates = [objects.Aggregate(metadata=metadata)]
    return state


def request(*requests, **extra_specs):
    """:param requests: nova.objects.InstancePCIRequest
    :returns: nova.objects.RequestSpec of a boot
    """
    return objects.RequestSpec(
        instance_uuid=uuids.server, scheduler_hints={},
        flavor=objects.Flavor(extra_specs=extra_specs),
        pci_requests=objects.InstancePCIRequests(requests=list(requests)))
