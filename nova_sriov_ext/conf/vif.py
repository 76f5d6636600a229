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

"""Options of interfaces, plug and unplug."""

from oslo_config import cfg

OPTS = [
    cfg.StrOpt(
        'representor_plugin',
        default='vflag',
        choices=[
            ('vflag', "this project's os-vif plugin"),
            ('ovs', "os-vif's own plugin, as stock Nova uses it"),
        ],
        help="""
The os-vif plugin that puts the representor of a switchdev VF into Open
vSwitch. Both unplug what the other has plugged, so it can be changed while
servers run.
"""),
    cfg.BoolOpt(
        'switchdev_vf_rates',
        default=False,
        help="""
Whether VFs in switchdev mode (vif_type ovs, vnic types direct and vdpa) are
limited to what the flavor's extra specs ``quota:vif_outbound_average`` and
``quota:vif_outbound_peak`` say, by the card. Stock Nova ignores them for such
ports. A VF is limited when it is plugged for a guest that does not run yet,
so neither installing this driver nor setting this option changes anything for
guests that run. What was set is taken back at unplug, also when the option
is false by then.
"""),
    cfg.DictOpt(
        'default_profile_ids',
        default={},
        help="""
802.1Qbh (VM-FEX) port profiles of the switch by physnet, like
``physnet2:gold,physnet3:silver``: for ports of vif_type 802.1qbh whose
binding names none, neither as ``profileid`` in binding:vif_details nor in
binding:profile.
"""),
]
