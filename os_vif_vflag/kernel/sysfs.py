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

A test gives it a folder instead of a machine.
"""

import copy
import dataclasses
import errno
import os
import re

# An attribute that is not there, or that the driver does not offer
# (phys_port_name of a netdev without a port, before Linux 5.18).
ABSENT = frozenset((errno.ENOENT, errno.ENOTDIR, errno.EOPNOTSUPP))
# What a folder or another file has just named must be there.
LISTED = frozenset()

# An attribute is never longer than a page (fs/sysfs/file.c), which is 64 KiB
# at most.
_PAGE = 65536

_NUMBERS = {10: re.compile('[0-9]{1,19}'),
            16: re.compile('(0x)?[0-9a-fA-F]{1,16}')}


@dataclasses.dataclass(frozen=True)
class Unread:
    """Something that could not be read, and why.

    :ivar path: str
    :ivar error: str, the kernel's words or what is wrong with the text
    """

    path: str
    error: str

    def __str__(self):
        return f'{self.path}: {self.error}'


class Sysfs:
    """Files, folders and links below one root.

    What cannot be read is None or empty, never an exception; what should
    have been readable is noted in ``unread``.

    :param root: folder that holds ``sys``
    """

    def __init__(self, root='/'):
        self.root = root
        self._unread = {}

    def anew(self):
        """:returns: Sysfs on the same root, with nothing noted: two that
            read at the same time must not take each other's notes"""
        other = copy.copy(self)
        other._unread = {}
        return other

    @property
    def unread(self):
        """:returns: tuple of Unread, one for each path and reason"""
        return tuple(self._unread)

    def path(self, *parts):
        return os.path.join(self.root, 'sys', *parts)

    def read(self, *parts, silent=ABSENT):
        """:param silent: set of errno that are not worth a note
        :returns: the file's text without surrounding space, or None
        """
        return self._try(_text, parts, silent)

    def number(self, *parts, base=10, silent=ABSENT, unset=None):
        """:param unset: text that stands for no number (numa_node: -1)
        :returns: int from 0, None for anything else
        """
        text = self.read(*parts, silent=silent)
        if text is None or text == unset:
            return None
        # int() would take signs, underscores and other scripts' digits, too.
        if not _NUMBERS[base].fullmatch(text):
            self.note(*parts, error=f'{text[:40]!r} is no number')
            return None
        return int(text, base)

    def names(self, *parts, silent=ABSENT):
        """:returns: sorted names in the folder, or []"""
        return sorted(self._try(os.listdir, parts, silent) or ())

    def target(self, *parts, silent=ABSENT):
        """:returns: last part of what the link points to, or None"""
        link = self._try(os.readlink, parts, silent)
        return link and os.path.basename(link)

    def exists(self, *parts):
        return self._ask(os.path.exists, self.path(*parts))

    def note(self, *parts, error):
        """Say that what is there is not what it should be."""
        self._unread[Unread(self.path(*parts), error)] = None

    def _try(self, function, parts, silent):
        try:
            return self._ask(function, self.path(*parts))
        except OSError as e:
            if e.errno not in silent:
                self.note(*parts,
                          error=os.strerror(e.errno) if e.errno else str(e))
        except ValueError as e:
            # A name from a file is none: "embedded null byte".
            self.note(*parts, error=str(e))
        return None

    def _ask(self, function, path):
        """The one place where the kernel is asked."""
        return function(path)


def _text(path):
    # open() would ask four more questions about what is one short text.
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(file, _PAGE).decode(errors='replace').strip()
    finally:
        os.close(file)
