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

"""``nova-sriov explain`` on real databases of a cloud with two cells.

Ports are in tests/functional/nova/test_explain.py, where Neutron is.
"""

import json
import shutil

import pytest

from tests.unit.cmd import script

THREE = [
    ('compute1', 'cell1', 'passes', 'alias cx6: 3 devices requested, 5 free'),
    ('compute2', 'cell1', 'disabled',
     'nova-compute is disabled (new NIC); alias cx6: 3 devices requested, '
     '2 free (alias cx6)'),
    ('compute2', 'cell2', 'down',
     'nova-compute is down (last seen: 2026-01-02 00:00:00+00:00); the host '
     'reports no free PCI devices'),
    ('compute3', 'cell2', 'down',
     'there is no nova-compute service of that name; the host reports no '
     'free PCI devices'),
    ('stock1', 'cell2', 'passes', 'alias cx6: 3 devices requested, 16 free'),
]


def explain(folder, *words):
    return script.run('--config-file', f'{folder}/nova.conf', 'explain',
                      *words)


def test_every_host_with_its_reason(cloud):
    result = explain(cloud, '--flavor', 'three', '--format', 'json')
    assert (result.status, result.err) == (0, '')
    assert [tuple(row.values()) for row in json.loads(result.out)] == THREE


def test_status_where_no_host_passes(cloud):
    result = explain(cloud, '--flavor', 'id-three', '--host', 'compute2')
    assert (result.status, result.err) == (3, '')
    table = [tuple(cell.strip() for cell in line.split('|')[1:-1])
             for line in result.out.splitlines() if '|' in line]
    assert table == [('Host', 'Cell', 'Verdict', 'Reason'), *THREE[1:3]]


SILENT = """
[neutron]
auth_type = none
endpoint_override = http://127.0.0.1:9
http_retries = 0
"""


@pytest.mark.parametrize('conf, words, problem', [
    ('', (), 'Say what the server would have: --port, --flavor, or both.'),
    ('', ('--flavor', 'four'), 'There is no flavor four, neither by id nor'),
    ('', ('--flavor', 'plain', '--host', 'compute9'),
     'There is no compute host compute9 in any cell'),
    (SILENT, ('--port', 'p'), 'Neutron cannot be reached (Unable to establish '
                              'connection to http://127.0.0.1:9/'),
], ids=['nothing asked', 'no such flavor', 'no such host', 'no Neutron'])
def test_what_cannot_be_answered(cloud, tmp_path, conf, words, problem):
    shutil.copy(f'{cloud}/nova.conf', tmp_path)
    with (tmp_path / 'nova.conf').open('a') as file:
        file.write(conf)
    result = explain(tmp_path, *words)
    assert (result.status, result.out) == (1, '')
    assert len(result.err.splitlines()) == 1, result.err
    assert problem in result.err
