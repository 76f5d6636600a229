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

"""The only package that reaches into Nova's PCI claim."""

import nova.conf

from nova_sriov_ext import conf
from nova_sriov_ext import nova_compat
from nova_sriov_ext.conf.claim import STOCK

CONF = conf.register(nova.conf.CONF)


def install() -> str | None:
    """Let the resource tracker that is made from now on use our tracker, if
    ``[sriov]claim_policy`` says so and Nova is what it was written for.

    :returns: the claim policy in force; None with Nova's own claim
    """
    policy: str = CONF.sriov.claim_policy
    if policy == STOCK or not nova_compat.works(nova_compat.CLAIM):
        return None
    # Loaded where it is needed: another Nova may not have what it imports,
    # and nova-compute starts all the same.
    from nova_sriov_ext.claim import replacements
    replacements.install()
    return policy
