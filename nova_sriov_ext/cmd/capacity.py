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

"""``nova-sriov capacity list``: VFs of each physnet on each host."""

import argparse
import operator

from cliff.lister import Lister

from nova_sriov_ext.cmd import cells
from nova_sriov_ext.report import capacity
from nova_sriov_ext.report import networks

_COLUMNS = ('Host', 'Physnet', 'Mode', 'Total', 'Used', 'Free')


class ListCapacity(Lister):
    """List VFs in total, used and free for each physnet on each host.

    Reads Nova's cell databases, so it runs on a controller with a nova.conf
    that names the API database. It changes nothing. Mode and total are known
    of hosts whose nova-compute runs sriov_ext.SriovLibvirtDriver. The physnet
    "null" stands for tunnelled networks, as in [pci] device_spec.
    """

    app_args: argparse.Namespace

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('--physnet', metavar='PHYSNET',
                            help='only this physical network; null for '
                                 'tunnelled networks')
        parser.add_argument('--host', metavar='HOST', help='only this host')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[
            tuple[str, ...], list[tuple[object, ...]]]:
        nodes = cells.compute_nodes(self.app_args.config_file)
        rows = [(node.host, found) for node in nodes
                for found in capacity.of_host(
                    node.stats,
                    [pool.to_dict() for pool in node.pci_device_pools or ()])]
        return _COLUMNS, [
            (host, networks.name(c.physnet), c.mode, c.total, c.used, c.free)
            # By host only: of_host has sorted the rest, and a total that is
            # not known cannot be compared.
            for host, c in sorted(rows, key=operator.itemgetter(0))
            if parsed_args.physnet in (None, networks.name(c.physnet))
            and parsed_args.host in (None, host)]
