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

"""Options of VFs in Placement."""

from oslo_config import cfg

OPTS = [
    cfg.BoolOpt(
        'claim_in_placement',
        default=False,
        help="""
Whether this compute host has its VFs in Placement: for each physnet an
inventory of the resource class ``CUSTOM_SRIOV_VF_<PHYSNET>``, and one of
``CUSTOM_SRIOV_MODE_<MODE>_<PHYSNET>`` for each eswitch mode of its PFs; and
traits. A scheduler with ``SriovCapacityFilter`` then claims a server's VFs
there, so that no two of them give away the same VF.

It is read by nova-compute and can be turned on and off host by host while
servers run; schedulers follow what the host says in its ``stats``, which needs
``report_capacity``. Turned off, the inventories stay, with no VF left to
claim, until ``nova-sriov placement purge`` removes them: do that before a host
goes back to Nova's own driver, which cannot start otherwise.
"""),
]
