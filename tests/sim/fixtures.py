"""pytest fixtures: describe a card, get a host.

tests/conftest.py makes them known to every test.
"""

import contextlib
import pathlib

import pytest

from tests.sim import memory
from tests.sim import sysfs


@pytest.fixture
def sriov_host():
    """A function: cards -> tests.sim.sysfs.Sysfs, in a folder of its own."""
    with contextlib.ExitStack() as stack:
        def build(*cards):
            root = stack.enter_context(memory.folder())
            return sysfs.Sysfs(pathlib.Path(root), *cards)
        yield build
