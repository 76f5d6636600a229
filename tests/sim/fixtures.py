"""pytest fixtures: describe a card, get a host.

tests/conftest.py makes them known to every test.
"""

import pytest

from tests.sim import sysfs


@pytest.fixture
def sriov_host(tmp_path):
    """A function: cards -> tests.sim.sysfs.Sysfs, in a folder of its own."""
    count = 0

    def build(*cards):
        nonlocal count
        count += 1     # a test may need several hosts
        return sysfs.Sysfs(tmp_path / f'host{count}', *cards)

    return build
