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

import time

# Longer lines of a command's output are cut: a traceback in a server's
# fault, not a reason in a log.
WIDTH = 600


class Progress:

    def __init__(self):
        self.started = time.monotonic()

    def step(self, text):
        seconds = time.monotonic() - self.started
        print(f'[{seconds:6.1f} s] {text}', flush=True)

    def chapter(self, text):
        print()
        self.step(f'== {text} ==')

    def command(self, text):
        """A command as a user would type it."""
        self.step(f'$ {text}')

    def check(self, good, text):
        self.step(f'{"ok" if good else "FAILED"}: {text}')

    def output(self, text):
        for line in text.rstrip().splitlines():
            shown = line if len(line) <= WIDTH else f'{line[:WIDTH]}…'
            print(f'           {shown}'.rstrip(), flush=True)
