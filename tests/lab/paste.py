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

"""Where Nova's fixtures look for Nova's files."""

import contextlib
import pathlib
import sys

import nova


def link():
    """The wheel puts ``etc/nova`` below the environment, while
    ``nova.tests.fixtures.ConfFixture`` looks beside the package."""
    beside = pathlib.Path(nova.__file__).parent.parent / 'etc' / 'nova'
    installed = pathlib.Path(sys.prefix, 'etc', 'nova')
    if not beside.exists() and installed.exists():
        beside.parent.mkdir(exist_ok=True)
        # Another process of the same tests may be as far.
        with contextlib.suppress(FileExistsError):
            beside.symlink_to(installed)
