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

"""A cloud's hosts as nova-scheduler holds them, and requests for them."""

from nova import objects
from nova.pci import stats
from nova.pci import whitelist
from nova.scheduler import host_manager
from oslo_utils import uuidutils

from nova_sriov_ext.report import document
from tests.unit.scheduler import pools as given

objects.register_all()

PHYSNETS = ('physnet1', 'physnet2')

# One host of so many is full, as the hosts of a cloud that is in use.
FULL = 4


def hosts(number, pools):
    """:param number: of hosts
    :param pools: of each, one for each PF
    :returns: list of HostState
    """
    return [_host(n, pools) for n in range(number)]


def _host(number, pools):
    host = host_manager.HostState(
        f'compute{number}', f'compute{number}', uuidutils.generate_uuid())
    host.uuid = uuidutils.generate_uuid()
    host.pci_stats = stats.PciDeviceStats(
        objects.NUMATopology(cells=[]), dev_filter=whitelist.Whitelist())
    pfs = [f'0000:{n + 3:02x}:00.0' for n in range(pools)]
    host.pci_stats.pools = [
        given.pool(0 if number % FULL == 0 else 5, address=pf,
                   physical_network=PHYSNETS[n % 2], parent_ifname=f'ens{n}')
        for n, pf in enumerate(pfs)]
    report = document.Report(placement=True, rows=tuple(
        document.Row(pf, PHYSNETS[n % 2], 8, mode='switchdev')
        for n, pf in enumerate(pfs)))
    host.stats = {document.STATS_KEY: document.write(report)}
    host.allocation_candidates = [{
        'allocations': {host.uuid: {'resources': {'VCPU': 1}}},
        'mappings': {}}]
    return host


def request(ports):
    """:param ports: how many, on the physnets in turn
    :returns: nova.objects.RequestSpec
    """
    return objects.RequestSpec(
        instance_uuid=uuidutils.generate_uuid(), scheduler_hints={},
        flavor=objects.Flavor(extra_specs={}),
        pci_requests=objects.InstancePCIRequests(requests=[
            given.port_request(uuidutils.generate_uuid(),
                               physical_network=PHYSNETS[n % 2])
            for n in range(ports)]))


def bare_loop(hosts, spec_obj):
    """The least that a filter can do: for each port, sum up what is free.

    :returns: list of the HostStates that have enough
    """
    requested = [request.spec[0]['physical_network']
             for request in spec_obj.pci_requests.requests]
    passed = []
    for host in hosts:
        pools = host.pci_stats.pools
        for physnet in requested:
            free = 0
            for pool in pools:
                if pool['physical_network'] == physnet:
                    free += pool['count']
            if free < requested.count(physnet):
                break
        else:
            passed.append(host)
    return passed
