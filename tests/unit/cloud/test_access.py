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

"""What openrc changes in a shell, and the commands beside it."""

import os
import pathlib
import subprocess

import pytest

from tests.cloud import access
from tests.cloud import machine
from tests.cloud import state as state_mod

as_root = pytest.mark.skipif(
    os.geteuid() != 0, reason='the commands would ask for a password')


@pytest.fixture
def state(tmp_path):
    found = state_mod.State(tmp_path / 'a state')
    found.clear_run()
    # A process that has ended.
    access.write(found, machine.Machine(1, '-1'))
    return found


def shell(state, script, name='bash'):
    done = subprocess.run(
        [name, '-c', script, 'sh', access.openrc(state)], text=True,
        capture_output=True, check=False,
        env={'PATH': '/usr/bin:/bin:/usr/sbin:/sbin'})
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize('name', ['bash', 'dash'])
def test_deactivate_puts_all_back(state, name):
    _, out, _ = shell(state, (
        'env; echo =; . "$1"; env; echo =; deactivate; env; echo =; '
        'command -v deactivate'), name)
    before, during, after, function = map(variables, out.split('\n=\n'))
    assert before == after
    assert function == []
    assert f'PATH={state.run}/bin:/usr/bin:/bin:/usr/sbin:/sbin' in during
    assert 'OS_USERNAME=admin' in during


def variables(text):
    """Without those that are of the shell."""
    return sorted(line for line in text.strip().splitlines()
                  if not line.startswith(('_=', 'SHLVL', 'OLDPWD', 'PWD')))


def test_a_second_time_changes_nothing_more(state):
    _, once, _ = shell(state, '. "$1"; echo "$PATH"')
    _, twice, _ = shell(state, '. "$1"; . "$1"; echo "$PATH"')
    assert once == twice


@pytest.mark.parametrize('script, words', [
    ('on', 'usage: on HOST COMMAND'),
    ('on elsewhere true', 'one of compute1, compute2'),
    ('on compute1', 'usage: on HOST COMMAND'),
    pytest.param('openstack server list', 'the cloud has ended',
                 marks=as_root)])
def test_what_cannot_be_done_says_why(state, script, words):
    pathlib.Path(state.run, 'hosts/compute1/sys').mkdir(parents=True)
    status, _, error = shell(state, f'. "$1"; {script}')
    assert status
    assert words in error


@as_root
@pytest.mark.parametrize('script, words', [
    ('restart', 'no cloud is running'),
    ('cable compute1 enp2s0f0np0 down', 'no cloud is running')])
def test_nothing_to_play_with(state, script, words):
    status, out, _ = shell(state, f'. "$1"; {script}')
    assert (status, words in out) == (1, True)
