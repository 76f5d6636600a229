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

"""Options of the claim on the compute host."""

from oslo_config import cfg

STOCK = 'stock'
ASSIGN = 'assign'

OPTS = [
    cfg.StrOpt(
        'claim_policy',
        default=STOCK,
        choices=[
            (STOCK, "Nova's own claim: each request in turn gets the first "
                      'VFs that match'),
            (ASSIGN, "all requests of a server are assigned to this host's "
                       'VFs together, by ``pf_policy``, NUMA nodes, LAG '
                       'state and eswitch mode'),
        ],
        help="""
How nova-compute chooses the PCI devices of a server among those that Nova
accepts for it. Read when nova-compute starts. With a release of Nova that the
claim was not written for, Nova's own stays, and the log and ``nova-sriov
check`` say so.
"""),
]
