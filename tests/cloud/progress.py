"""What the user sees: every step with the seconds since the start."""

import sys
import time

BOLD, RED, GREEN, CYAN, PLAIN = (
    ('\033[1m', '\033[31m', '\033[32m', '\033[36m', '\033[0m')
    if sys.stdout.isatty() else ('',) * 5)


class Progress:

    def __init__(self):
        self.started = time.monotonic()

    @property
    def seconds(self):
        return time.monotonic() - self.started

    def _say(self, text):
        print(text, flush=True)

    def chapter(self, text):
        self._say(f'\n{BOLD}[{self.seconds:6.1f} s] == {text} =={PLAIN}')

    def step(self, text):
        self._say(f'[{self.seconds:6.1f} s] {text}')

    def command(self, text):
        """A command as a user would type it."""
        self._say(f'[{self.seconds:6.1f} s] {CYAN}$ {text}{PLAIN}')

    def output(self, text):
        for line in text.rstrip().splitlines():
            self._say(f'           {line}')

    def check(self, good, text):
        mark = f'{GREEN}ok{PLAIN}' if good else f'{RED}FAILED{PLAIN}'
        self._say(f'[{self.seconds:6.1f} s] {mark}: {text}')

    def error(self, text):
        self._say(f'{RED}{text}{PLAIN}')
