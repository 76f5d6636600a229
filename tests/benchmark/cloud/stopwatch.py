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

"""Whose time the time of a request is."""

import collections
import contextlib
import functools
import time
import types

REST = 'rest of the scheduler'


class Clock:
    """Processor time of this process, and what is said to be waited for.

    Placement, the databases and the scheduler are all in this process and
    take turns, so that nothing is left out, and nothing added by others.

    :ivar waited: seconds
    """

    def __init__(self):
        self.waited = 0.0

    def wait(self, seconds):
        """As if the time had passed."""
        self.waited += seconds

    def now(self):
        return time.process_time() + self.waited


class Stopwatch:
    """Charges each moment of a request to one part, the innermost.

    :ivar seconds: part → seconds
    """

    def __init__(self, clock):
        self.seconds = collections.Counter()
        self._clock = clock
        self._parts = []
        self._since = 0.0

    @contextlib.contextmanager
    def request(self):
        """A request; what is in no part of it is REST."""
        self._enter(REST)
        try:
            yield
        finally:
            self._leave()

    def timed(self, part, function):
        """:returns: the function, whose time is charged to a part while a
            request is measured; a generator that it returns is exhausted
        """
        @functools.wraps(function)
        def measured(*args, **kwargs):
            if not self._parts:
                return function(*args, **kwargs)
            self._enter(part)
            try:
                found = function(*args, **kwargs)
                return (list(found)
                        if isinstance(found, types.GeneratorType) else found)
            finally:
                self._leave()
        return measured

    def _enter(self, part):
        self._charge()
        self._parts.append(part)

    def _leave(self):
        self._charge()
        self._parts.pop()

    def _charge(self):
        now = self._clock.now()
        if self._parts:
            self.seconds[self._parts[-1]] += now - self._since
        self._since = now
