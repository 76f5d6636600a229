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

"""What earlier runs found: a second run goes on where one stopped."""

import hashlib
import json

from tests.mutants import report


def digest(paths):
    """One value for all that these files say."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(path.read_bytes())
    return total.hexdigest()


class Results:
    """Verdicts by mutant, kept in a file of a line each.

    A mutant seen by a test stays seen; one that survived is tried again
    when the tests or the module have changed since."""

    def __init__(self, path):
        self._path = path
        self._kept = {}
        if path.exists():
            for line in path.read_text().splitlines():
                entry = json.loads(line)
                self._kept[entry['mutant']] = entry

    def verdict(self, mutant, state):
        entry = self._kept.get(mutant.key, {})
        verdict = entry.get('verdict')
        if verdict in report.ALIVE and entry['state'] != state:
            return None
        return verdict

    def keep(self, mutant, state, verdict):
        entry = {'mutant': mutant.key, 'state': state, 'verdict': verdict}
        self._kept[mutant.key] = entry
        self._path.parent.mkdir(exist_ok=True)
        with self._path.open('a') as kept:
            kept.write(json.dumps(entry) + '\n')
