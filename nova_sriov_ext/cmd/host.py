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

"""``nova-sriov host show``: what this compute host has."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from cliff.lister import Lister

from nova_sriov_ext.cmd import nova_conf

if TYPE_CHECKING:
    from nova_sriov_ext.cmd import host_tables


class ShowHost(Lister):
    """Show the SR-IOV cards of this host: PFs, or VFs, or bonds.

    Runs on a compute host and changes nothing. It reads the kernel, [pci]
    device_spec of nova.conf, Open vSwitch and libvirt, and needs no OpenStack
    credentials. As root it also reads the LAG state that mlx5 reports in
    debugfs; otherwise that is inferred.
    """

    app_args: argparse.Namespace

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            '--vfs', action='store_const', dest='table', const='vfs',
            default='pfs',
            help='each VF with its representor, Open vSwitch port and server')
        what.add_argument(
            '--lag', action='store_const', dest='table', const='lags',
            help='each bond with its members and whether it is offloaded')
        return parser

    def take_action(
            self, parsed_args: argparse.Namespace) -> host_tables.Table:
        conf = nova_conf.read(self.app_args.config_file)
        # os-vif's libraries load eventlet unless Nova has chosen threads.
        from nova_sriov_ext.cmd import host_facts
        from nova_sriov_ext.cmd import host_tables
        tables = host_tables.Tables(
            host_facts.HostFacts(conf, self.app.LOG.warning))
        found: host_tables.Table = getattr(tables, parsed_args.table)()
        return found
