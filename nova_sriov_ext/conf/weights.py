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

"""Options of the weighers.

Each can be overridden for the hosts of an aggregate by its metadata, as those
of Nova's own weighers.
"""

from oslo_config import cfg

OPTS = [
    cfg.FloatOpt(
        'capacity_weight_multiplier',
        default=-1.0,
        help="""
How much the free devices of a host count that suit one of the server's
requests: VFs of the physnets of its ports, devices of its flavor's aliases.
Negative: pack, hosts with few first, so that others keep many for a server
that requests many at once. Positive: spread. 0: do not count.

Nova's PCIWeigher packs by all PCI devices, whatever their physnet; set
``[filter_scheduler] pci_weight_multiplier = 0`` to let this one decide alone.

An aggregate's metadata overrides it for its hosts by the key
``sriov_capacity_weight_multiplier``.
"""),
    cfg.FloatOpt(
        'avoidance_weight_multiplier',
        default=1.0,
        min=0.0,
        help="""
How much hosts with free PCI devices are avoided for servers that do not
request any. Nova's PCIWeigher does so too; this one takes over where the
multiplier of that is 0.

An aggregate's metadata overrides it for its hosts by the key
``sriov_avoidance_weight_multiplier``.
"""),
    cfg.FloatOpt(
        'lag_weight_multiplier',
        default=1000000.0,
        min=0.0,
        help="""
How much hosts are avoided where the server's VFs would come from a PF whose
VF-LAG is degraded, and twice as much where it is inactive, for servers whose
lag policy is ``weigh``. The default, that of Nova's BuildFailureWeigher, puts
such a host last.

An aggregate's metadata overrides it for its hosts by the key
``sriov_lag_weight_multiplier``.
"""),
    cfg.FloatOpt(
        'mode_weight_multiplier',
        default=1000.0,
        min=0.0,
        help="""
How much hosts are avoided that cannot give all ports of a server VFs of the
eswitch mode that these prefer: the one they had when they were last bound, for
ports that request no mode. The default decides against the weighers that count
1.0, not against ``lag_weight_multiplier``.

An aggregate's metadata overrides it for its hosts by the key
``sriov_mode_weight_multiplier``.
"""),
]
