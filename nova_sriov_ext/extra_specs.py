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

"""The flavor extra specs of this project, for Nova's API to validate.

From microversion 2.86 on it refuses a value that a validator does not know,
and an unknown name in a namespace that has validators
(nova/api/validation/extra_specs/validators.py).
"""

from nova.api.validation.extra_specs import base

from nova_sriov_ext.demand import model

_VALIDATORS = [
    base.ExtraSpecValidator(
        name=model.PF_POLICY,
        description=(
            "From which PFs the server's VFs of one physnet come: "
            'different ones (``spread``), different ones where the host has '
            'them (``prefer_spread``), or as few as possible (``pack``).'),
        value={'type': str, 'enum': model.PF_POLICIES}),
    base.ExtraSpecValidator(
        name=model.LAG_POLICY,
        description=(
            'What becomes of hosts whose VF-LAG of a physnet is degraded or '
            'inactive: taken as any other (``ignore``), only where there is '
            'no better (``weigh``), or not at all (``reject``).'),
        value={'type': str, 'enum': model.LAG_POLICIES}),
    base.ExtraSpecValidator(
        name=model.IGNORE_RESERVE,
        description=(
            'Whether the server may have the VFs that are reserved by '
            '``[sriov] vf_reserve``.'),
        value={'type': bool}),
]


def register() -> list[base.ExtraSpecValidator]:
    """Entry point ``nova.api.extra_spec_validators``."""
    return _VALIDATORS
