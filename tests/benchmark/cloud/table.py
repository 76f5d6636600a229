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

"""The table of test_cloud.py."""

from tests.benchmark.cloud import instruments
from tests.benchmark.cloud import stopwatch
from tests.benchmark.cloud import trace

# Rows above those of filters and weighers, and below.
_FIRST = (instruments.QUERY, instruments.CLAIM, instruments.DATABASE,
          instruments.RECORDS, instruments.FILTERS)
_LAST = (instruments.NEUTRON, stopwatch.REST)
_COUNTS = ('placed', 'unsuited', 'refused', 'rescheduled')

# Parts of less than this many ms in each column are one row.
_SMALL = 0.5


def lines(results):
    """:param results: dict, name of a column → result.Result
    :returns: list of str
    """
    return [_line('ms per request', results), *_times(results), '',
            _line('ms per request, by kind', results), *_kinds(results), '',
            _line('servers', results), *_servers(results), '',
            _line('look-ups of Neutron', (
                str(one.lookups) for one in results.values()))]


def _kinds(results):
    for kind in trace.KINDS:
        if all(one.requests[kind.name] for one in results.values()):
            yield _line(f'  {kind.name}', (
                f'{one.took[kind.name] / one.requests[kind.name] * 1000:.1f}'
                for one in results.values()))


def _times(results):
    parts = _parts(results)
    small = [part for part in parts if part not in (*_FIRST, *_LAST)
             and all(one.of(part) * 1000 < _SMALL
                     for one in results.values())]
    for part in parts:
        if part not in small:
            yield _line(part, (f'{one.of(part) * 1000:.1f}'
                               for one in results.values()))
    yield _line(f'{len(small)} parts below {_SMALL} ms', (
        f'{sum(map(one.of, small)) * 1000:.1f}' for one in results.values()))
    yield _line('the whole request', (
        f'{one.total * 1000:.1f}' for one in results.values()))
    yield _line("this project's share", (
        f'{one.share:.1%}' for one in results.values()))


def _parts(results):
    known = dict.fromkeys(part for one in results.values()
                          for part in one.seconds)
    return [*_FIRST, *(part for part in known
                       if part not in (*_FIRST, *_LAST)), *_LAST]


def _servers(results):
    for count in _COUNTS:
        yield _line(count, (str(getattr(one, count).total())
                            for one in results.values()))
    for kind in trace.KINDS:
        yield _line(f'  {kind.name}', ('/'.join(
            str(getattr(one, count)[kind.name]) for count in _COUNTS)
            for one in results.values()))


def _line(title, cells):
    return f'{title:32}' + ''.join(f'{cell:>22}' for cell in cells)
