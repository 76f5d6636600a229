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

"""Starts services in the machine and watches them."""

from collections.abc import Callable
import dataclasses
import subprocess
import time

from tests.cloud import api as api_mod
from tests.cloud import processes

DEADLINE = 180
# What a line of a log must hold for us to show it as an error.
ERROR_MARKS = (' ERROR ', ' CRITICAL ', 'Traceback', 'Error:', '|ERR|',
               '|EMER|')
# Neutron 29 loads it always, and misses the router plugin.
HARMLESS = 'auto-allocated-topology'


class ServiceError(Exception):
    """A service does not start, or ended.

    :param log: the file to read
    """

    def __init__(self, message, log):
        super().__init__(message)
        self.log = log


@dataclasses.dataclass(frozen=True)
class Service:
    """One process.

    :param ready: says whether it does its work; called with an api.Api
    :param after: names of services that must be ready before it starts
    """

    name: str
    argv: tuple
    ready: Callable
    after: tuple = ()
    env: dict = dataclasses.field(default_factory=dict)


class Runner:

    def __init__(self, state, machine, report):
        self.state = state
        self.machine = machine
        self.report = report
        self.api = api_mod.Api()
        self.processes = {}
        self.ready = set()

    def start(self, service):
        env = {**self.state.environment(), **service.env}
        with self.state.log(service.name).open('a') as log:
            process = subprocess.Popen(
                self.machine.enter(*map(str, service.argv)), env=env,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        self.processes[service.name] = process
        processes.note(self.state, service.name, process.pid)

    def up(self, table):
        """Start all of them, each as soon as what it needs is ready."""
        deadline = time.monotonic() + DEADLINE
        while late := [s for s in table if s.name not in self.ready]:
            for service in late:
                self._advance(service)
            if time.monotonic() > deadline:
                names = ', '.join(service.name for service in late)
                raise ServiceError(
                    f'not ready after {DEADLINE} s: {names}',
                    self.state.log(late[0].name))
            time.sleep(0.3)

    def _advance(self, service):
        """Start it if it may, note it if it is ready."""
        name = service.name
        if name not in self.processes:
            if self.ready.issuperset(service.after):
                self.start(service)
            return
        self.check_alive(name)
        if service.ready(self.api):
            self.ready.add(name)
            self.report(f'{name} is up')

    def check_alive(self, name):
        status = self.processes[name].poll()
        if status is not None:
            raise ServiceError(f'{name} ended with status {status}',
                               self.state.log(name))


def errors(log):
    """The lines of a log that are about errors."""
    return [line for line in log.read_text(errors='replace').splitlines()
            if any(mark in line for mark in ERROR_MARKS)
            and HARMLESS not in line]


def last_errors(log, count=8):
    """The last lines of a log that are about errors, or its last lines."""
    lines = log.read_text(errors='replace').splitlines()
    return (errors(log) or lines)[-count:]
