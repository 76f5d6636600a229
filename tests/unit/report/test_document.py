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

"""What a compute host writes into its stats, a scheduler reads back."""

import json
import types

import hypothesis
from hypothesis import strategies as st
import pytest

from nova_sriov_ext.report import document

PF = '0000:03:00.0'
ROWS = st.builds(
    document.Row, pf=st.text(), physnet=st.none() | st.text(),
    vfs=st.integers(0, 1000),
    mode=st.sampled_from(('legacy', 'switchdev', 'unknown')),
    bond=st.none() | st.text(),
    lag=st.sampled_from(('active', 'degraded', 'inactive', 'none')))
REPORTS = st.builds(
    document.Report, rows=st.lists(ROWS, max_size=20).map(tuple),
    placement=st.booleans(), placement_modes=st.booleans(),
    claim=st.none() | st.text(min_size=1))


def read(text):
    return document.read({document.STATS_KEY: text})


@hypothesis.given(REPORTS)
def test_what_is_written_is_read(told):
    assert read(document.write(told)) == told


def test_a_report_is_bounded():
    """compute_nodes.stats holds 64 KB on MySQL for everything in it."""
    rows = tuple(document.Row(f'0000:{n:02x}:00.0', '\u20ac' * 255, 8)
                 for n in range(200))
    text = document.write(document.Report(rows, placement=True))
    assert len(text) <= document.MAX_BYTES
    found = read(text)
    assert found.placement
    assert not found.complete
    assert found.rows == rows[:len(found.rows)]
    assert len(found.rows) > 10


@pytest.mark.parametrize('modes, mixed', [
    ([], False),
    ([('physnet1', 'legacy'), ('physnet1', 'legacy')], False),
    ([('physnet1', 'legacy'), ('physnet2', 'switchdev')], False),
    ([('physnet1', 'legacy'), ('physnet1', 'unknown')], False),
    ([('physnet1', 'legacy'), ('physnet1', 'switchdev')], True)])
def test_is_mixed(modes, mixed):
    assert document.is_mixed(
        [document.Row(f'pf{number}', physnet, 1, mode)
         for number, (physnet, mode) in enumerate(modes)]) is mixed


@pytest.mark.parametrize('rows, expected', [
    ([], set()),
    ([('a', 4, 'legacy')], {('a', 'legacy')}),
    ([('a', 4, 'legacy'), ('A', 4, 'switchdev')],
     {('a', 'legacy'), ('a', 'switchdev')}),
    ([(None, 4, 'switchdev'), ('b', 4, 'legacy')],
     {(None, 'switchdev'), ('b', 'legacy')}),
    # A PF of an unknown mode: not that physnet, whatever its others say.
    ([('a', 4, 'switchdev'), ('A', 4, 'unknown'), ('b', 4, 'legacy')],
     {('b', 'legacy')}),
    # What this release does not know is as good as unknown.
    ([('a', 4, 'legacy'), ('a', 4, 'switchdev_inactive')], set()),
    # VFs for aliases.
    ([(None, 0, 'unknown'), (None, 4, 'switchdev')], {(None, 'switchdev')}),
    ([(None, 0, 'switchdev')], set())])
def test_of_which_modes_a_host_publishes_vfs(rows, expected):
    found = tuple(document.Row(f'pf{number}', *row)
                  for number, row in enumerate(rows))
    assert document.known_modes(found) == expected
    for flag, published in ((True, expected), (False, set())):
        report = document.Report(found, placement=True, placement_modes=flag)
        assert read(document.write(report)).published_modes == published


def test_of_a_report_that_is_cut_off_no_mode_is_published():
    """What was cut off may have an unknown mode."""
    report = document.Report(
        (document.Row(PF, 'a', 4, 'legacy'),), placement=True,
        placement_modes=True, complete=False)
    assert report.published_modes == set()


def test_a_report_of_just_that_many_bytes_is_whole():
    def report(characters):
        return document.Report((document.Row('pf', 'p' * characters, 8),))

    others = len(document.write(report(0)))
    assert ' ' not in document.write(report(0))
    most = report(document.MAX_BYTES - others)
    assert len(document.write(most)) == document.MAX_BYTES
    assert read(document.write(most)) == most
    assert not read(document.write(report(
        document.MAX_BYTES - others + 1))).complete


@pytest.mark.parametrize('stats', [
    None, {}, [], 'x', {document.STATS_KEY: []}])
def test_a_host_without_stats_has_reported_nothing(stats):
    state = types.SimpleNamespace(stats=stats)
    assert document.of_host(state) == document.NOTHING
    # Before Nova's first update of it.
    del state.stats
    assert document.of_host(state) == document.NOTHING


def test_a_row_that_is_damaged_is_left_out_and_the_others_are_read():
    rows = [{'pf': PF}, 7, {'pf': PF, 'physnet': 'a', 'vfs': '1'},
            {'pf': PF, 'physnet': 'a', 'vfs': 1, 'mode': []},
            {'pf': PF, 'physnet': 'b', 'vfs': 1}]
    text = json.dumps({'version': document.VERSION, 'pfs': rows})
    assert read(text).rows == (document.Row(PF, 'b', 1),)


def test_a_claim_that_is_not_a_name_is_none():
    assert read('{"version":1,"pfs":[],"claim":7}') == document.Report()


def test_a_scheduler_reads_what_the_host_reported():
    report = document.Report((document.Row(PF, None, 1),), claim='assign')
    assert document.of_host(types.SimpleNamespace(stats={
        document.STATS_KEY: document.write(report)})) == report


@pytest.mark.parametrize('rows, tunnelled', [
    ([], False), ([('physnet1', 1)], False), ([(None, 0)], False),
    ([('physnet1', 1), (None, 1)], True)])
def test_has_tunnelled(rows, tunnelled):
    assert document.Report(tuple(
        document.Row(PF, *row) for row in rows)).has_tunnelled is tunnelled
