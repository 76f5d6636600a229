"""Nova's files are where Nova's fixtures look for them."""

import pytest

from tests.lab import paste


@pytest.fixture(scope='session', autouse=True)
def paste_files():
    paste.link()


def pytest_collection_modifyitems(items):
    """The longest first: the other processor has all others meanwhile."""
    items.sort(key=lambda item: 'test_walk' not in item.nodeid)
