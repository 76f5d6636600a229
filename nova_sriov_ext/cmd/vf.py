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
"""``nova-sriov vf list`` and ``vf show``: the VFs of this host at work."""

from __future__ import annotations

import argparse
import functools
import time
from typing import TYPE_CHECKING

from cliff.lister import Lister
from cliff.show import ShowOne

from nova_sriov_ext.cmd import nova_conf

if TYPE_CHECKING:
    from cliff.app import App

    from nova_sriov_ext.cmd import host_facts
    from nova_sriov_ext.cmd import host_tables
    from nova_sriov_ext.cmd import vf_report

# Seconds. Drivers renew the counters of flows once in a second.
_INTERVAL = 2.0
_CLEAR = '\x1b[2J\x1b[H'


class ListVfs(Lister):
    """List the VFs in use on this host: is their traffic in hardware?

    Runs on a compute host as root, changes nothing and needs no OpenStack
    credentials. It looks twice, --interval seconds apart, at the flows of
    Open vSwitch and at the counters of the kernel. Verdicts: «hardware»: all
    packets; «partly»; «software»: none; «idle»: there were no packets;
    «unknown»: what is needed could not be read.
    """

    app_args: argparse.Namespace

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        _add_interval(parser)
        parser.add_argument(
            '--all', action='store_true',
            help='VFs that are not in use, too')
        parser.add_argument(
            '--watch', action='store_true',
            help='go on until interrupted (Ctrl-C)')
        return parser

    def take_action(
            self, parsed_args: argparse.Namespace) -> host_tables.Table:
        try:
            while parsed_args.watch:
                table = self._table(parsed_args)
                if self.app.stdout.isatty():
                    self.app.stdout.write(_CLEAR)
                self.produce_output(parsed_args, *table)
                self.app.stdout.flush()
        except KeyboardInterrupt:
            raise SystemExit(0) from None
        return self._table(parsed_args)

    def _table(self, parsed_args: argparse.Namespace) -> host_tables.Table:
        facts, report = _report(self.app_args, self.app)
        from nova_sriov_ext.cmd import vf_tables
        every = [vf.address for _, vf in facts.pairs]
        return vf_tables.several(report.take(
            functools.partial(time.sleep, parsed_args.interval),
            every if parsed_args.all else None))


class ShowVf(ShowOne):
    """Show one VF of this host: its traffic, its settings, its representor.

    As «nova-sriov vf list», with what the PF keeps of the VF.
    """

    app_args: argparse.Namespace

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        _add_interval(parser)
        parser.add_argument(
            'vf', metavar='VF',
            help='its PCI address, its representor, or the uuid of its port')
        return parser

    def take_action(
            self, parsed_args: argparse.Namespace,
    ) -> tuple[tuple[str, ...], tuple[object, ...]]:
        facts, report = _report(self.app_args, self.app)
        from nova_sriov_ext.cmd import vf_tables
        wanted = [vf.address for _, vf in facts.pairs
                  if parsed_args.vf == vf.representor
                  or parsed_args.vf.lower() in (
                      vf.address, facts.uses[vf.address].port_id)]
        if not wanted:
            raise ValueError(
                f'This host has no VF {parsed_args.vf}: "nova-sriov vf list '
                '--all" shows those that it has')
        found, = report.take(
            functools.partial(time.sleep, parsed_args.interval), wanted)
        return vf_tables.one(found)


def _add_interval(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--interval', type=_seconds, default=_INTERVAL, metavar='SECONDS',
        help='between the two looks (default: %(default)s); flows that had '
             'no packet in between do not count')


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float('inf'):
        raise argparse.ArgumentTypeError(
            f'{text!r} is not a number of seconds above 0')
    return seconds


def _report(app_args: argparse.Namespace, app: App) -> tuple[
        host_facts.HostFacts, vf_report.VfReport]:
    conf = nova_conf.read(app_args.config_file)
    # os-vif's libraries load eventlet unless Nova has chosen threads; hence
    # here, and not before.
    from nova_sriov_ext.cmd import host_facts
    from nova_sriov_ext.cmd import vf_report
    facts = host_facts.HostFacts(conf, app.LOG.warning)
    return facts, vf_report.VfReport(facts, app.LOG.warning)
