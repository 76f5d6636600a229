"""Databases that the tests of commands share."""

import subprocess
import sys

import pytest

from tests.sim import memory
from tests.unit.cmd import script


@pytest.fixture(scope='session')
def cloud():
    """:returns: path of a folder with nova.conf and databases"""
    with memory.folder() as folder:
        subprocess.run(
            [sys.executable, '-m', 'tests.unit.cmd.cloud_database', folder],
            cwd=script.ROOT, check=True, capture_output=True)
        yield folder
