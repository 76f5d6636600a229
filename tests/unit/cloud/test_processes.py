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

"""How a service ends, with all that it has started."""

import subprocess

from tests.cloud import processes
from tests.cloud import state as state_mod


def started(script):
    """:returns: the process that leads a group, once it has said so"""
    process = subprocess.Popen(['sh', '-c', f'{script} echo there; wait'],
                               stdout=subprocess.PIPE, text=True,
                               start_new_session=True)
    process.stdout.readline()
    return process


def test_a_group_ends_with_its_children(tmp_path):
    state = state_mod.State(tmp_path)
    process = started('sleep 60 & sleep 61 &')
    assert len(processes.living(process.pid)) == 3
    processes.note(state, 'one', process.pid)
    processes.end(state, 'one')
    # A zombie until we wait for it; it has ended all the same.
    assert processes.living(process.pid) == []
    process.wait()
    process.stdout.close()


def test_one_that_does_not_listen_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, 'PATIENCE', 0.3)
    state = state_mod.State(tmp_path)
    process = started('trap "" TERM; sleep 60 &')
    processes.note(state, 'one', process.pid)
    processes.end(state, 'one')
    assert processes.living(process.pid) == []
    process.wait()
    process.stdout.close()


def test_one_that_was_never_started(tmp_path):
    processes.end(state_mod.State(tmp_path), 'one')
