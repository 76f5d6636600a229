"""pytest fixtures: describe a card, get a host.

Make them known in a conftest.py with
    pytest_plugins = ['tests.sim.fixtures']   # in the top-level one
or import the names.
"""

import pytest

from tests.sim import sysfs


@pytest.fixture
def sriov_host(tmp_path):
    """A function: cards -> tests.sim.sysfs.Sysfs, in a folder of its own."""
    count = 0

    def build(*cards):
        nonlocal count
        count += 1
        return sysfs.Sysfs(tmp_path / f'host{count}' / 'sys', *cards)

    return build
