#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""Python's part of the guest: Nova and libraries, and this project's wheel."""

import pathlib
import sys

from tests.hwlab import command
from tests.hwlab import stage
from tests.hwlab import tree as tree_mod

CHECKOUT = pathlib.Path(__file__).parents[2]
NAMES = pathlib.Path(__file__).parent / 'python.txt'
CONSTRAINTS = CHECKOUT / 'constraints.txt'
# Debian's are built for the guest's Python and libvirt; none is on PyPI.
DEBIANS = 'ovs\nlibvirt-python\n'
_UV = pathlib.Path(sys.executable).parent / 'uv'
_FOR_THE_GUEST = ('--python-version', '3.13', '--python-platform',
                  'x86_64-manylinux_2_40')


def build(tree: pathlib.Path, folder: pathlib.Path) -> None:
    """A disk with all but the wheel."""
    site, log = folder / 'site', folder / 'log'
    excluded = folder / 'excluded.txt'
    excluded.write_text(DEBIANS)
    _install(site, log, '--only-binary', ':all:', '--excludes', excluded,
             '-c', CONSTRAINTS, *stage.lines(NAMES))
    # Under emulation Python would take minutes for it.
    command.run(*command.inside(
        tree, ['python3', '-m', 'compileall', '-q', '-j0', '/mnt'],
        {'/mnt': site}), log=log)
    tree_mod.disk(site, folder / 'site.img', '1G', log)


def wheel(folder: pathlib.Path, log: pathlib.Path) -> None:
    """This checkout, as it is installed."""
    _install(folder, log, '--no-deps', CHECKOUT)


def _install(target: pathlib.Path, log: pathlib.Path, *what: object) -> None:
    command.run(_UV, 'pip', 'install', '--target', target,
                *_FOR_THE_GUEST, *what, log=log)
