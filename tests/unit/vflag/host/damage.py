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
happens where the plugin's requests reach the file system (sysfs.Files).
"""

import contextlib
import errno
import os
import pathlib
import shutil

from os_vif_vflag.kernel import sysfs

_SAVED = 'saved'


class Watched(sysfs.Files):
    """Notes every request, and refuses those that a test names.

    :param root: of the Sysfs that it is for
    :ivar requests: list of (name of the method, path below /sys)
    :ivar errors: dict path below /sys → errno
    :ivar vanished: set of paths below /sys: still listed, but not there
    """

    def __init__(self, root):
        self.requests, self.errors, self.vanished = [], {}, set()
        self._sys = os.path.join(root, 'sys', '')

    def read(self, path):
        self._note('read', path)
        return super().read(path)

    def names(self, path):
        self._note('names', path)
        return super().names(path)

    def target(self, path):
        self._note('target', path)
        return super().target(path)

    def exists(self, path):
        below = path.removeprefix(self._sys)
        self.requests.append(('exists', below))
        return not self._gone(below) and super().exists(path)

    def _note(self, name, path):
        below = path.removeprefix(self._sys)
        self.requests.append((name, below))
        number = errno.ENOENT if self._gone(below) else self.errors.get(below)
        if number:
            raise OSError(number, os.strerror(number))

    def _gone(self, below):
        return any(below == name or below.startswith(f'{name}/')
                   for name in self.vanished)


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
    """:param sysfs: Sysfs whose files are Watched
    :param damages: list of (path below /sys, one of KINDS)
    """
    with contextlib.ExitStack() as stack:
        for path, kind in damages:
            if kind in TREE:
                stack.enter_context(_replaced(sysfs, path, TREE[kind]))
            elif kind in ERRNOS:
                sysfs.files.errors[path] = ERRNOS[kind]
            else:
                sysfs.files.vanished.add(path)
        stack.callback(sysfs.files.errors.clear)
        stack.callback(sysfs.files.vanished.clear)
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
