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

"""The tables at the end of a run."""

import collections
import re

import pytest

from tests.benchmark import filter_table
from tests.benchmark.cloud import table
from tests.lab import paste

_COLUMNS = (
    ('find, first time (sysfs)', 'test_find_cold-sysfs', 1),
    ('find, first time (netlink)', 'test_find_cold-netlink', 1),
    ('the link dump alone', 'test_dump', 1),
    ('find, next VF', 'test_find_next', 1),
    ('find, known VF', 'test_find_warm', 1),
    ('snapshot, per VF (sysfs)', 'test_snapshot-sysfs', 2),
    ('snapshot, per VF (netlink)', 'test_snapshot-netlink', 2),
)
_NOTE = """\
Medians for one VF in ms; in brackets how many times as long os-vif, and Nova,
take on the same tree. Two PFs. A snapshot's time is divided by its VFs.
A find reads the PF's own netdevs where there is no devlink, and dumps none. A
snapshot by netlink dumps this kernel's netdevs, as many as in the tree; their
parents it does not know, so that sysfs completes each, as before Linux 5.14;
for cards of newer kernels the dump alone is enough{devlink}."""


_CLOUD = pytest.StashKey()


@pytest.fixture(scope='session')
def cloud_results(pytestconfig):
    """:returns: dict to fill, name of a column → result.Result"""
    return pytestconfig.stash.setdefault(_CLOUD, {})


@pytest.fixture(scope='session')
def nova_files():
    """Nova's files are where Nova's fixtures look for them."""
    paste.link()


@pytest.fixture
def progress(request, pytestconfig):
    """:returns: function (what is done by now), for the terminal"""
    capture = pytestconfig.pluginmanager.getplugin('capturemanager')
    terminal = pytestconfig.pluginmanager.getplugin('terminalreporter')

    def show(done):
        with capture.global_and_fixture_disabled():
            terminal.rewrite(f'{request.node.name}: {done}', erase=True)
    return show


def pytest_terminal_summary(terminalreporter, config):
    session = getattr(config, '_benchmarksession', None)
    benchmarks = session.benchmarks if session else ()
    write = terminalreporter.write_line
    clouds = config.stash.get(_CLOUD, None)
    if clouds:
        terminalreporter.section('the scheduler in a cloud')
        for row in table.lines(clouds):
            write(row)
    rows = filter_table.lines(benchmarks)
    if rows:
        terminalreporter.section('the filters')
        for row in rows:
            write(row)
    medians = _medians(benchmarks)
    if not medians:
        return
    terminalreporter.section('stock and ours')
    write(f'{"":28}' + ''.join(f'{group:>20}' for group in medians))
    for label, test in (('os-vif', 'test_os_vif'), ('Nova', 'test_nova')):
        write(f'{label:28}' + ''.join(
            f'{of[test]:20.3f}' for of in medians.values()))
    for label, test, pfs in _COLUMNS:
        write(f'{label:28}' + ''.join(
            _cell(of, test, int(group.split()[0]) * pfs if pfs > 1 else 1)
            for group, of in medians.items()))
    write(_NOTE.format(devlink=_devlink()))


def _medians(benchmarks):
    """:returns: dict group → test → median in ms, of groups that are
    complete"""
    found = collections.defaultdict(dict)
    for one in benchmarks:
        source = re.search(r'-(sysfs|netlink)\]', one.name)
        name = one.name.partition('[')[0] + (
            f'-{source[1]}' if source else '')
        if one.group and one.stats and one.stats.rounds:
            found[one.group][name] = one.stats.median * 1000
    wanted = {'test_os_vif', 'test_nova', *(test for _, test, _ in _COLUMNS)}
    return {group: of for group, of in found.items() if wanted <= of.keys()}


def _cell(of, test, vfs):
    time = of[test] / vfs
    ratios = '/'.join(f'{of[stock] / time:.1f}'
                      for stock in ('test_os_vif', 'test_nova'))
    return f'{time:.3f} ({ratios})'.rjust(20)


def _devlink():
    from os_vif_vflag.kernel.netlink import Netlink
    return ('' if Netlink().ports() is not None
            else ';\nit has no devlink either, which costs one refused '
            'request')
