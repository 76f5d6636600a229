"""Where Nova's fixtures look for Nova's files."""

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
        beside.symlink_to(installed)
