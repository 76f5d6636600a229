"""Commands in the machine, shown as a user types them."""

import concurrent.futures
import dataclasses
import json
import shlex
import subprocess

from tests.cloud import config
from tests.cloud import state as state_mod

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

    def __init__(self, machine, progress):
        self._machine = machine
        self._progress = progress
        self._env = {**state_mod.environment(), **config.CLIENT_ENV}

    def show(self, *argv, may_fail=False):
        """Run a command for the user to see."""
        return self.together(argv, may_fail=may_fail)[0]

    def openstack(self, *args, may_fail=False):
        return self.show('openstack', *args, may_fail=may_fail)

    def together(self, *commands, may_fail=False):
        """Run commands side by side: each `openstack` computes for 3 s."""
        for argv in commands:
            self._progress.command(shlex.join(map(str, argv)))
        with concurrent.futures.ThreadPoolExecutor(len(commands)) as pool:
            outcomes = list(pool.map(self._run, commands))
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

        It tells no status: its messages of failed commands do.
        """
        for line in lines if show else ():
            self._progress.command(f'openstack {line}')
        outcome = self._run(['openstack'], '\n'.join(lines) + '\n')
        if outcome.error.strip():
            raise CommandError(outcome.error.strip())
        return outcome

    def quiet(self, *argv):
        """Run a command that the user needs not see."""
        return self._run(argv)

    def _run(self, argv, stdin=''):
        try:
            done = subprocess.run(
                self._machine.enter(*map(str, argv)), env=self._env,
                input=stdin, text=True, capture_output=True,
                timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            raise CommandError(f'{shlex.join(map(str, argv))} does not end '
                               f'in {TIMEOUT} s') from None
        return Outcome(done.returncode, done.stdout, done.stderr)
