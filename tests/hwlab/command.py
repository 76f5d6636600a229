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

"""Programs that are run while the lab is built, in its tree or outside."""

from collections.abc import Iterable
from collections.abc import Mapping
import pathlib
import subprocess

_BINDS = {'/dev': '/dev', '/proc': '/proc'}


class CommandError(Exception):
    """A program failed; its last words."""


def run(*argv: object, log: pathlib.Path) -> None:
    """Run a program, with its output in a file.

    :raises CommandError: with the end of that file
    """
    with log.open('ab') as file:
        done = subprocess.run([str(word) for word in argv], stdout=file,
                              stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL)
    if done.returncode:
        end = log.read_text(errors='replace').splitlines()[-15:]
        raise CommandError('\n'.join(
            [f'{argv[0]} ended with {done.returncode}, see {log}:', *end]))


def inside(tree: pathlib.Path, argv: Iterable[object],
           binds: Mapping[str, pathlib.Path]) -> list[str]:
    """The command line that runs a program of a tree.

    :param binds: what the program sees at a path. The mounts are its own and
        end with it, and so does the program with whoever started it.
    """
    mounts = [f'mount --rbind "{source}" "{tree}{target}"'
              for target, source in {**_BINDS, **binds}.items()]
    script = ' && '.join([*mounts, f'exec chroot "{tree}" "$@"'])
    return ['unshare', '--mount', 'setpriv', '--pdeathsig', 'KILL', 'sh',
            '-c', script, 'sh', *map(str, argv)]
