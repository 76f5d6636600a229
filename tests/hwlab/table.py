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

"""The table of a run: a line for each check, as the guest writes them."""

from collections.abc import Callable
import json
import pathlib
import time


class Table:
    """:param results: folder that the guest writes to"""

    def __init__(self, results: pathlib.Path,
                 say: Callable[[str], None]) -> None:
        self._results = results
        self._say = say
        self._read: dict[str, int] = {}
        self._failed = 0
        self._passed = 0
        self._last = time.monotonic()

    @property
    def idle(self) -> float:
        """Seconds since the last line."""
        return time.monotonic() - self._last

    def read(self) -> None:
        """Print what is new."""
        for line in self._news('boot'):
            self._say(f'guest: {line}')
        for line in self._news('table'):
            row = json.loads(line)
            self._failed += not row['passed']
            self._passed += row['passed']
            self._say(f'{"PASS" if row["passed"] else "FAIL"}  '
                      f'{row["seconds"]:6.1f} s  {row["check"]}')
            if not row['passed']:
                self._say(f'      {row["why"]}')

    def finish(self) -> int:
        """:returns: how many failed, one more if the guest was cut off"""
        end = self._results / 'end'
        if not end.exists() or not self._passed + self._failed:
            self._failed += 1
            self._say('FAIL  the guest comes to its end')
            for line in self._news('pytest.log')[-8:]:
                self._say(f'      {line}')
        for line in self._news('ratios'):
            self._say(line)
        for line in self._news('versions'):
            self._say(f'with {line}')
        self._say(f'evidence: {self._results}')
        print(f'{self._passed} passed, {self._failed} failed', flush=True)
        return min(self._failed, 100)

    def _news(self, name: str) -> list[str]:
        """Whole lines that came since."""
        file = self._results / name
        if not file.exists():
            return []
        start = self._read.get(name, 0)
        new = file.read_bytes()[start:]
        new = new[:new.rfind(b'\n') + 1]
        if new:
            self._last = time.monotonic()
        self._read[name] = start + len(new)
        return new.decode(errors='replace').splitlines()
