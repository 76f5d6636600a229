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

"""What the demo expects, and what it found."""

import time


class Checks:

    def __init__(self, progress):
        self._progress = progress
        self.results = []    # (good, text, what was found instead)

    def equal(self, text, found, expected):
        return self.true(text, found == expected,
                         f'found {found!r}, expected {expected!r}')

    def true(self, text, good, otherwise):
        good = bool(good)
        self.results.append((good, text, '' if good else otherwise))
        self._progress.check(good, text if good else f'{text}: {otherwise}')
        return good

    def eventually(self, text, question, expected, seconds=20):
        """Repeat until the answer is as expected; agents take a moment."""
        deadline = time.monotonic() + seconds
        while (found := question()) != expected:
            if time.monotonic() > deadline:
                break
            time.sleep(0.5)
        return self.equal(text, found, expected)

    @property
    def failed(self):
        return [result for result in self.results if not result[0]]

    def summary(self):
        """Lines of a table."""
        width = max((len(text) for _good, text, _why in self.results),
                    default=0)
        for good, text, why in self.results:
            mark = 'ok' if good else 'FAILED'
            yield f'{text:<{width}}  {mark:<6}  {why}'.rstrip()
