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

"""``nova-sriov placement``: VFs as Placement has them."""

import argparse
from collections.abc import Iterator

from cliff.lister import Lister

from nova_sriov_ext.cmd import cells
from nova_sriov_ext.cmd import placement_client
from nova_sriov_ext.placement.api import Api
from nova_sriov_ext.placement.api import PlacementError

# Names of the columns, and rows.
_Table = tuple[tuple[str, ...], list[tuple[object, ...]]]

_HOST_HELP = 'only this host (hypervisor); may be given more than once'


class ShowPlacement(Lister):
    """Show the VFs of each host in Placement.

    Runs on a controller, with the credentials that [placement] of nova.conf
    has. It changes nothing. Free is what a scheduler can still claim.
    """

    app_args: argparse.Namespace

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('--host', action='append', default=[],
                            metavar='HOST', help=_HOST_HELP)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> _Table:
        api = placement_client.connect(self.app_args.config_file)
        return ('Host', 'Resource class', 'Total', 'Reserved', 'Used',
                'Free'), [
            row for host, uuid in api.providers(parsed_args.host)
            for row in _rows(host, api, uuid)]


def _rows(host: str, api: Api, uuid: str) -> Iterator[tuple[object, ...]]:
    inventories = api.inventories(uuid)
    usages = api.usages(uuid) if inventories else {}
    for name, inventory in sorted(inventories.items()):
        total, reserved = inventory['total'], inventory['reserved']
        used = usages.get(name, 0)
        # Below 0 where VFs are kept for those who have them already.
        free = max(0, total - reserved - used)
        yield host, name, total, reserved, used, free


class PurgePlacement(Lister):
    """Remove all VFs from Placement: allocations, inventories and traits.

    Do it before a compute host goes back to Nova's own driver and before this
    package is uninstalled; Nova's driver does not start otherwise. First turn
    [sriov] claim_in_placement off there and wait for two updates of its
    nova-compute. Servers keep their VFs. It can be repeated, while servers
    are booted and moved too. Runs on a controller.
    """

    app_args: argparse.Namespace

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument('--host', action='append', default=[],
                           metavar='HOST', help=_HOST_HELP)
        which.add_argument('--all', action='store_true', help='every host')
        parser.add_argument('--dry-run', action='store_true',
                            help='only show what would be removed')
        parser.add_argument(
            '--physnet-trait', action='append', default=[],
            type=_physnet_trait, metavar='TRAIT',
            help='remove this trait of a physnet too, though nothing says '
                 'that it was not set by hand; for one of a release before '
                 'this option; may be given more than once')
        parser.add_argument(
            '--force', action='store_true',
            help='also where nova-compute last said that it publishes VFs; '
                 'it is stopped, or runs another driver now')
        return parser

    def run(self, parsed_args: argparse.Namespace) -> int:
        """:returns: exit status, 1 when anything was left"""
        self._failed = False
        return super().run(parsed_args) or int(self._failed)

    def take_action(self, parsed_args: argparse.Namespace) -> _Table:
        config_files = self.app_args.config_file
        publishing = set() if parsed_args.force else _publishing(config_files)
        api = placement_client.connect(config_files)
        hosts = api.providers(parsed_args.host)
        rows: list[tuple[object, ...]] = []
        for number, (host, uuid) in enumerate(hosts, 1):
            self.app.stderr.write(f'{number}/{len(hosts)} {host}\n')
            rows += self._purge(api, host, uuid, host in publishing,
                                parsed_args)
        return ('Host', 'Resource class', 'Servers', 'VFs', 'Result'), rows

    def _purge(self, api: Api, host: str, uuid: str, is_publishing: bool,
               args: argparse.Namespace) -> list[tuple[object, ...]]:
        from nova_sriov_ext.placement import purge
        found = []
        try:
            purger = purge.Purge(api, uuid, args.physnet_trait)
            found = purger.find()
            result = 'would be removed' if args.dry_run else 'removed'
            if found and is_publishing:
                raise PlacementError(
                    'still published: turn claim_in_placement off there and '
                    'wait for two updates, or use --force')
            if not args.dry_run:
                purger.run()
        except PlacementError as e:
            self._failed = True
            result = str(e)
            self.app.LOG.error('%s: %s', host, result)
        return [(host, f.name, f.consumers, f.vfs, result) for f in found]


def _physnet_trait(name: str) -> str:
    from nova_sriov_ext.placement import names
    if not names.is_physnet_trait(name):
        raise argparse.ArgumentTypeError(
            f'{name} is not a trait of a physnet: they begin with '
            'CUSTOM_PHYSNET_')
    return name


def _publishing(config_files: list[str] | None) -> set[str]:
    """:returns: names of hypervisors that say they publish"""
    nodes = cells.compute_nodes(config_files)
    from nova_sriov_ext.report import document
    return {node.hypervisor_hostname for node in nodes
            if document.read(node.stats).placement}
