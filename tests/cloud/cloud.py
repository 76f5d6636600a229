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

"""The cloud as a whole: from nothing to compute hosts, and its end."""

import contextlib
import fcntl
import shutil
import signal

from tests.cloud import access
from tests.cloud import catalogue
from tests.cloud import config
from tests.cloud import databases
from tests.cloud import host_config
from tests.cloud import machine as machine_mod
from tests.cloud import services
from tests.cloud import state as state_mod
from tests.cloud import switch
from tests.cloud.client import Client
from tests.cloud.runner import Runner

# What must be installed outside of the Python environment.
TOOLS = ('nsenter', 'unshare', 'ip', 'ovs-vsctl', 'ovs-vswitchd',
         'ovsdb-server', 'ovsdb-tool', 'virt-xml-validate', 'ping',
         services.RABBIT)


class CloudError(Exception):
    """The cloud cannot be started here; the message says the remedy."""


@contextlib.contextmanager
def lock(state):
    """Only one at a time works on a state folder."""
    state.root.mkdir(parents=True, exist_ok=True)
    with state.lock.open('w') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CloudError(
                f'another demo works in {state.root}: wait for its end, or '
                'set SRIOV_DEMO_STATE to another folder') from None
        yield


@contextlib.contextmanager
def ended_by_signals():
    """SIGTERM and SIGHUP end us as Ctrl-C does: through every `finally`."""
    def interrupt(number, _frame):
        raise KeyboardInterrupt(signal.Signals(number).name)

    old = {number: signal.signal(number, interrupt)
           for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def check_tools():
    missing = [name for name in TOOLS
               if not shutil.which(name, path=state_mod.search_path())]
    if missing:
        raise CloudError(f'{", ".join(missing)}: not found; '
                         'run tools/setup.sh (as `make demo` does)')


def end_leftover(state, progress):
    """End a cloud of before.

    :returns: whether there was one
    """
    machine = machine_mod.find(state)
    if machine:
        progress.step(f'ending the cloud of process {machine.pid}')
        machine.end()
    state.machine.unlink(missing_ok=True)
    return bool(machine)


class Cloud:
    """Everything is ended when the context is left, unless keep() was
    called."""

    def __init__(self, state, progress):
        self.state = state
        self.progress = progress
        self.machine = None
        self.client = None
        self._lifeline = None
        self._kept = False

    def __enter__(self):
        check_tools()
        end_leftover(self.state, self.progress)
        self.state.clear_run()
        config.write(self.state)
        host_config.write(self.state)
        self.machine, self._lifeline = machine_mod.start(self.state)
        self.progress.step(
            f'machine: namespaces of process {self.machine.pid}')
        return self

    def __exit__(self, *_exc):
        if not self._kept:
            self.machine.end()
            self.state.machine.unlink(missing_ok=True)
            self.progress.step('cloud ended; nothing is left running')

    def start(self):
        """All services up, all hosts known to the scheduler."""
        self.machine.join_network()
        self.client = Client(self.state, self.machine, self.progress)
        access.write(self.state, self.machine)
        runner = Runner(self.state, self.machine, self.progress.step)
        warm = databases.restore(self.state)
        if warm:
            self.progress.step('databases restored from '
                               f'{databases.template(self.state).name}')
        else:
            databases.create(self.state, self.machine, self.progress.step)
        switch.create_database(self.state)
        runner.up(services.ground(self.state, self.machine))
        switch.set_up(self.machine)
        if not warm:
            self._fill_catalogue()
        runner.up(services.control_plane(self.state)
                  + services.compute_hosts(self.state))

    def _fill_catalogue(self):
        self.client.batch(catalogue.commands(), show=False)
        databases.save(self.state)
        self.progress.step('Keystone knows the services; databases kept '
                           'for the next run')

    def keep(self):
        """Let the cloud outlive us."""
        machine_mod.keep(self._lifeline)
        self._kept = True


def stop(state, progress):
    """End a cloud that was kept."""
    with lock(state):
        if not end_leftover(state, progress):
            progress.step('no cloud is running')


