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

"""The lab: stages that are built and kept, and a run of the guest."""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import fcntl
import pathlib
import shlex
import shutil
import time

from tests.hwlab import machine
from tests.hwlab import module
from tests.hwlab import packages
from tests.hwlab import table
from tests.hwlab import tree
from tests.hwlab.stage import Stage

# Seconds without a line from the guest before it is given up.
PATIENCE = 900


class Lab:
    """:ivar folder: of stages and of the last run"""

    def __init__(self) -> None:
        self.folder = packages.CHECKOUT / '.cache' / 'hwlab'
        self.tree = self._stage(
            'tree', tree.PACKAGES, tree.INIT, pathlib.Path(tree.__file__))
        self.module = self._stage('module', self.tree.key, *module.files())
        self.packages = self._stage(
            'packages', self.tree.key, packages.NAMES, packages.DEBIANS,
            packages.CONSTRAINTS)
        self.image = self._stage('image', self.tree.key)
        self._start = time.monotonic()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until no other run has the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / 'lock').open('w') as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def build(self) -> None:
        """Every stage that is missing or old."""
        self._build('Debian tree', self.tree, tree.build)
        self._build('disk of the tree', self.image,
                    lambda folder: tree.image(self.root, folder))
        self._build('netdevsim', self.module,
                    lambda folder: module.build(self.root, folder))
        self._build('Python packages', self.packages,
                    lambda folder: packages.build(self.root, folder))

    def run(self, words: list[str]) -> int:
        """Boot the guest and have it run the checks.

        :param words: arguments of pytest
        :returns: how many failed
        """
        share = self.folder / 'run'
        self._fill(share, words)
        self.say('the guest boots')
        results = share / 'results'
        guest = machine.start(self.root, self.folder, results / 'qemu')
        rows = table.Table(results, self.say)
        try:
            while guest.poll() is None and rows.idle < PATIENCE:
                rows.read()
                time.sleep(1)
        finally:
            guest.kill()
            guest.wait()
        rows.read()
        return rows.finish()

    @property
    def root(self) -> pathlib.Path:
        return self.tree.folder / 'root'

    def say(self, text: str) -> None:
        seconds = time.monotonic() - self._start
        print(f'[{seconds:6.1f} s] {text}', flush=True)

    def _fill(self, share: pathlib.Path, words: list[str]) -> None:
        """What the guest gets: modules, wheel, tests, no more."""
        shutil.rmtree(share, ignore_errors=True)
        (share / 'results').mkdir(parents=True)
        packages.wheel(share / 'wheel', share / 'results' / 'wheel.log')
        shutil.copy(self.module.folder / 'netdevsim.ko', share)
        shutil.copytree(packages.CHECKOUT / 'tests', share / 'source/tests',
                        ignore=shutil.ignore_patterns('__pycache__'))
        start = (packages.CHECKOUT / 'tests/hwlab/guest/start').read_text()
        (share / 'start').write_text(f'set -- {shlex.join(words)}\n{start}')

    def _stage(self, name: str, *inputs: pathlib.Path | str) -> Stage:
        return Stage(self.folder / name, inputs)

    def _build(self, title: str, stage: Stage,
               make: Callable[[pathlib.Path], object]) -> None:
        if not stage.is_built:
            self.say(f'{title}: being built, see {stage.folder}/log')
        took = stage.build(make)
        self.say(f'{title}: ' + (
            'there' if took is None else f'built in {took:.0f} s'))
