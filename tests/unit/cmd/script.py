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

"""Runs the installed commands as an operator does: as processes."""

import dataclasses
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[3]


@dataclasses.dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str


def run(*words, path=()):
    """nova-sriov <words>, of this source tree.

    :param path: folders to import from before all others
    :returns: Result
    """
    script = pathlib.Path(sys.executable).parent / 'nova-sriov'
    if not script.exists():
        pytest.skip('this project is not installed here')
    environment = {k: v for k, v in os.environ.items()
                   if not k.startswith('OS_')}
    environment['PYTHONPATH'] = os.pathsep.join(map(str, (*path, ROOT)))
    done = subprocess.run(
        [script, *map(str, words)], env=environment, timeout=120,
        capture_output=True, text=True, check=False)
    return Result(done.returncode, done.stdout, done.stderr)
