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

"""Options of ports with a minimum bandwidth."""

from oslo_config import cfg
from oslo_config import types

_UUID = types.String(
    regex=r'^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')

OPTS = [
    cfg.ListOpt(
        'bandwidth_namespaces',
        item_type=_UUID,
        # SriovNicSwitchMechanismDriver.resource_provider_uuid5_namespace
        # (neutron/plugins/ml2/drivers/mech_sriov), the same since Stein.
        default=['87f1895c-73bb-11e8-9008-c4d987b2a692'],
        help="""
The mechanism drivers of Neutron whose resource providers in Placement are PFs
with a minimum bandwidth: the ``resource_provider_uuid5_namespace`` of each.
The UUID of such a provider is made of it, the name of the compute node and the
PF's netdev; so the filter finds the PF where Placement has chosen a port's
bandwidth, and the claim takes a VF of the same. The default is that of
``sriovnicswitch``. Providers of other drivers, like the bridges of Open
vSwitch, tie a port to no PF; with an empty list none does.

Set it alike on schedulers and compute hosts.
"""),
]
