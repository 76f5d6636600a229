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

"""nova.conf, for commands that run beside Nova's services."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oslo_config import cfg


def read(config_files: list[str] | None = None) -> cfg.ConfigOpts:
    """Read nova.conf, and the options of this project in it.

    :param config_files: paths; None lets oslo.config look where nova-compute
        does: nova-compute.conf, which Debian and Ubuntu have, comes after
        nova.conf
    """
    choose_threads()
    # Nova is imported when a command runs, not when its help is requested;
    # and not nova.config, which loads four seconds of databases.
    import nova.conf

    from nova_sriov_ext import conf
    nova.conf.CONF([], project='nova', prog='nova-compute',
                   default_config_files=config_files)
    return conf.register(nova.conf.CONF)


def choose_threads() -> None:
    """Let Nova do without eventlet, which only warns when it is loaded.

    Nova's services choose in the same way, before anything else of Nova is
    imported (nova/monkey_patch.py).
    """
    os.environ['OS_NOVA_DISABLE_EVENTLET_PATCHING'] = 'true'
    from nova import monkey_patch
    monkey_patch.patch()
