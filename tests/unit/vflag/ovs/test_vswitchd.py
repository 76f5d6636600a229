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
import contextlib
import json
import socket
import threading
import time

import pytest

from os_vif_vflag.ovs import ovs_errors
from os_vif_vflag.ovs import vswitchd

FLOWS = 'in_port(a),encap(ipv4()), packets:1, bytes:1, actions:{b}\n' * 2000


@contextlib.contextmanager
def answering(path, *parts, pause=0.0):
    """A control socket that sends something to whoever connects."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def serve():
            with contextlib.suppress(OSError):
                one, _ = server.accept()
                with one:
                    requests.append(json.loads(one.recv(1 << 16)))
                    for part in parts:
                        one.sendall(part.encode())
                        time.sleep(pause)

        requests = []
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield requests
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def reply(**members):
    return json.dumps({'id': 0, 'result': None, 'error': None} | members)


@pytest.mark.parametrize('name', [
    'ovs-vswitchd.4711.ctl', 'ovs-vswitchd.ctl'])
def test_what_it_prints(tmp_path, name):
    (tmp_path / 'ovs-vswitchd.pid').write_text('4711\n')
    text = reply(result=FLOWS)
    # An end of a part looks like the end of the reply.
    cut = text.index('}') + 1
    with answering(tmp_path / name, text[:cut], text[cut:]) as requests:
        assert vswitchd.Vswitchd(str(tmp_path), 5).run(
            'dpctl/dump-flows', '-m') == FLOWS
    assert requests == [
        {'id': 0, 'method': 'dpctl/dump-flows', 'params': ['-m']}]


@pytest.mark.parametrize('parts, pause, words', [
    ([reply(error='"x" is not a valid command\n')], 0,
     '"x" is not a valid command. Check'),
    ([], 0, 'closed the connection'),
    (['{"id": 0,'], 0, 'closed the connection'),
    (['[]'], 0, 'closed the connection'),
    (['{}}'], 0, 'closed the connection'),
    (['{'] * 9, 0.2, 'takes too long'),
])
def test_what_is_no_answer(tmp_path, parts, pause, words):
    path = tmp_path / 'ovs-vswitchd.ctl'
    with answering(path, *parts, pause=pause), pytest.raises(
            ovs_errors.VswitchdSilent, match=words) as error:
        vswitchd.Vswitchd(str(tmp_path), 0.5).run('x')
    assert str(path) in str(error.value)


def test_silence_has_an_end(tmp_path):
    with answering(tmp_path / 'ovs-vswitchd.ctl', '', pause=3), pytest.raises(
            ovs_errors.VswitchdSilent, match='timed out'):
        vswitchd.Vswitchd(str(tmp_path), 0.1).run('x')


@pytest.mark.parametrize('pid', ['4711', '', '\0', None])
def test_it_does_not_run(tmp_path, pid):
    if pid is not None:
        (tmp_path / 'ovs-vswitchd.pid').write_text(pid)
    with pytest.raises(ovs_errors.VswitchdSilent, match='Check that it runs'):
        vswitchd.Vswitchd(str(tmp_path), 1).run('x')


def test_where_its_socket_is(monkeypatch):
    monkeypatch.delenv('OVS_RUNDIR', raising=False)
    assert vswitchd.folder('unix:/run/ovs/db.sock') == '/run/ovs'
    assert vswitchd.folder('tcp:127.0.0.1:6640') == '/var/run/openvswitch'
    monkeypatch.setenv('OVS_RUNDIR', '/elsewhere')
    assert vswitchd.folder('tcp:[::1]:6640,unix:/x/y') == '/elsewhere'
