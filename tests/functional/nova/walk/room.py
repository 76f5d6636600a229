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

"""Whether a host can take a server: brute force, apart from our own code."""

import dataclasses

from tests.functional.nova.walk import hosts

FLAVORS = {
    'plain': {},
    'spread': {'sriov:pf_policy': 'spread'},
    'numa': {'hw:numa_nodes': '1'},
    'numa_spread': {'hw:numa_nodes': '1', 'sriov:pf_policy': 'spread'},
    'alias': {'pci_passthrough:alias': 'a1:1'},
    'numa_alias': {'hw:numa_nodes': '1', 'pci_passthrough:alias': 'a1:1'},
}


@dataclasses.dataclass(frozen=True)
class Needs:
    """What a server needs: VFs by eswitch mode, and devices of the alias."""

    flavor: str
    legacy: int = 0
    switchdev: int = 0

    @property
    def aliases(self):
        return int('alias' in self.flavor)

    @property
    def nodes(self):
        """:returns: the sets of NUMA nodes of which one must do"""
        return ((0,), (1,)) if 'numa' in self.flavor else ((0, 1),)


@dataclasses.dataclass
class Free:
    """:ivar vfs: list of int, free VFs of each PF
    :ivar aliases: list of int, free devices of the alias, by NUMA node
    """

    modes: tuple
    vfs: list
    aliases: list

    def has(self, needs, held=frozenset()):
        """:param held: PFs of which the server has a VF that stays"""
        return any(self._has(needs, nodes, held) for nodes in needs.nodes)

    def _has(self, needs, nodes, held):
        is_spread = 'spread' in needs.flavor
        for mode in hosts.LEGACY, hosts.SWITCHDEV:
            # Node n has PF n.
            found = [self.vfs[pf] for pf in nodes if self.modes[pf] == mode
                     and not (is_spread and pf in held)]
            most = sum(min(count, 1) if is_spread else count
                       for count in found)
            if most < getattr(needs, mode):
                return False
        return sum(self.aliases[node] for node in nodes) >= needs.aliases
