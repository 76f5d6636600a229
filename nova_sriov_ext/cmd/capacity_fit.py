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


"""``nova-sriov capacity fit``: how many more servers the cloud takes."""

from __future__ import annotations

import argparse
import collections
from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import sys
from typing import TYPE_CHECKING

from cliff.lister import Lister
import rich.console
import rich.progress

from nova_sriov_ext.cmd import cells
from nova_sriov_ext.cmd import nic
from nova_sriov_ext.cmd import placement_client

if TYPE_CHECKING:
    from nova_sriov_ext.cmd import fits

_COLUMNS = ('Host', 'Cell', 'Servers', 'At most', 'Limited by', 'Bounds')
_SUMS = ('Servers', 'At most', 'Hosts', 'Full hosts')

NONE_FITS = 3

# Of the reasons of the footer: the most frequent ones.
_SHOWN = 5

_Table = tuple[tuple[str, ...], list[tuple[object, ...]]]


class FitCapacity(Lister):
    """Show how many more servers of a flavor, with such ports, each host
    takes, and what is short there.

    Nothing is created. It runs on a controller: networks and ports are read
    from Neutron, flavors and hosts from Nova's databases, CPUs, memory and
    disk from Placement. The servers are thought to come one after another;
    each takes the devices that the claim of its host would give it. A host
    may take fewer than "At most" of them, by a choice that is not the best.
    It never takes more: "At most" is the least of its bounds, each of which
    says of one thing how much is free and how much a server takes.

    Not considered: aggregates and availability zones, server groups, NUMA
    affinity, minimum bandwidth, and filters of the scheduler other than
    SriovCapacityFilter and ComputeFilter. Storage that hosts share counts
    for each of them.

    The exit status is 0 when at least one server fits, 3 when none does, 1
    when the question cannot be answered.
    """

    app_args: argparse.Namespace

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--flavor', metavar='FLAVOR', required=True,
            help='flavor of the servers, by id or name')
        nic.add_options(parser)
        parser.add_argument(
            '--boot-from-volume', action='store_true',
            help='the root disks are volumes')
        parser.add_argument('--host', metavar='HOST', help='only this host')
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            '--all', action='store_true',
            help='also the hosts that take none, and why (default: with '
                 '--host only)')
        which.add_argument(
            '--sum', action='store_true',
            help='only the sums over all hosts')
        return parser

    def run(self, parsed_args: argparse.Namespace) -> int:
        super().run(parsed_args)
        return self._status

    def take_action(self, parsed_args: argparse.Namespace) -> _Table:
        found = self._fits(parsed_args)
        passed = [fit for fit in found if fit.servers]
        self._status = 0 if passed else NONE_FITS
        if parsed_args.sum:
            return _SUMS, [_sums(found)]
        if parsed_args.formatter == 'table':
            self.app.stderr.write(_footer(found))
        is_whole = parsed_args.all or parsed_args.host
        return _COLUMNS, [
            (fit.host, fit.cell, fit.servers, fit.at_most, fit.limited_by,
             '; '.join(map(str, fit.bounds)))
            for fit in (found if is_whole else passed)]

    def _fits(self, parsed_args: argparse.Namespace) -> list[fits.Fit]:
        cells.prepare(self.app_args.config_file)
        # They import Nova, which prepare has to come before.
        from nova_sriov_ext.cmd import fits
        from nova_sriov_ext.cmd import nodes
        from nova_sriov_ext.cmd import rooms
        from nova_sriov_ext.cmd import server_request
        from nova_sriov_ext.demand import gather
        with _progress() as progress:
            server = server_request.of_nics(
                parsed_args.nics, parsed_args.flavor, self.app.LOG.warning,
                parsed_args.boot_from_volume)
            demand = gather.demand_of(
                server.spec.pci_requests.requests,
                server.spec.flavor.extra_specs, server.modes)
            with _step(progress, "Nova's cells"):
                hosts = cells.chosen(nodes.read(), parsed_args.host)
            with _step(progress, 'Placement'):
                room = rooms.Rooms(placement_client.connect(
                    self.app_args.config_file), server.spec)
            return list(progress.track(
                fits.of(hosts, demand, room), len(hosts),
                description='Hosts'))


def _progress() -> rich.progress.Progress:
    """On standard error, where that is a terminal."""
    return rich.progress.Progress(
        console=rich.console.Console(stderr=True), transient=True,
        disable=not sys.stderr.isatty())


@contextlib.contextmanager
def _step(progress: rich.progress.Progress, name: str) -> Iterator[None]:
    """One of which it is not known how far it has come."""
    task = progress.add_task(name, total=None)
    yield
    progress.update(task, total=1, completed=1)


def _sums(found: Collection[fits.Fit]) -> tuple[int, ...]:
    """As _SUMS."""
    full = sum(not fit.servers for fit in found)
    return (sum(fit.servers for fit in found),
            sum(fit.at_most for fit in found), len(found) - full, full)


def _footer(found: Sequence[fits.Fit]) -> str:
    servers, most, hosts, full = _sums(found)
    short = collections.Counter(
        fit.limited_by for fit in found if not fit.servers)
    why = ', '.join(f'{reason} on {count}'
                    for reason, count in short.most_common(_SHOWN))
    return (f'{servers} more servers on {hosts} hosts, at most {most} by the '
            f'bounds.\n' + f'None on {full} hosts: {why}.\n' * bool(full))
