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

"""What the user sees: every step with the seconds since the start."""

import contextlib
import threading
import time

# Seconds after which it says that it is still there.
SILENCE = 15
# Longer lines of a command's output are cut: a traceback in a server's
# fault, not a reason in a log.
WIDTH = 600


class Progress:

    def __init__(self):
        self.started = self._said = self._at = time.monotonic()
        self._last = ''

    def step(self, text):
        self._print(f'[{time.monotonic() - self.started:6.1f} s] {text}')
        self._last, self._at = text, self._said

    @contextlib.contextmanager
    def heartbeat(self):
        """While something takes long, say what it is."""
        end = threading.Event()
        thread = threading.Thread(target=self._beat, args=(end,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            end.set()
            thread.join()

    def _beat(self, end):
        while not end.wait(SILENCE / 10):
            now = time.monotonic()
            if now - self._said >= SILENCE:
                self._print(f'[{now - self.started:6.1f} s] … still, for '
                            f'{now - self._at:.0f} s: {self._last[:60]}')

    def _print(self, text=''):
        print(text, flush=True)
        self._said = time.monotonic()

    def chapter(self, text):
        self._print()
        self.step(f'== {text} ==')

    def command(self, text):
        """A command as a user would type it."""
        self.step(f'$ {text}')

    def check(self, good, text):
        self.step(f'{"ok" if good else "FAILED"}: {text}')

    def output(self, text):
        for line in text.rstrip().splitlines():
            shown = line if len(line) <= WIDTH else f'{line[:WIDTH]}…'
            self._print(f'           {shown}'.rstrip())
