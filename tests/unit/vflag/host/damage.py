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

"""Ways in which a /sys that changes, or refuses, can look to its reader.

Those that a file system can have are done to the tree and undone; the rest
happens at the one place where the plugin asks the kernel (Sysfs._ask).
"""

import contextlib
import errno
import os
import pathlib
import shutil

from os_vif_vflag.kernel.sysfs import Sysfs

_SAVED = 'saved'


class Watched(Sysfs):
    """Writes down what is asked, and refuses what it is told to refuse.

    :ivar asked: list of (name of the function, path below /sys)
    :ivar errors: dict path below /sys → errno
    :ivar vanished: set of paths below /sys: still listed, but not there
    """

    def __init__(self, root):
        super().__init__(root)
        self.asked, self.errors, self.vanished = [], {}, set()
        self._start = len(self.path('')) if root else 0

    def _ask(self, function, path):
        below = path[self._start:]
        self.asked.append((function.__name__, below))
        gone = any(below == name or below.startswith(f'{name}/')
                   for name in self.vanished)
        if function is os.path.exists:
            return not gone and function(path)
        number = errno.ENOENT if gone else self.errors.get(below)
        if number:
            raise OSError(number, os.strerror(number))
        return function(path)


def _removed(path):
    """The link or file is no more."""


def _folder(path):
    path.mkdir()


def _dangling(path):
    path.symlink_to('nowhere/gone')


def _text(content):
    def write(path):
        path.write_bytes(content)
    return write


# What a tree can hold in place of a file or link
TREE = {
    'removed': _removed,
    'folder': _folder,
    'dangling': _dangling,
    'empty': _text(b''),
    'negative': _text(b'-1\n'),
    'words': _text(b'garbage here\n'),
    'bytes': _text(b'\0\xff\xfe\n'),
    'digits': _text(b'9' * 30 + b'\n'),
}
ERRNOS = {name: getattr(errno, name) for name in (
    'EACCES', 'EIO', 'EINVAL', 'EOPNOTSUPP', 'ENODEV')}
KINDS = (*TREE, *ERRNOS, 'vanished')


@contextlib.contextmanager
def done(sysfs, damages):
    """:param sysfs: Watched
    :param damages: list of (path below /sys, one of KINDS)
    """
    with contextlib.ExitStack() as stack:
        for path, kind in damages:
            if kind in TREE:
                stack.enter_context(_replaced(sysfs, path, TREE[kind]))
            elif kind in ERRNOS:
                sysfs.errors[path] = ERRNOS[kind]
            else:
                sysfs.vanished.add(path)
        stack.callback(sysfs.errors.clear)
        stack.callback(sysfs.vanished.clear)
        yield


@contextlib.contextmanager
def _replaced(sysfs, below, make):
    path = pathlib.Path(sysfs.path(below))
    if not os.path.lexists(path):    # with a folder damaged before
        yield
        return
    # Where it is now: a folder on the way may be damaged and undone later.
    path = path.parent.resolve() / path.name
    saved = pathlib.Path(sysfs.root, f'{_SAVED}-{len(os.listdir(sysfs.root))}')
    path.rename(saved)
    make(path)
    try:
        yield
    finally:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        saved.rename(path)
