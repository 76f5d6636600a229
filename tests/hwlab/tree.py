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

"""A tree of Debian 13: the guest's root, and QEMU 10 for this machine."""

import pathlib
import subprocess

from tests.hwlab import command
from tests.hwlab import stage

SUITE = 'trixie'
HERE = pathlib.Path(__file__).parent
PACKAGES = HERE / 'debian.txt'
INIT = HERE / 'guest' / 'init'
_LEFT_OUT = ('man', 'locale', 'doc')
# Before the kernel's package makes the initramfs: a small one.
_MODULES = 'virtio_pci\\nvirtio_blk\\next4\\n'
_INITRAMFS = (
    'mkdir -p "$1/etc/initramfs-tools/conf.d" && '
    'echo MODULES=list >"$1/etc/initramfs-tools/conf.d/lab" && '
    f'printf "{_MODULES}" >"$1/etc/initramfs-tools/modules"')


class NoArchive(Exception):
    """The machine's apt knows no archive of Debian."""


def archive() -> str:
    """Where this machine has Debian's packages from, which has the other
    suite as well."""
    wanted = '$(ORIGIN) $(COMPONENT) $(RELEASE) $(REPO_URI)'
    found = subprocess.run(
        ['apt-get', 'indextargets', '--format', wanted,
         'Identifier: Packages'],
        check=True, capture_output=True, text=True).stdout
    for line in found.splitlines():
        origin, component, release, uri = line.split(' ', 3)
        if (origin, component) == ('Debian', 'main') and '-' not in release:
            return uri
    raise NoArchive('apt knows no archive of Debian: run "apt-get update", '
                    'and see /etc/apt/sources.list.d')


def build(folder: pathlib.Path) -> None:
    options = folder / 'apt.conf'
    options.write_text(subprocess.run(
        ['apt-config', 'dump', 'Acquire'],
        check=True, capture_output=True, text=True).stdout)
    excluded = [f'--dpkgopt=path-exclude=/usr/share/{name}/*'
                for name in _LEFT_OUT]
    # In mounts of its own: those of a run that was cut off end with it.
    command.run(
        'unshare', '--mount', 'mmdebstrap', '--mode=root', '--variant=minbase',
        f'--aptopt={options}', '--dpkgopt=force-unsafe-io', *excluded,
        f'--essential-hook={_INITRAMFS}',
        f'--customize-hook=copy-in {INIT} /usr/local/sbin',
        f'--include={",".join(stage.lines(PACKAGES))}',
        SUITE, folder / 'root', f'deb {archive()} {SUITE} main',
        log=folder / 'log')


def image(tree: pathlib.Path, folder: pathlib.Path) -> None:
    """A disk with the tree."""
    disk(tree, folder / 'root.img', '4G', folder / 'log')


def disk(content: pathlib.Path, file: pathlib.Path, size: str,
         log: pathlib.Path) -> None:
    command.run('mke2fs', '-q', '-t', 'ext4', '-E', 'lazy_itable_init=1',
                '-O', '^has_journal', '-m', '0', '-d', content, file, size,
                log=log)
