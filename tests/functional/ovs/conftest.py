"""Fixtures for tests on real services."""

import contextlib
import importlib.metadata

import pytest

from tests.lab import compute as lab
from tests.lab import ovs


@pytest.fixture
def compute():
    """A function: cards -> tests.lab.compute.Compute that runs."""
    with _computes() as start:
        yield start


@pytest.fixture(scope='module')
def lasting_compute():
    """The same for tests of a file that leave the host as they found it."""
    with _computes() as start:
        yield start


@contextlib.contextmanager
def _computes():
    if ovs.why_not():
        pytest.skip(ovs.why_not())
    plugins = importlib.metadata.entry_points(group='os_vif')
    assert 'vflag' in plugins.names, (
        'the package is not installed: run "tox -e functional"')
    with contextlib.ExitStack() as stack:
        yield lambda *cards, **options: stack.enter_context(
            lab.Compute(*cards, **options))
