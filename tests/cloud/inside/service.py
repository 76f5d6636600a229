"""Run a console script of OpenStack on sqlite: python -m … NAME OPTIONS"""

import importlib.metadata
import sys

from tests.cloud.inside import sqlite  # noqa: F401  it registers itself


def main():
    del sys.argv[0]
    name = sys.argv[0]
    script, = importlib.metadata.entry_points(
        group='console_scripts', name=name)
    sys.exit(script.load()())


if __name__ == '__main__':
    main()
