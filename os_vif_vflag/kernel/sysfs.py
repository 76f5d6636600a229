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

"""The seam between the code and ``/sys``: everything is relative to a root.

A test gives it a folder instead of a machine, or its own Files.
"""

from collections.abc import Callable
from collections.abc import Set
import copy
import dataclasses
import errno
import os
import re
from typing import Self
from typing import TypeVar

# An attribute that is not there, or that the driver does not offer
# (phys_port_name of a netdev without a port, before Linux 5.18).
ABSENT = frozenset((errno.ENOENT, errno.ENOTDIR, errno.EOPNOTSUPP))
# What a folder or another file has just named must be there.
LISTED: frozenset[int] = frozenset()

# An attribute is never longer than a page (fs/sysfs/file.c), which is 64 KiB
# at most.
_PAGE = 65536

_NUMBERS = {10: re.compile('[0-9]{1,19}'),
            16: re.compile('(0x)?[0-9a-fA-F]{1,16}')}
_Read = TypeVar('_Read')


@dataclasses.dataclass(frozen=True)
class Unread:
    """Something that could not be read, and why.

    :ivar error: the kernel's words or what is wrong with the text
    """

    path: str
    error: str

    def __str__(self) -> str:
        return f'{self.path}: {self.error}'


class Files:
    """Every request to the file system that Sysfs makes, each by a full path.

    Subclasses may count requests, or refuse them. All but ``exists`` raise
    OSError, or ValueError for a path that cannot be one.
    """

    def read(self, path: str) -> str:
        """The file's text without surrounding space."""
        # open() would make four more requests for what is one short text.
        file = os.open(path, os.O_RDONLY)
        try:
            return os.read(file, _PAGE).decode(errors='replace').strip()
        finally:
            os.close(file)

    def names(self, path: str) -> list[str]:
        """What a folder holds, in any order."""
        return os.listdir(path)

    def target(self, path: str) -> str:
        """What a link has for its target."""
        return os.readlink(path)

    def exists(self, path: str) -> bool:
        """Whether it is there; of a link, whether its target is."""
        return os.path.exists(path)


class Sysfs:
    """Files, folders and links below one root.

    What cannot be read is None or empty, never an exception; what should
    have been readable is noted in ``unread``.

    :param root: folder that holds ``sys``
    :param files: how it is read
    """

    def __init__(self, root: str = '/', files: Files | None = None):
        self.root = root
        self.files = files or Files()
        self._unread: dict[Unread, None] = {}

    def anew(self) -> Self:
        """The same, with nothing noted: two that read at the same time must
        not take each other's notes."""
        other = copy.copy(self)
        other._unread = {}
        return other

    @property
    def unread(self) -> tuple[Unread, ...]:
        """One for each path and reason."""
        return tuple(self._unread)

    def path(self, *parts: str) -> str:
        return os.path.join(self.root, 'sys', *parts)

    def read(self, *parts: str, silent: Set[int] = ABSENT) -> str | None:
        """:param silent: errnos that are not worth a note
        :returns: the file's text without surrounding space
        """
        return self._try(self.files.read, parts, silent)

    def number(self, *parts: str, base: int = 10, silent: Set[int] = ABSENT,
               unset: str | None = None) -> int | None:
        """:param unset: text that stands for a missing number (numa_node: -1)
        :returns: 0 or more
        """
        text = self.read(*parts, silent=silent)
        if text is None or text == unset:
            return None
        # int() would take signs, underscores and other scripts' digits, too.
        if not _NUMBERS[base].fullmatch(text):
            self.note(*parts, error=f'{text[:40]!r} is not a number')
            return None
        return int(text, base)

    def names(self, *parts: str, silent: Set[int] = ABSENT) -> list[str]:
        """Sorted names in the folder."""
        return sorted(self._try(self.files.names, parts, silent) or ())

    def target(self, *parts: str, silent: Set[int] = ABSENT) -> str | None:
        """The last part of what the link points to."""
        link = self._try(self.files.target, parts, silent)
        return link and os.path.basename(link)

    def exists(self, *parts: str) -> bool:
        return self.files.exists(self.path(*parts))

    def note(self, *parts: str, error: str) -> None:
        """Note that what is there is not what it should be."""
        self._unread[Unread(self.path(*parts), error)] = None

    def _try(self, read: Callable[[str], _Read], parts: tuple[str, ...],
             silent: Set[int]) -> _Read | None:
        try:
            return read(self.path(*parts))
        except OSError as e:
            if e.errno not in silent:
                self.note(*parts, error=str(e.strerror))
        except ValueError as e:
            # A name that was read from a file: "embedded null byte".
            self.note(*parts, error=str(e))
        return None
