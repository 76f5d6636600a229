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

"""pytest fixtures: describe a card, get a host.

tests/conftest.py makes them known to every test.
"""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import pathlib

import pytest

from tests.sim import card
from tests.sim import memory
from tests.sim import sysfs


@pytest.fixture
def sriov_host() -> Iterator[Callable[..., sysfs.Sysfs]]:
    """A function that makes the host of some cards, in a folder of its own."""
    with contextlib.ExitStack() as stack:
        def build(*cards: card.Card) -> sysfs.Sysfs:
            root = stack.enter_context(memory.folder())
            return sysfs.Sysfs(pathlib.Path(root), *cards)
        yield build
