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

"""Commands in the machine, shown as a user types them."""

import dataclasses
import json
import shlex
import subprocess

from tests.cloud import config

TIMEOUT = 120


class CommandError(Exception):
    """A command failed that must not."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a command said."""

    status: int
    output: str
    error: str

    @property
    def json(self):
        return json.loads(self.output)


class Client:

    def __init__(self, state, machine, progress):
        self._machine = machine
        self._progress = progress
        self._env = {**state.environment(), **config.CLIENT_ENV}

    def show(self, *argv, may_fail=False):
        """Run a command for the user to see."""
        return self.together(argv, may_fail=may_fail)[0]

    def openstack(self, *args, may_fail=False):
        return self.show('openstack', *args, may_fail=may_fail)

    def together(self, *commands, may_fail=False):
        """Run commands side by side: each `openstack` computes for 3 s."""
        for argv in commands:
            self._progress.command(shlex.join(map(str, argv)))
        started = [self._start(argv) for argv in commands]
        outcomes = [self._finish(argv, process)
                    for argv, process in zip(commands, started, strict=True)]
        for outcome in outcomes:
            self._progress.output(outcome.output or outcome.error)
        for argv, outcome in zip(commands, outcomes, strict=True):
            if outcome.status and not may_fail:
                raise CommandError(
                    f'{shlex.join(map(str, argv))} ended with status '
                    f'{outcome.status}: {outcome.error.strip()}')
        return outcomes

    def batch(self, lines, show=True):
        """Commands for one `openstack` process, which reads its stdin.

        It shows no status: its messages of failed commands do.
        """
        for line in lines if show else ():
            self._progress.command(f'openstack {line}')
        outcome = self.quiet('openstack', stdin='\n'.join(lines) + '\n')
        if outcome.error.strip():
            raise CommandError(outcome.error.strip())
        return outcome

    def documents(self, lines):
        """What such commands print with `-f json`: a list."""
        output = self.batch(lines).output
        self._progress.output(output)
        return json.loads('[' + output.replace('\n}\n{', '},{') + ']')

    def quiet(self, *argv, stdin=''):
        """Run a command that the user needs not see."""
        return self._finish(argv, self._start(argv), stdin)

    def _start(self, argv):
        return subprocess.Popen(
            self._machine.enter(*map(str, argv)), env=self._env, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)

    def _finish(self, argv, process, stdin=''):
        try:
            output, error = process.communicate(stdin, timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            raise CommandError(f'{shlex.join(map(str, argv))} does not end '
                               f'in {TIMEOUT} s') from None
        return Outcome(process.returncode, output, error)
