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

"""What a run of mutants says at its end."""

import collections

SEEN = ('killed', 'timeout')
# Uncalled: none of the module's own tests calls the function.
ALIVE = ('survived', 'uncalled')


def table(verdicts):
    """A line a module: how many mutants, and how many a test saw."""
    counts = collections.defaultdict(collections.Counter)
    for mutant, verdict in verdicts.items():
        counts[mutant.path][verdict] += 1
        counts['all'][verdict] += 1
    for path in sorted(counts, key=lambda path: (path == 'all', path)):
        count = counts[path]
        seen = sum(count[verdict] for verdict in SEEN)
        yield (f'{path}: {seen} of {count.total()} killed'
               f' ({seen / count.total():.1%}), {count["timeout"]} of them'
               f' by time, {count["accepted"]} accepted,'
               f' {count["survived"]} survived,'
               f' {count["uncalled"]} not called by a test')


def survivors(verdicts):
    return [mutant.key for mutant, verdict in verdicts.items()
            if verdict in ALIVE]


def stale(verdicts, accepted):
    """Keys of accepted mutants that a test sees."""
    seen = {mutant.key for mutant, verdict in verdicts.items()
            if verdict in SEEN}
    return [key for key in accepted if key in seen]
