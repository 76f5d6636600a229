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

"""netdevsim, which Debian's kernel lacks, as a card: patched and built."""

import pathlib
import shutil

from tests.hwlab import command

SOURCE = pathlib.Path(__file__).parent / 'netdevsim'
_SCRIPT = r"""
set -e
cd /mnt
tar -xJf /usr/src/linux-source-*.tar.xz --strip-components=4 \
    --wildcards '*/drivers/net/netdevsim/*'
patch -p1 --no-backup-if-mismatch <card.patch
make -C /usr/src/linux-headers-*-amd64 M=/mnt CONFIG_NETDEVSIM=m modules
strip --strip-debug netdevsim.ko
"""


def files() -> list[pathlib.Path]:
    return sorted(SOURCE.iterdir())


def build(tree: pathlib.Path, folder: pathlib.Path) -> None:
    for file in files():
        shutil.copy(file, folder)
    command.run(*command.inside(tree, ['sh', '-c', _SCRIPT],
                                {'/mnt': folder}), log=folder / 'log')
