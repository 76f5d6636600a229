"""The seam between the code and ``/sys``: everything is relative to a root.

A test gives it a folder instead of a machine.
"""

import dataclasses
import os


@dataclasses.dataclass(frozen=True)
class Sysfs:
    """Files, folders and links below one root.

    Whatever cannot be read (missing, vanished meanwhile, refused by the
    driver with EOPNOTSUPP, EINVAL or EIO) is None or empty, never an
    exception: on a host that is being reconfigured all of these happen.
    """

    root: str = '/'

    def path(self, *parts):
        return os.path.join(self.root, 'sys', *parts)

    def read(self, *parts):
        """:returns: the file's text without surrounding space, or None"""
        try:
            with open(self.path(*parts), encoding='utf-8',
                      errors='replace') as f:
                return f.read().strip()
        except OSError:
            return None

    def number(self, *parts):
        """:returns: the file's decimal number, or None"""
        text = self.read(*parts)
        return int(text) if text and text.isascii() and text.isdigit() \
            else None

    def names(self, *parts):
        """:returns: sorted names in the folder, or []"""
        try:
            return sorted(os.listdir(self.path(*parts)))
        except OSError:
            return []

    def target(self, *parts):
        """:returns: last part of what the link points to, or None"""
        try:
            return os.path.basename(os.readlink(self.path(*parts)))
        except OSError:
            return None

    def exists(self, *parts):
        return os.path.exists(self.path(*parts))
