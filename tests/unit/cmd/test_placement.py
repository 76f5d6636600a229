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

"""``nova-sriov placement`` where Placement is another process."""

import contextlib
import json
import pathlib
import threading
from wsgiref import simple_server

import pytest

from tests.unit.cmd import script

PROVIDER = 'b6f0a1a0-6b1c-4c6b-9d1e-0d6a4c1d0a01'
VFS = 'CUSTOM_SRIOV_VF_PHYSNET2'
ANSWERS = {
    '/': {'versions': [{'id': 'v1.0', 'min_version': '1.0',
                        'max_version': '1.39', 'status': 'CURRENT',
                        'links': [{'rel': 'self', 'href': ''}]}]},
    '/resource_classes': {'resource_classes': []},
    '/resource_providers': {'resource_providers': [
        {'name': 'compute1', 'uuid': PROVIDER, 'parent_provider_uuid': None},
        {'name': 'compute1_NET', 'uuid': 'x',
         'parent_provider_uuid': PROVIDER}]},
    f'/resource_providers/{PROVIDER}/inventories': {'inventories': {
        'VCPU': {'total': 8, 'reserved': 0},
        VFS: {'total': 8, 'reserved': 8}}},
    f'/resource_providers/{PROVIDER}/allocations': {'allocations': {
        'server': {'resources': {'VCPU': 1, VFS: 2}},
        'migration': {'resources': {VFS: 1}}, 'other': {'resources': {}}}},
    f'/resource_providers/{PROVIDER}/traits': {'traits': []},
    f'/resource_providers/{PROVIDER}/usages': {'usages': {VFS: 3}},
}


class Quiet(simple_server.WSGIRequestHandler):
    def log_message(self, *args):
        pass


def placement(environ, start_response):
    """What of Placement's API the command reads."""
    answer = ANSWERS.get(environ['PATH_INFO'])
    name = environ['QUERY_STRING'].removeprefix('name=')
    if answer and name and name != 'compute1':
        answer = {'resource_providers': []}
    if environ.get('HTTP_X_AUTH_TOKEN') != 'admin':
        start_response('401 Unauthorized', [])
        return [b'']
    start_response('200 OK' if answer else '404 Not Found',
                   [('Content-Type', 'application/json')])
    return [json.dumps(answer or {}).encode()]


@contextlib.contextmanager
def serving():
    with simple_server.make_server(
            '127.0.0.1', 0, placement, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def nova_conf(tmp_path):
    """:returns: function, port of Placement → path of a nova.conf"""
    def write(port, token='admin', before=''):
        path = tmp_path / 'nova.conf'
        path.write_text(before + '[placement]\n' + (
            'auth_type = admin_token\n'
            f'endpoint = http://127.0.0.1:{port}\ntoken = {token}\n'
            if port else ''))
        return path
    return write


def show(path, *words):
    return script.run('--config-file', path, 'placement', 'show', *words)


def test_show_lists_vfs_of_hosts_that_placement_knows(nova_conf):
    with serving() as port:
        result = show(nova_conf(port), '-f', 'json')
        assert (result.status, result.err) == (0, '')
        assert json.loads(result.out) == [{
            'Host': 'compute1', 'Resource class': VFS, 'Total': 8,
            'Reserved': 8, 'Used': 3, 'Free': 0}]
        result = show(nova_conf(port), '--host', 'compute9')
        assert result.status == 1
        assert 'Placement does not know host compute9' in result.err


def test_purge_shows_what_it_would_do(nova_conf, cloud):
    """It reads the databases of the cells too, for who still publishes."""
    before = pathlib.Path(cloud, 'nova.conf').read_text()
    with serving() as port:
        result = script.run(
            '--config-file', nova_conf(port, before=before), 'placement',
            'purge', '--all', '--dry-run', '-f', 'json')
    assert (result.status, result.err) == (0, '1/1 compute1\n')
    assert json.loads(result.out) == [{
        'Host': 'compute1', 'Resource class': VFS, 'Servers': 2, 'VFs': 3,
        'Result': 'would be removed'}]


def test_purge_asks_for_hosts(nova_conf):
    result = script.run('--config-file', nova_conf(None), 'placement',
                        'purge')
    assert result.status == 2
    assert '--host --all is required' in result.err


@pytest.mark.parametrize('port', [None, 1])
def test_placement_cannot_be_reached(nova_conf, port):
    path = nova_conf(port)
    result = show(path)
    assert result.status == 1
    assert 'Placement cannot be reached (' in result.err
    assert f'check [placement] in {path}' in result.err
    assert 'Traceback' not in result.err


def test_wrong_credentials(nova_conf):
    with serving() as port:
        result = show(nova_conf(port, token='x'))
    assert result.status == 1
    assert 'Traceback' not in result.err
    assert 'HTTP 401' in result.err or 'cannot be reached' in result.err
