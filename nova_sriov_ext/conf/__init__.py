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

"""Options of the group ``[sriov]`` in nova.conf, by what they are about."""

from oslo_config import cfg

from nova_sriov_ext.conf import bandwidth
from nova_sriov_ext.conf import capacity
from nova_sriov_ext.conf import claim
from nova_sriov_ext.conf import placement
from nova_sriov_ext.conf import scheduler
from nova_sriov_ext.conf import vif
from nova_sriov_ext.conf import weights

GROUP = 'sriov'

OPTS = [
    *vif.OPTS,
    *bandwidth.OPTS,
    *capacity.OPTS,
    *claim.OPTS,
    *placement.OPTS,
    *scheduler.OPTS,
    *weights.OPTS,
]


def register(conf: cfg.ConfigOpts) -> cfg.ConfigOpts:
    """Register the options.

    :returns: conf
    """
    conf.register_opts(OPTS, group=GROUP)
    return conf


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    """Options for oslo-config-generator, by the name of their group."""
    return [(GROUP, OPTS)]
