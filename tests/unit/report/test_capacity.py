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

"""The capacity report: what nova-compute writes, an operator's command reads.

The VFs counted are those that Nova's own [pci]device_spec code assigns.
"""

import json

import hypothesis
from hypothesis import strategies as st
import pytest

from nova_sriov_ext.report import capacity
from nova_sriov_ext.report import collect
from nova_sriov_ext.report import document
from os_vif_vflag.host import model
from tests.unit.report.devices import PF0
from tests.unit.report.devices import PF1
from tests.unit.report.devices import device_spec
from tests.unit.report.devices import on
from tests.unit.report.devices import pf
from tests.unit.report.devices import vfs


def free(count, physnet, address, **tags):
    return {'dev_type': 'type-VF', 'count': count, 'address': address,
            'physical_network': physnet} | tags


def untagged(count, address):
    found = free(count, None, address)
    del found['physical_network']
    return found


def table(stats, pools):
    return [(c.physnet, c.mode, c.total, c.used, c.free)
            for c in capacity.of_host(stats, pools)]


def reported(*args):
    return {document.STATS_KEY: text(*args)}


def text(pfs, devices, spec):
    return document.write(document.Report(
        collect.rows(model.HostSnapshot(pfs), devices, spec)))


BOTH = vfs(PF0, 4) + vfs(PF1, 3, bus='05')
A = device_spec(on('a'))


@pytest.mark.parametrize('pfs, devices, spec, pools, expected', [
    pytest.param(
        (pf(PF0), pf(PF1)), BOTH, A,
        [free(3, 'a', PF0), free(1, 'a', PF1)],
        [('a', 'switchdev', 7, 3, 4)], id='two PFs of a physnet add up'),
    pytest.param(
        (pf(PF0), pf(PF1, 'legacy')), BOTH, A,
        [free(3, 'a', PF0), free(1, 'a', PF1)],
        [('a', 'legacy', 3, 2, 1), ('a', 'switchdev', 4, 1, 3)],
        id='modes stay apart on one physnet'),
    pytest.param(
        (pf(PF0),), BOTH, device_spec(on('b', address='0000:05:*.*')), [],
        [('b', 'unknown', 3, 3, 0)],
        id='a PF that the host does not list; none free'),
    pytest.param(
        (pf(PF0), pf(PF1, 'legacy')), BOTH,
        device_spec(on(None, address='0000:04:*.*'), on('a')),
        [free(3, None, PF0), free(3, 'a', PF1)],
        [(None, 'switchdev', 4, 1, 3), ('a', 'legacy', 3, 0, 3)],
        id='tunnelled networks beside a physnet'),
    pytest.param(
        (pf(PF0),), vfs(PF0, 4),
        device_spec(on(None, address='0000:04:00.0'), {'vendor_id': '15b3'}),
        [free(1, None, PF0), untagged(3, PF0)],
        [(None, 'switchdev', 1, 0, 1)], id='those for aliases do not count'),
    pytest.param(
        (pf(PF0),), vfs(PF0, 4), device_spec(on('')), [free(4, '', PF0)], [],
        id='no port asks for an empty physnet'),
    pytest.param(
        (pf(PF0),), vfs(PF0, 4), device_spec(), [], [],
        id='no device_spec, no capacity'),
    pytest.param(
        (pf(PF0),),
        vfs(PF0, 2) + vfs(PF0, 2, 'vdpa', '05')
        + vfs(PF1, 1, 'type-PF', '06') + vfs(PF1, 1, 'type-PCI', '07'), A,
        [free(2, 'a', PF0), free(1, 'a', PF0, dev_type='vdpa'),
         free(1, 'a', PF1, dev_type='type-PF')],
        [('a', 'switchdev', 4, 1, 3)], id='vdpa counts, PF and PCI do not'),
    pytest.param(
        (), [{'dev_type': 'type-VF', 'vendor_id': '15b3',
              'product_id': '101e', 'address': '0000:08:00.1'},
             *vfs(PF0, 1)], A, [free(1, 'a', '0000:08:00.1')],
        [('a', 'unknown', 2, 1, 1)],
        id='a VF without a PF stands for itself, as in the pools'),
    pytest.param(
        (pf(PF0), pf(PF1)), BOTH,
        device_spec(on(None, address='0000:05:*.*'), on('A')),
        [free(0, 'A', PF0), free(0, None, PF1)],
        [(None, 'switchdev', 3, 3, 0), ('A', 'switchdev', 4, 4, 0)],
        id='all are in use; tunnelled networks come first'),
])
def test_total_used_free(pfs, devices, spec, pools, expected):
    assert table(reported(pfs, devices, spec), pools) == expected


def test_a_stock_host_reports_free_only():
    assert table({}, [free(3, 'a', PF0)]) == [('a', 'unknown', None, None, 3)]


def test_the_report_is_per_pf_not_per_vf():
    """``compute_nodes.stats`` holds 64 KB for everything that is in it."""
    devices = vfs(PF0, 250) + vfs(PF1, 250, bus='05')
    assert len({device['address'] for device in devices}) == 500
    found = text((pf(PF0), pf(PF1)), devices, A)
    assert sum(row['vfs'] for row in json.loads(found)['pfs']) == 500
    assert len(found) < 200


REPORT = text((pf(PF0), pf(PF1)), BOTH, A)
FREE_ONLY = [('a', 'unknown', None, None, 2)]


@pytest.mark.parametrize('length', range(len(REPORT)))
def test_a_cut_off_report_counts_as_none(length):
    assert table({document.STATS_KEY: REPORT[:length]},
                 [free(2, 'a', PF0)]) == FREE_ONLY


def _without(key):
    rows = json.loads(REPORT)
    del rows[key]
    return json.dumps(rows)


@pytest.mark.parametrize('found', [
    REPORT.replace('"version":1', '"version":2'), _without('version'),
    _without('pfs'), '7', '[]', 'null', '"x"', '{"version":1,"pfs":7}',
    '{"version":1,"pfs":[7]}', '{"version":1,"pfs":{"a":1}}',
    '{"version":1,"pfs":[{"pf":"x"}]}',
    '{"version":1,"pfs":[{"pf":"x","physnet":"a","mode":[],"vfs":2}]}',
    '{"version":1,"pfs":[{"pf":"x","physnet":"a","mode":"x","vfs":"2"}]}',
    '[' * 60000, '9' * 5000, 7, b'\xff', None, [],
], ids=lambda found: repr(found)[:30])
def test_what_is_no_report_counts_as_none(found):
    """A newer nova-compute, another writer, a broken row."""
    assert table({document.STATS_KEY: found},
                 [free(2, 'a', PF0)]) == FREE_ONLY


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(('version', 'pfs', 'pf', 'physnet', 'mode', 'vfs')),
        inner), max_leaves=12)
ROW = st.fixed_dictionaries({}, optional=dict.fromkeys(
    ('pf', 'physnet', 'mode', 'vfs'), JSON))


@hypothesis.given(st.none() | JSON | st.fixed_dictionaries(
    {'version': st.just(document.VERSION), 'pfs': st.lists(ROW | JSON)}))
def test_no_report_raises(value):
    stats = {document.STATS_KEY: json.dumps(value)}
    found = capacity.of_host(stats, [free(2, 'a', PF0)])
    assert sum(row.free for row in found) == 2


@pytest.mark.parametrize('stats', [None, {}, {'other': 'x'}])
def test_no_stats(stats):
    assert table(stats, []) == []


def test_a_release_that_knows_no_tunnelled_networks():
    """It left out such rows, one by one, and read the others."""
    told = document.Report(collect.rows(
        model.HostSnapshot((pf(PF0), pf(PF1))), BOTH,
        device_spec(on(None, address='0000:04:*.*'), on('a'))))
    assert told.has_tunnelled
    rows = json.loads(document.write(told))['pfs']
    # Its _sane.
    assert [row for row in rows if type(row['physnet']) is str] == [
        {'pf': PF1, 'physnet': 'a', 'vfs': 3, 'mode': 'switchdev'}]
