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

"""What keeps the privileged daemon from its work is named."""

import errno
import threading

from oslo_privsep import comm
from oslo_privsep.daemon import FailedToDropPrivileges
import pytest

from os_vif_vflag import exception
from os_vif_vflag.privileged import calls
from os_vif_vflag.privileged import daemon


class Channel:
    """To a daemon; :ivar running: as far as this process knows"""

    def __init__(self):
        self.running = True
        self.reader_thread = threading.Thread(target=lambda: None)
        self.alive = True
        self.reader_thread.is_alive = lambda: self.alive


class Context:
    """In place of oslo.privsep's: daemons start and end as a test says."""

    def __init__(self):
        self.channel, self.client_mode = None, True
        self.started, self.stopped, self.error = [], [], None

    def start(self):
        if self.error:
            raise self.error
        self.channel = Channel()
        self.started.append(self.channel)

    def stop(self):
        self.stopped.append(self.channel)
        # Its socket is gone: what oslo.privsep says when it closes it.
        raise OSError(errno.ENOTCONN, 'not connected')


@pytest.fixture
def context(monkeypatch):
    made = Context()
    monkeypatch.setattr(calls, 'vif_plug', made)
    return made


def call(function=lambda *args: args):
    return daemon.call('dev0', function, 1, 2)


def test_one_daemon_for_all(context):
    assert [call() for _ in range(3)] == [(1, 2)] * 3
    assert (len(context.started), context.stopped) == (1, [])


def test_none_where_the_process_has_the_privileges(context):
    context.client_mode = False
    assert call() == (1, 2)
    assert context.started == []


@pytest.mark.parametrize('spoil', [
    lambda channel: setattr(channel, 'running', False),
    lambda channel: setattr(channel, 'alive', False)])
def test_one_that_went_is_started_again(context, spoil):
    call()
    spoil(context.channel)
    assert [call() for _ in range(2)] == [(1, 2)] * 2
    first, second = context.started
    assert (context.stopped, context.channel) == ([first], second)


@pytest.mark.parametrize('error', [
    FailedToDropPrivileges('exited non-zero (1)'),
    FileNotFoundError(2, 'No such file or directory'),
    ValueError('No closing quotation')], ids=repr)
def test_one_that_does_not_start(context, error):
    context.error = error
    with pytest.raises(exception.PrivilegesMissing) as caught:
        call()
    for words in ('device dev0', f'its work ({error})', 'helper_command'):
        assert words in str(caught.value)


def raising(error):
    def function(*_):
        raise error
    return function


@pytest.mark.parametrize('error, words', [
    (comm.PrivsepTimeout(), 'it does not answer'),
    (PermissionError(errno.EPERM, 'Operation not permitted'),
     'Operation not permitted'),
    (BrokenPipeError(errno.EPIPE, 'Broken pipe'), 'Broken pipe'),
    (OSError('the daemon has gone'), 'the daemon has gone')], ids=repr)
def test_one_that_does_not_do_its_work(context, error, words):
    with pytest.raises(exception.PrivilegesMissing) as caught:
        call(raising(error))
    assert ('dev0 could not be set: the privileged process of the plugin '
            f'does not do its work ({words})') in str(caught.value)


def test_the_kernels_answer_is_the_callers(context):
    with pytest.raises(OSError) as caught:
        call(raising(OSError(errno.EBUSY, 'busy')))
    assert caught.value.errno == errno.EBUSY


def test_two_at_once_start_one(context):
    """Else one stops what another has just started."""
    begun, go_on = threading.Event(), threading.Event()
    start = context.start

    def slowly():
        begun.set()
        go_on.wait(5)
        start()

    context.start = slowly
    threads = [threading.Thread(target=call) for _ in range(2)]
    threads[0].start()
    begun.wait(5)
    threads[1].start()
    threads[1].join(0.1)
    go_on.set()
    for thread in threads:
        thread.join()
    assert len(context.started) == 1
