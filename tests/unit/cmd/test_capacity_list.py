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

"""``nova-sriov capacity list`` on real databases of a cloud with two cells."""

import json
import shutil
import sqlite3

import pytest

from tests.unit.cmd import script

ALL = [
    ('compute1', 'physnet1', 'legacy', 8, 3, 5),
    ('compute1', 'physnet1', 'switchdev', 4, 4, 0),
    ('compute2', 'physnet2', 'unknown', None, None, 2),
    ('compute2', 'physnet2', 'unknown', 4, 4, 0),
    ('stock1', 'null', 'unknown', None, None, 6),
    ('stock1', 'physnet2', 'unknown', None, None, 3),
]


def listed(folder, *words):
    result = script.run('--config-file', f'{folder}/nova.conf', 'capacity',
                        'list', '-f', 'json', *words)
    assert (result.status, result.err) == (0, ''), result.err
    return [tuple(row.values()) for row in json.loads(result.out)]


def test_each_host_physnet_and_mode_has_a_row(cloud):
    found = listed(cloud)
    assert sorted(found, key=str) == sorted(ALL, key=str)
    assert [row[0] for row in found] == sorted(row[0] for row in found)


def test_options_choose_host_and_physnet(cloud):
    found = listed(cloud, '--host', 'compute2', '--physnet', 'physnet2')
    assert sorted(found, key=str) == sorted(ALL[2:4], key=str)
    assert listed(cloud, '--physnet', 'null') == [ALL[4]]


def check_refusal(result, *parts):
    assert (result.status, result.out) == (1, '')
    assert len(result.err.splitlines()) == 1, result.err
    for part in parts:
        assert part in result.err


@pytest.mark.parametrize('connection, cause', [
    ('', 'No sql_connection parameter is established'),
    ('connection = sqlite:////nonexistent/api.db',
     'unable to open database file'),
    ('connection = mysql+nothing://nova@controller/nova_api',
     'mysql.nothing'),
], ids=['none', 'unreachable', 'no such driver'])
def test_no_api_database(tmp_path, connection, cause):
    """One for each kind of error: of Nova, of oslo.db, of SQLAlchemy."""
    nova_conf = tmp_path / 'nova.conf'
    nova_conf.write_text(f'[api_database]\n{connection}\n')
    check_refusal(
        script.run('--config-file', nova_conf, 'capacity', 'list'),
        'The API database of Nova cannot be read (', cause,
        f'check [api_database]connection in {nova_conf}.')


def test_a_cell_that_does_not_answer(cloud, tmp_path):
    folder = tmp_path / 'cloud'
    shutil.copytree(cloud, folder)
    conf = folder / 'nova.conf'
    conf.write_text(conf.read_text().replace(str(cloud), str(folder)))
    with sqlite3.connect(folder / 'api.db') as api:
        uuid, = api.execute('SELECT uuid FROM cell_mappings '
                            "WHERE name = 'cell2'").fetchone()
        api.execute('UPDATE cell_mappings SET database_connection = '
                    "'sqlite:////nonexistent/cell2.db' WHERE uuid = ?",
                    (uuid,))
    check_refusal(
        script.run('--config-file', conf, 'capacity', 'list'),
        f'The database of cell {uuid} (', 'unable to open database',
        'nova-manage cell_v2 list_cells')
