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

"""Servers with policies, and hosts for them: the lines of a table."""

import dataclasses
import json

from nova import objects
from nova.pci import stats
from nova.pci import whitelist
from nova.scheduler import host_manager
from oslo_utils import uuidutils

from nova_sriov_ext.demand import model
from nova_sriov_ext.report import document
from nova_sriov_ext.scheduler import consume
from tests.unit.scheduler import pools as given

PHYSNET = 'physnet1'
VFS = 8

SPREAD = {model.PF_POLICY: model.SPREAD}
REJECT = {model.LAG_POLICY: model.REJECT}


@dataclasses.dataclass(frozen=True)
class Case:
    """:ivar name: of the line
    :ivar passes: whether each host does, or none
    :ivar ports: how many
    :ivar switchdev: of them, those that request it
    :ivar extra_specs: of the flavor
    :ivar reserve: VFs, in nova.conf
    :ivar claim: what the hosts report
    :ivar free: VFs of a PF
    :ivar most: PFs that have free ones
    :ivar legacy: whether every second PF is, the first one included
    :ivar lag: state on all PFs
    """

    name: str
    passes: bool = True
    ports: int = 2
    switchdev: int = 0
    extra_specs: dict[str, str] = dataclasses.field(default_factory=dict)
    reserve: int = 0
    claim: str | None = 'assign'
    free: int = 5
    most: int = 99
    legacy: bool = False
    lag: str = 'none'


CASES = (
    Case('plain'),
    Case('plain, none free', passes=False, free=0),
    Case('switchdev, half of the PFs legacy', switchdev=2, legacy=True),
    Case('8 ports switchdev, half of the PFs legacy', ports=8, switchdev=8,
         legacy=True, free=8),
    Case('switchdev, stock claim', passes=False, switchdev=2, legacy=True,
         claim=None),
    Case('LAG reject, all active', extra_specs=REJECT, lag='active'),
    Case('LAG reject, all inactive', passes=False, extra_specs=REJECT,
         lag='inactive'),
    Case('spread 2', extra_specs=SPREAD),
    Case('spread 4 (of 2 PFs: 2), 4 free each', ports=4, extra_specs=SPREAD,
         free=4),
    Case('spread 5 of 4 PFs (of 2: 3)', passes=False, ports=5,
         extra_specs=SPREAD, most=4),
    Case('reserve 2, 1 of 3 ports switchdev', ports=3, switchdev=1,
         reserve=2, legacy=True),
    Case('reserve of all, 1 of 3 ports switchdev', passes=False, ports=3,
         switchdev=1, reserve=999, legacy=True),
)


class Hosts:
    """Hosts of a case, made anew as often as nova-scheduler does it.

    :param pfs: of each
    """

    def __init__(self, case, pfs):
        self._claim = case.claim
        addresses = [f'0000:{n + 3:02x}:00.0' for n in range(pfs)]
        self._pools = json.dumps([given.pool(
            case.free if n < case.most else 0, address=pf,
            physical_network=PHYSNET, parent_ifname=f'ens{n}')
            for n, pf in enumerate(addresses)])
        self._report = document.write(document.Report(
            placement=True, claim=case.claim, rows=tuple(
                document.Row(pf, PHYSNET, VFS, lag=case.lag, netdev=f'ens{n}',
                             mode='legacy' if case.legacy and n % 2 == 0
                             else 'switchdev')
                for n, pf in enumerate(addresses))))
        self._dev_filter = whitelist.Whitelist()

    def fresh(self, number, adapted=True):
        """:param adapted: as HostRecord makes them
        :returns: list of HostState
        """
        hosts = [self._host(f'compute{n}') for n in range(number)]
        for host in hosts if adapted and self._claim else ():
            consume.adapt(host)
        for host in hosts:
            # No text has been hashed yet.
            host.stats = {
                document.STATS_KEY: (self._report + ' ')[:-1]}
        return hosts

    def _host(self, name):
        host = host_manager.HostState(name, name, name)
        host.uuid = name
        host.pci_stats = stats.PciDeviceStats(
            objects.NUMATopology(cells=[]), dev_filter=self._dev_filter)
        host.pci_stats.pools = json.loads(self._pools)
        host.stats = {document.STATS_KEY: self._report}
        host.allocation_candidates = [{
            'allocations': {name: {'resources': {'VCPU': 1}}},
            'mappings': {}}]
        return host


def request(case, pfs, neutron):
    """:returns: nova.objects.RequestSpec"""
    ports = [uuidutils.generate_uuid() for _ in range(_ports(case, pfs))]
    for port in ports[:case.switchdev]:
        neutron.add(port, hardware_offload_type='switchdev')
    return objects.RequestSpec(
        instance_uuid=uuidutils.generate_uuid(), scheduler_hints={},
        flavor=objects.Flavor(extra_specs=case.extra_specs),
        pci_requests=objects.InstancePCIRequests(requests=[
            given.port_request(port, physical_network=PHYSNET)
            for port in ports]))


def _ports(case, pfs):
    """Where there are fewer PFs than the case is about, a server is smaller.
    """
    if case.extra_specs != SPREAD:
        return case.ports
    return min(case.ports, pfs if case.passes else pfs + 1)
