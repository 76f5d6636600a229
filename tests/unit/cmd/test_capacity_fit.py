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


"""``nova-sriov capacity fit`` on real databases of a cloud with two cells,
where Neutron and Placement are other processes.

What they say is in tests/functional/nova/test_capacity_fit.py real, and that
so many servers boot.
"""

import csv
import io
import json
import pathlib
import sqlite3
import threading
import urllib.parse
from wsgiref import simple_server

import pytest
import yaml

from nova_sriov_ext.cmd import capacity_fit
from nova_sriov_ext.cmd import nic
from nova_sriov_ext.cmd import shell
from tests.unit.cmd import script
from tests.unit.cmd.test_placement import ANSWERS
from tests.unit.cmd.test_placement import Quiet

NETWORK = '4f2e1c5a-58a3-4d3c-8a4a-0d8b6f5f0a11'
FREE = {'MEMORY_MB': 100, 'VCPU': 3, 'DISK_GB': 50}

CONF = """
[placement]
auth_type = admin_token
endpoint = http://127.0.0.1:{placement}
token = admin
[neutron]
auth_type = none
endpoint_override = http://127.0.0.1:{neutron}
http_retries = 0
"""


class Services:
    """Placement and Neutron.

    :ivar uuids: of the compute nodes, all of them with FREE
    """

    def __init__(self, folder):
        self.uuids = [
            uuid for cell in ('cell1', 'cell2') for uuid, in sqlite3.connect(
                pathlib.Path(folder, f'{cell}.db')).execute(
                    'SELECT uuid FROM compute_nodes')]

    def __call__(self, environ, start_response):
        answer = self.answer(environ['PATH_INFO'], urllib.parse.parse_qs(
            environ['QUERY_STRING']))
        start_response('404 Not Found' if answer is None else '200 OK',
                       [('Content-Type', 'application/json')])
        return [json.dumps(answer or {}).encode()]

    def answer(self, path, query):
        if path == '/allocation_candidates':
            return {'allocation_requests': [], 'provider_summaries': {
                uuid: {'root_provider_uuid': uuid, 'traits': [],
                       'resources': {name: {'capacity': free + 7, 'used': 7}
                                     for name, free in FREE.items()}}
                for uuid in self.uuids}}
        if path == '/resource_providers':
            return {'resource_providers': [
                {'uuid': uuid, 'root_provider_uuid': uuid}
                for uuid in self.uuids]}
        if path == '/v2.0/networks':
            known = {'id': NETWORK, 'name': 'net1'}
            return {'networks': [known] if all(
                known[key] in values for key, values in query.items())
                else []}
        return {
            '/v2.0/extensions': {'extensions': []},
            f'/v2.0/networks/{NETWORK}': {'network': {
                'provider:physical_network': 'physnet1',
                'provider:network_type': 'vlan'}},
        }.get(path, ANSWERS.get(path))


@pytest.fixture(scope='module')
def port(cloud):
    """:returns: of both services"""
    with simple_server.make_server('127.0.0.1', 0, Services(cloud),
                                   handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture
def fit(cloud, tmp_path, port):
    """:returns: function that runs the command"""
    def run(*words, placement=port, neutron=port):
        path = tmp_path / 'nova.conf'
        before = pathlib.Path(cloud, 'nova.conf').read_text()
        path.write_text(before + CONF.format(
            placement=placement, neutron=neutron))
        return script.run('--config-file', path, 'capacity', 'fit', *words)
    return run


VCPU = ('VCPU: 3 free, 1 each, enough for 3; MEMORY_MB: 100 free, 1 each, '
        'enough for 100; DISK_GB: 50 free, 1 each, enough for 50')
ALIAS = ('compute1', 'cell1', 1, 1, 'devices of alias cx6',
         'devices of alias cx6: 5 free, 3 each, enough for 1; ' + VCPU)
ALL = [
    ALIAS,
    ('compute2', 'cell1', 0, 0, 'nova-compute is disabled (new NIC)',
     'devices of alias cx6: 2 free, 3 each, enough for 0; ' + VCPU),
    ('compute2', 'cell2', 0, 0,
     'nova-compute is down (last seen: 2026-01-02 00:00:00+00:00)',
     'devices of alias cx6: none free, 3 each, enough for 0; ' + VCPU),
    ('compute3', 'cell2', 0, 0,
     'there is no nova-compute service of that name',
     'devices of alias cx6: none free, 3 each, enough for 0; ' + VCPU),
    ('stock1', 'cell2', 3, 3, 'VCPU',
     'devices of alias cx6: 16 free, 3 each, enough for 5; ' + VCPU),
]


def rows(result):
    assert (result.status, result.err) == (0, ''), result.err
    return [tuple(row.values()) for row in json.loads(result.out)]


def test_hosts_that_take_servers(fit):
    assert rows(fit('--flavor', 'three', '-f', 'json')) == [
        row for row in ALL if row[2]]


def test_all_hosts_as_csv(fit):
    result = fit('--flavor', 'id-three', '-f', 'csv', '--all')
    assert (result.status, result.err) == (0, '')
    assert list(csv.reader(io.StringIO(result.out)))[1:] == [
        list(map(str, row)) for row in ALL]


def test_the_sum_as_value(fit):
    result = fit('--flavor', 'three', '-f', 'value', '--sum')
    assert (result.status, result.out, result.err) == (0, '4 4 2 3\n', '')


def test_one_host_as_table(fit):
    result = fit('--flavor', 'three', '--host', 'compute2')
    assert result.status == 3
    table = [tuple(cell.strip() for cell in line.split('|')[1:-1])
             for line in result.out.splitlines() if '|' in line]
    assert table[1:] == [tuple(map(str, row)) for row in ALL[1:3]]
    assert result.err == (
        '0 more servers on 0 hosts, at most 0 by the bounds.\n'
        f'None on 2 hosts: {ALL[1][4]} on 1, {ALL[2][4]} on 1.\n')


def test_on_a_network_without_a_port(fit):
    """Legacy VFs are free on compute1, and no switchdev ones."""
    result = fit('--flavor', 'plain', '--network', NETWORK,
                 '--hardware-offload-type', 'switchdev', '--network', 'net1',
                 '--host', 'compute1', '-f', 'yaml')
    assert result.status == 3
    row, = yaml.safe_load(result.out)
    assert (row['Servers'], row['Limited by']) == (
        0, 'switchdev VFs of physnet1')
    assert row['Bounds'].startswith(
        'switchdev VFs of physnet1: none free, 1 each, enough for 0; VFs of '
        'physnet1: 5 free, 2 each, enough for 2; ')


@pytest.mark.parametrize('words, services, status, problem', [
    (('--flavor', 'four'), {}, 1, 'There is no flavor four, neither by id'),
    (('--flavor', 'plain', '--host', 'compute9'), {}, 1,
     'There is no compute host compute9 in any cell'),
    (('--flavor', 'plain', '--network', 'net9'), {}, 1,
     'There is no network net9, neither by id nor by name; see'),
    (('--flavor', 'plain', '--network', 'n'), {'neutron': 9}, 1,
     'Neutron cannot be reached (Unable to establish connection to '),
    (('--flavor', 'plain'), {'placement': 9}, 1,
     'Placement cannot be reached (Unable to find a version discovery '),
], ids=['flavor', 'host', 'network', 'no Neutron', 'no Placement'])
def test_what_cannot_be_answered(fit, words, services, status, problem):
    result = fit(*words, **services)
    assert (result.status, result.out) == (status, '')
    assert len(result.err.splitlines()) == 1, result.err
    assert problem in result.err


@pytest.mark.parametrize('words, problem', [
    ((), 'the following arguments are required: --flavor'),
    (('--flavor', 'f', '--vnic-type', 'direct'),
     '--vnic-type belongs after the --network that it is about'),
    (('--flavor', 'f', '--network', 'n', '--port', 'p', '--vnic-type',
      'direct'), '--vnic-type belongs after the --network'),
    (('--flavor', 'f', '--sum', '--all'), 'not allowed with argument'),
])
def test_options_that_do_not_go_together(capsys, words, problem):
    with pytest.raises(SystemExit) as caught:
        parse(*words)
    assert caught.value.code == 2
    assert problem in capsys.readouterr().err


def test_ports_are_in_their_order():
    assert parse('--flavor', 'f', '--network', 'a', '--vnic-type', 'vdpa',
                 '--port', 'b', '--network', 'a',
                 '--hardware-offload-type', 'switchdev').nics == [
        nic.Nic(network='a', vnic_type='vdpa'), nic.Nic(port='b'),
        nic.Nic(network='a', offload='switchdev')]
    assert parse('--flavor', 'f').nics == []


def parse(*words):
    command = capacity_fit.FitCapacity(shell.Shell(), None, 'capacity fit')
    return command.get_parser('capacity fit').parse_args(words)
