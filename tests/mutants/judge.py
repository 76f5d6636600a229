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

"""Runs tests on mutants: all is loaded once, each mutant is a fork of it.

Nova takes seconds to import, most tests take milliseconds."""

import collections
import gc
import importlib
import json
import os
import pathlib
import resource
import signal
import sys
import tempfile
import threading
import time

from tests.mutants import exchange
from tests.mutants import modules

# A mutant that waits (a lost event) is one that used less than a little of the
# processor for so many seconds, however busy the machine is; one that counts
# is ended by its processor time. A little is what the stand-in for
# ovs-vswitchd takes, which looks for work every 2 ms.
WAIT, LITTLE = 60, 3
VERDICTS = {0: 'survived', 1: 'killed'}


class Judge:
    """Plugin of pytest that calls `work` once the tests are loaded.

    :param sources: text of each module, by path: what is loaded, even when
        the file has changed since
    """

    def __init__(self, work, sources):
        self._work = work
        self._sources = sources
        self._failed = None
        self._calls = {}
        self._functions = {}
        self._loaded = {}
        self._running = {}
        # Function → the tests that saw its mutants, the last one first.
        self._saw = collections.defaultdict(list)

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self._failed = self._failed or report.nodeid

    def pytest_runtestloop(self, session):
        if session.testsfailed:
            raise session.Failed('the tests cannot be loaded')
        # Nobody reads how a test failed; to write it takes most of the time.
        session.config.option.tbstyle = 'no'
        self._items = {item.nodeid: item for item in session.items}
        for path in self._sources:
            # Some tests load them later.
            importlib.import_module(modules.name(path))
        self._functions = exchange.functions(modules.ROOT)
        # What is loaded is not looked at by the collector of any child.
        gc.freeze()
        self._measure()
        self._work(self)
        return True

    def _run(self, items):
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(
                item=item, nextitem=following)
            if self._failed:
                return False
        return True

    def _measure(self):
        """Learn from one run without a mutant what each test takes, in
        seconds, and which functions it calls. One that fails without a
        mutant judges none."""
        with tempfile.NamedTemporaryFile('w+') as report:
            if os.fork() == 0:
                self._child(lambda: self._record(report.name))
            os.wait()
            self._calls = json.load(report)

    def _record(self, name):
        calls = {}
        for key, item in self._items.items():
            called, started = set(), time.process_time()
            watch(called)
            self._failed = None
            passed = self._run([item])
            unwatch()
            if passed:
                calls[key] = (
                    time.process_time() - started, sorted(called))
        pathlib.Path(name).write_text(json.dumps(calls))
        return True

    def judging(self, mutant):
        """Own tests that call the mutant's function: first those that saw
        another mutant of it, then the quickest."""
        own = tuple(modules.own_tests(mutant.path))
        function = _function(mutant)
        saw = self._saw[function]
        found = sorted((seconds, key) for key, (seconds, called)
                       in self._calls.items()
                       if key.startswith(own) and function in called)
        return sorted(found, key=lambda test: (
            saw.index(test[1]) if test[1] in saw else len(saw)))

    def start(self, mutant):
        """Begin to judge a mutant; the child's process id, or None when no
        test calls its function."""
        tests = self.judging(mutant)
        if not tests:
            return None
        loaded = self._keyed(mutant.path)
        seen_by = tempfile.TemporaryFile('w+')  # noqa: SIM115, end() does
        pid = os.fork()
        if pid == 0:
            limit = 5 + int(5 * sum(seconds for seconds, key in tests))
            self._child(
                lambda: self._judge(mutant, loaded, tests, seen_by), limit)
        self._running[pid] = mutant, seen_by
        return pid

    def _keyed(self, path):
        if path not in self._loaded:
            full = modules.ROOT / path
            if str(full) not in self._functions:
                raise RuntimeError(f'{full} is not what the tests load')
            self._loaded[path] = exchange.by_key(
                self._functions[str(full)], str(full), self._sources[path])
        return self._loaded[path]

    def _judge(self, mutant, loaded, tests, seen_by):
        exchange.exchange(
            loaded, str(modules.ROOT / mutant.path), mutant.source)
        passed = self._run([self._items[key] for seconds, key in tests])
        seen_by.write(self._failed or '')
        seen_by.flush()
        return passed

    def _child(self, work, limit=None):
        """Never returns. Exits 0 when the tests passed, 1 when one failed."""
        quiet = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(quiet, number)
        if limit:
            used = int(time.process_time()) + 1
            resource.setrlimit(
                resource.RLIMIT_CPU, (used + limit, used + limit + 5))
            end_when_idle()
        try:
            os._exit(0 if work() else 1)
        finally:
            os._exit(1)

    def end(self):
        """Wait for one mutant: its process id and verdict."""
        pid, status = os.wait()
        mutant, seen_by = self._running.pop(pid)
        with seen_by:
            seen_by.seek(0)
            self._note(_function(mutant), seen_by.read())
        return pid, VERDICTS.get(
            os.waitstatus_to_exitcode(status), 'timeout')

    def _note(self, function, test):
        """What sees one mutant of a function sees most others."""
        saw = self._saw[function]
        if test in saw:
            saw.remove(test)
        if test:
            saw.insert(0, test)


def _function(mutant):
    """As watch() names it."""
    return f'{mutant.path}:{mutant.function}'


def end_when_idle():
    """End this process by SIGALRM once it waits and does nothing else."""
    before = time.process_time()

    def look(number, frame):
        nonlocal before
        now = time.process_time()
        if now - before < LITTLE:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGALRM)
        before = now
        signal.alarm(WAIT)

    signal.signal(signal.SIGALRM, look)
    signal.alarm(WAIT)


def watch(called):
    """Note the project's functions that are called, as path:name."""
    root = f'{modules.ROOT}/'

    def note(frame, event, argument):
        code = frame.f_code
        if event == 'call' and code.co_filename.startswith(root):
            called.add(f'{code.co_filename.removeprefix(root)}'
                       f':{code.co_qualname}')

    threading.setprofile(note)
    sys.setprofile(note)


def unwatch():
    sys.setprofile(None)
    threading.setprofile(None)
