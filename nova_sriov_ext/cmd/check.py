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

"""``nova-sriov check``: is this host ready for what nova.conf requests?"""

import argparse
from collections.abc import Iterable
import importlib

from cliff.command import Command
from oslo_config import cfg
from oslo_upgradecheck import upgradecheck
import prettytable

from nova_sriov_ext import nova_compat
from nova_sriov_ext.cmd import nova_conf

_DRIVER = 'nova.virt.sriov_ext'


class Check(Command):
    """Check nova.conf and the installed Nova, before nova-compute starts.

    Run it on a compute host, with the nova.conf of nova-compute, after an
    upgrade above all. It changes nothing. Exit status: 0 all well, 1 with
    warnings, 2 with failures.
    """

    app_args: argparse.Namespace

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        code = int(Checks(self.app_args.config_file).check())
        self.app.stdout.write(
            'What this project uses of Nova that Nova calls private:\n'
            f'{_table(nova_compat.rows())}\n')
        return code


def part_works(_: object, part: nova_compat.Part) -> upgradecheck.Result:
    """:param part: one of nova_compat.PARTS"""
    differences = part.differences()
    if differences:
        return _result(
            'FAILURE', f'{part.title} is turned off. {part.instead} This '
            f'Nova is not what it was written for: {"; ".join(differences)}')
    return _result('SUCCESS')


class Checks(upgradecheck.UpgradeCommands):
    """:param config_files: paths, None for Nova's usual ones"""

    display_title = 'SR-IOV of Nova'

    def __init__(self, config_files: list[str] | None = None) -> None:
        self._config_files = config_files

    def _options(self) -> upgradecheck.Result:
        try:
            group = nova_conf.read(self._config_files).sriov
            for name in group:
                group[name]
        except cfg.Error as e:
            return _result('FAILURE', f'nova.conf cannot be used: {e}')
        return _result('SUCCESS')

    def _driver(self) -> upgradecheck.Result:
        try:
            importlib.import_module(_DRIVER)
        except ImportError as e:
            return _result(
                'WARNING', f'nova-compute cannot load the compute driver '
                f'sriov_ext.SriovLibvirtDriver ({e}). Where Nova is installed '
                'in another place, start nova-sriov-compute instead of '
                'nova-compute.')
        return _result('SUCCESS')

    _upgrade_checks = (
        ('Options in nova.conf', _options),
        ('Compute driver', _driver),
        *((part.title, (part_works, {'part': part}))
          for part in nova_compat.PARTS),
    )


def _table(rows: Iterable[nova_compat.Row]) -> prettytable.PrettyTable:
    table = prettytable.PrettyTable(
        ('Part', 'How', 'Name in Nova', 'Expected', 'Holds'))
    table.align = 'l'
    table.add_rows([list(row) for row in rows])
    return table


def _result(code: str, details: str | None = None) -> upgradecheck.Result:
    return upgradecheck.Result(upgradecheck.Code[code], details)
