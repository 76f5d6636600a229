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

"""The benchmark of the whole scheduler, on a small cloud: what it counts is
right, and what it times adds up."""

import pytest

from tests.benchmark.cloud import hosts
from tests.benchmark.cloud import replay
from tests.benchmark.cloud import stopwatch
from tests.benchmark.cloud import table
from tests.benchmark.cloud import trace

HOSTS, WITH_VFS, REQUESTS, SEED = 40, 20, 30, 32


@pytest.fixture(scope='module')
def results():
    """Name of a column → result.Result"""
    return {name: replay.column(name, HOSTS, WITH_VFS, REQUESTS, SEED,
                                lambda number: None)
            for name in replay.COLUMNS}


@pytest.fixture(scope='module')
def kinds():
    """Those of the trace, each with the servers that request it."""
    network = type('Network', (), {'create_port': lambda self, mode: 'port'})
    found = {}
    for request in trace.requests(REQUESTS, SEED, network()):
        found[request.kind] = found.get(request.kind, 0) + len(request.uuids)
    return found


@pytest.mark.parametrize('name', replay.COLUMNS)
def test_each_server_is_placed_or_refused(results, kinds, name):
    found = results[name]
    for kind, servers in kinds.items():
        assert (found.placed[kind.name] + found.refused[kind.name]
                == servers), kind
    assert found.placed['no ports'] == kinds[_kind('no ports')]
    for kind in 'unknown physnet', 'too many VFs':
        assert found.placed[kind] == 0
        assert found.refused[kind] == kinds[_kind(kind)] > 0


@pytest.mark.parametrize('name', [
    name for name, given in replay.COLUMNS.items() if given['ours']])
def test_what_our_filter_passes_has_its_vfs(results, name):
    assert results[name].rescheduled.total() == 0
    assert results[name].unsuited.total() == 0
    assert results[name].refused.keys() <= {
        'unknown physnet', 'too many VFs'}


def test_stock_gives_vfs_of_any_mode(results):
    assert results['stock'].unsuited.total() > 0


@pytest.mark.parametrize('name', replay.COLUMNS)
def test_look_ups_are_of_the_requests_with_ports(results, kinds, name):
    """One for each, and stock makes none."""
    number = sum(servers // kind.servers for kind, servers in kinds.items()
                 if kind.ports)
    assert results[name].lookups == (
        number if replay.COLUMNS[name]['ours'] else 0)


def test_the_rows_of_the_table_add_up(results):
    rows = table.lines(results)
    times = rows[1:rows.index('')]
    total, = (row for row in times if row.startswith('the whole request'))
    share, = (row for row in times if 'share' in row)
    times = [row for row in times if row not in (total, share)]
    for column, found in enumerate(results.values()):
        parts = [float(_cells(row)[column]) for row in times]
        assert sum(parts) == pytest.approx(
            float(_cells(total)[column]), abs=0.06 * len(parts))
        assert found.total * 1000 == pytest.approx(sum(parts), abs=2)
    assert _cells(share)[0] == '0.0%'
    assert 0 < results['ours'].share < 1


def _cells(row):
    return row[32:].split()


def _kind(name):
    return next(kind for kind in trace.KINDS if kind.name == name)


def test_a_stopwatch_charges_the_innermost_part():
    clock = stopwatch.Clock()
    clock.now = lambda: clock.waited
    watch = stopwatch.Stopwatch(clock)

    def generator():
        clock.wait(3)
        yield 'host'
    inner = watch.timed('inner', generator)
    outer = watch.timed('outer', lambda: (clock.wait(1), inner(),
                                          clock.wait(2)))
    outer()
    assert not watch.seconds, 'no request is measured'
    with watch.request():
        clock.wait(4)
        assert outer()[1] == ['host']
        clock.wait(5)
    clock.wait(6)
    assert watch.seconds == {
        stopwatch.REST: 9, 'outer': 3, 'inner': 3}


def test_a_cloud_is_drawn_by_its_seed():
    assert hosts.mix(50, 20, 1) == hosts.mix(50, 20, 1)
    assert hosts.mix(50, 20, 1) != hosts.mix(50, 20, 2)
    assert len([one for one in hosts.mix(50, 20, 1) if one.pfs]) == 20
