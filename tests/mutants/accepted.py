"""Mutants that no test can see, or need not: accepted.toml says why."""

import pathlib
import tomllib

PATH = pathlib.Path(__file__).with_name('accepted.toml')


def read(path=PATH):
    """Reason by mutant's key."""
    table = tomllib.loads(path.read_text())
    return {f'{entry["path"]} {one.strip()}': entry['why']
            for entry in table.get('accepted', ())
            for one in entry['mutants']}
