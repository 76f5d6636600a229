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

"""Mutants that no test can see, or need not: accepted.toml says why."""

import pathlib
import tomllib

PATH = pathlib.Path(__file__).with_name('accepted.toml')


def read(path=PATH):
    """Reason by mutant's key."""
    table = tomllib.loads(path.read_text())
    return {f'{entry["path"]} {one.strip()}': entry['why']
            for entry in table.get('accepted', ())
            for one in entry['mutants']}
