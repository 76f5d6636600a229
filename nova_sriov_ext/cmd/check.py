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
from collections.abc import Sequence
import dataclasses
import functools
import importlib
import json

from cliff.command import Command
from oslo_config import cfg
from oslo_upgradecheck import upgradecheck
import prettytable

from nova_sriov_ext import nova_compat
from nova_sriov_ext.cmd import cells
from nova_sriov_ext.cmd import conf_checks
from nova_sriov_ext.cmd import conf_lines
from nova_sriov_ext.cmd import nova_conf
from nova_sriov_ext.cmd import publishing

_DRIVER = 'nova.virt.sriov_ext'
_FILTER = 'SriovCapacityFilter'
# Of nova_compat.rows.
_COLUMNS = ('Part', 'How', 'Name in Nova', 'Expected', 'Holds')


class Check(Command):
    """Check nova.conf and the installed Nova, before nova-compute starts.

    Run it on a compute host, with the nova.conf of nova-compute, after an
    upgrade above all; and on a controller before [sriov] query_placement is
    turned on there: it shows which hosts publish their VFs. It changes
    nothing. Exit status: 0 all well, 1 with warnings, 2 with failures.
    """

    app_args: argparse.Namespace

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '-f', '--format', choices=('table', 'json'), default='table',
            help='of the output (default: %(default)s)')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        checks = Checks(self.app_args.config_file)
        if parsed_args.format == 'json':
            return self._write_json(checks)
        code = int(checks.check())
        self.app.stdout.write(
            'What this project uses of Nova that Nova calls private:\n'
            f'{_table(nova_compat.rows())}\n')
        if checks.hosts:
            self.app.stdout.write('Hosts with VFs of physnets:\n'
                                  f'{publishing.table(checks.hosts)}\n')
        return code

    def _write_json(self, checks: 'Checks') -> int:
        results = checks.results()
        json.dump({
            'checks': [{'check': name, 'result': result.code.name.lower(),
                        'details': result.details}
                       for name, result in results],
            'nova': [dict(zip(_COLUMNS, row, strict=True))
                     for row in nova_compat.rows()],
            'hosts': [dataclasses.asdict(host) for host in checks.hosts],
        }, self.app.stdout, indent=2)
        self.app.stdout.write('\n')
        return max(int(result.code) for _, result in results)


def part_works(_: object, part: nova_compat.Part) -> upgradecheck.Result:
    """:param part: one of nova_compat.PARTS"""
    differences = part.differences()
    if differences:
        return _result(
            'FAILURE', f'{part.title} is turned off. {part.instead} This '
            f'Nova is not what it was written for: {"; ".join(differences)}')
    return _result('SUCCESS')


class Checks(upgradecheck.UpgradeCommands):
    """:param config_files: paths, None for Nova's usual ones
    :ivar hosts: those with VFs of physnets, once they have been read
    """

    display_title = 'SR-IOV of Nova'

    def __init__(self, config_files: list[str] | None = None) -> None:
        self._config_files = config_files
        self.hosts: list[publishing.Host] = []

    def results(self) -> list[tuple[str, upgradecheck.Result]]:
        """:returns: name and result of each check, in order"""
        return [(name, check[0](self, **check[1])
                 if isinstance(check, tuple) else check(self))
                for name, check in self._upgrade_checks]

    @functools.cached_property
    def _lines(self) -> list[conf_lines.Line]:
        return conf_lines.of(
            conf_lines.files(nova_conf.read(self._config_files)))

    def _files(self) -> upgradecheck.Result:
        """Which files are read: not those of somebody else's services."""
        try:
            found = conf_lines.files(nova_conf.read(self._config_files))
        except cfg.Error as e:
            return _unusable(e)
        if not found:
            return _result(
                'FAILURE', 'There is no nova.conf in the places where Nova '
                'looks for it (/etc/nova, ~/.nova; also nova-compute.conf and '
                'the folders nova.conf.d there): name the one of the '
                'service with --config-file.')
        return _result('SUCCESS', f'Read: {", ".join(found)}')

    def _problems(self, *checks: conf_checks.Check,
                  code: str = 'FAILURE') -> upgradecheck.Result:
        """:param code: of the result where there are any"""
        try:
            conf = nova_conf.read(self._config_files)
            found = [problem for check in checks
                     for problem in check(conf, self._lines)]
        except cfg.Error as e:
            return _unusable(e)
        return _result(code, '; '.join(found)) if found else _result(
            'SUCCESS')

    def _options(self) -> upgradecheck.Result:
        return self._problems(conf_checks.values, conf_checks.names)

    def _devices(self) -> upgradecheck.Result:
        return self._problems(conf_checks.devices)

    def _driver(self) -> upgradecheck.Result:
        try:
            importlib.import_module(_DRIVER)
        except ImportError as e:
            return _result(
                'WARNING', f'nova-compute cannot load the compute driver '
                f'sriov_ext.SriovLibvirtDriver ({e}). Where Nova is installed '
                'in another place, start nova-sriov-compute instead of '
                'nova-compute.')
        found = self._problems(conf_checks.driver)
        return (self._problems(conf_checks.effects, code='WARNING')
                if found.code is upgradecheck.Code.SUCCESS else found)

    def _search(self) -> upgradecheck.Result:
        """Whether Placement finds every host with VFs."""
        try:
            conf = nova_conf.read(self._config_files)
            is_on = conf.sriov.query_placement
            needs_modes = conf.sriov.unknown_mode == 'reject'
            # Compute hosts have no access, and need none.
            if is_on or conf.api_database.connection:
                cells.prepare(self._config_files)
                self.hosts = publishing.of(cells.hosts(), needs_modes)
        except cfg.Error as e:
            return _unusable(e)
        except cells.DatabaseUnavailable as e:
            return _result('FAILURE', str(e)) if is_on else _result('SUCCESS')
        return _found(conf, [host.name for host in self.hosts if host.lost])

    def _lags(self) -> upgradecheck.Result:
        """Whether a bond has lost what its VFs stand on; after _search."""
        found = '; '.join(
            f'{host.name}: {physnet} {state}' for host in self.hosts
            for physnet, state in host.lags.items())
        return _result(
            'WARNING', f'Not every VF-LAG is whole: {found}. `nova-sriov host '
            'show --lag` on the host says why.') if found else (
                _result('SUCCESS'))

    _upgrade_checks = (
        ('Files of nova.conf', _files),
        ('Options in nova.conf', _options),
        ('Devices in nova.conf', _devices),
        ('Compute driver', _driver),
        ('Hosts in Placement', _search),
        ('VF-LAG of hosts', _lags),
        *((part.title, (part_works, {'part': part}))
          for part in nova_compat.PARTS),
    )


def _found(conf: cfg.ConfigOpts, lost: Sequence[str]) -> upgradecheck.Result:
    """:param lost: names of hosts that Placement does not find"""
    hosts = ', '.join(lost)
    if not conf.sriov.query_placement:
        return _result('SUCCESS', (
            'Leave [sriov]query_placement off: Placement would not find '
            f'{hosts}; see below.') if lost else None)
    if lost:
        return _result(
            'FAILURE', f'Placement does not find {hosts}; see below. Turn '
            '[sriov]claim_in_placement on there, or query_placement off here.')
    if _FILTER in conf.filter_scheduler.enabled_filters:
        return _result('SUCCESS')
    return _result('WARNING', '[sriov]query_placement has no effect: '
                   f'{_FILTER} is not in [filter_scheduler]enabled_filters.')


def _unusable(error: cfg.Error) -> upgradecheck.Result:
    return _result('FAILURE', f'nova.conf cannot be used: {error}')


def _table(rows: Iterable[nova_compat.Row]) -> prettytable.PrettyTable:
    table = prettytable.PrettyTable(_COLUMNS)
    table.align = 'l'
    table.add_rows([list(row) for row in rows])
    return table


def _result(code: str, details: str | None = None) -> upgradecheck.Result:
    return upgradecheck.Result(upgradecheck.Code[code], details)
