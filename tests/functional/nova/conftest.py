"""Nova's files are where Nova's fixtures look for them."""

import pytest

from tests.lab import paste


@pytest.fixture(scope='session', autouse=True)
def paste_files():
    paste.link()
