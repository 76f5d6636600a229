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

"""The tables of ``nova-sriov host show``."""

from nova_sriov_ext.cmd import host_facts
from os_vif_vflag.host import model

# Names of the columns, and rows.
Table = tuple[tuple[str, ...], list[tuple[object, ...]]]


class Tables:
    """:param facts: of this host"""

    def __init__(self, facts: host_facts.HostFacts) -> None:
        self._facts = facts

    def pfs(self) -> Table:
        rows: list[tuple[object, ...]] = []
        for pf in self._facts.snapshot.pfs:
            used = sum(self._facts.uses[vf.address].used for vf in pf.vfs)
            physnets = sorted({self._facts.networks[vf.address] or '-'
                               for vf in pf.vfs})
            rows.append((
                pf.address, pf.uplink, pf.driver, ', '.join(physnets),
                pf.mode, 'up' if pf.up else 'down', pf.numa_node, pf.bond,
                self._facts.snapshot.lag_of(pf).state,
                pf.total_vfs, len(pf.vfs), used, len(pf.vfs) - used))
        return ('PF', 'Netdev', 'Driver', 'Physnet', 'Mode', 'Link', 'NUMA',
                'Bond', 'LAG', 'Possible', 'VFs', 'Used', 'Free'), rows

    def vfs(self) -> Table:
        return ('PF', 'VF', 'Address', 'Physnet', 'Driver', 'Netdev',
                'Representor', 'OVS port', 'Server'), [
            (pf.address, vf.number, vf.address,
             self._facts.networks[vf.address], vf.driver, vf.netdev,
             vf.representor, self._facts.uses[vf.address].port,
             self._facts.uses[vf.address].instance)
            for pf, vf in self._facts.pairs]

    def lags(self) -> Table:
        return ('Bond', 'Mode', 'Members', 'Active', 'Link', 'LAG',
                'Source', 'Reason'), [
            (bond.name, bond.mode,
             ', '.join(m.name if m.up else f'{m.name} (down)'
                       for m in bond.members),
             bond.active, 'up' if bond.up else 'down', bond.lag.state,
             _source(bond.lag),
             bond.lag.reason)
            for bond in self._facts.snapshot.bonds]


def _source(lag: model.Lag) -> str | None:
    """Who says what the state is; None where there is no LAG to judge."""
    if lag.state == model.NONE:
        return None
    return 'inference' if lag.inferred else 'driver'
