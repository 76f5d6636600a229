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

"""`make mutants`: which small changes of the code no test sees.

Arguments are patterns of modules, `scheduler/*.py`; all without any. Exits 0
when each survivor is one of accepted.toml."""

import os
import sys

import hypothesis
import pytest

from tests.mutants import accepted
from tests.mutants import modules
from tests.mutants import mutation
from tests.mutants import report
from tests.mutants import results
from tests.mutants.judge import Judge

KEPT = modules.ROOT / '.mutants' / 'results'
# Cases of one random test for each mutant: the first ones see most.
EXAMPLES = 40
PART = 40
# Plugins that draw, or that start processes of their own.
PYTEST = ['-o', 'addopts=', '-o', 'tmp_path_retention_policy=none',
          '-p', 'no:terminal', '-p', 'no:xdist', '-p', 'no:cacheprovider']


def fewer_examples():
    """Limit what tests want for themselves, whatever profile is loaded."""
    os.environ['SRIOV_TESTS_PART'] = str(PART)
    settings = hypothesis.settings.__init__

    def limited(self, *args, **options):
        if 'max_examples' in options:
            options['max_examples'] = min(options['max_examples'], EXAMPLES)
        settings(self, *args, **options)

    hypothesis.settings.__init__ = limited


class Run:
    """Mutants of some modules, each judged once."""

    def __init__(self, paths, out):
        self._out = out
        self._results = results.Results(KEPT)
        self._accepted = accepted.read()
        self.sources = {
            path: (modules.ROOT / path).read_text() for path in paths}
        self._mutants = [
            mutant for path, source in self.sources.items()
            for mutant in mutation.mutants(path, source)]
        self._states = {path: self._state(path) for path in paths}
        self.verdicts = {}

    @staticmethod
    def _state(path):
        tests = [file for own in modules.own_tests(path)
                 for file in modules.files(own)]
        return results.digest([modules.ROOT / path, *tests])

    def work(self, judge):
        """Judge those without a verdict, as many at once as processors."""
        running = {}
        for mutant in self._mutants:
            verdict = self._results.verdict(
                mutant, self._states[mutant.path])
            if verdict:
                self._note(mutant, verdict)
                continue
            if len(running) == os.cpu_count():
                self._end(judge, running)
            pid = judge.start(mutant)
            if pid is None:
                self._note(mutant, 'uncalled', new=True)
            else:
                running[pid] = mutant
        while running:
            self._end(judge, running)

    def _end(self, judge, running):
        pid, verdict = judge.end()
        self._note(running.pop(pid), verdict, new=True)

    def _note(self, mutant, verdict, new=False):
        if new:
            self._results.keep(mutant, self._states[mutant.path], verdict)
        if verdict in report.ALIVE and mutant.key in self._accepted:
            verdict = 'accepted'
        self.verdicts[mutant] = verdict
        if new:
            self._out(f'{len(self.verdicts)}/{len(self._mutants)}'
                      f' {verdict} {mutant.path} {mutant.function}')

    def report(self):
        """Print what was found; True when nothing is new."""
        alive = report.survivors(self.verdicts)
        stale = report.stale(self.verdicts, self._accepted)
        for title, keys in (('Survived', alive),
                            ('Accepted, but a test sees it', stale)):
            for key in keys:
                self._out(f'\n{title}: {key}')
        self._out('')
        for line in report.table(self.verdicts):
            self._out(line)
        return not alive and not stale


def main(patterns):
    with os.fdopen(os.dup(1), 'w', buffering=1) as terminal:
        def out(line):
            print(line, file=terminal)

        run = Run(modules.chosen(patterns), out)
        fewer_examples()
        tests = dict.fromkeys(
            test for path in modules.chosen(patterns)
            for test in modules.own_tests(path))
        judge = Judge(run.work, run.sources)
        without = [f'--ignore={path}' for path in modules.WITHOUT]
        code = pytest.main([*PYTEST, *without, *tests], plugins=[judge])
        return code or not run.report()


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
