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

"""Files, directories and symlinks in; a root out."""

from collections.abc import Mapping
import dataclasses
import os
import pathlib


@dataclasses.dataclass(frozen=True)
class To:
    """A symlink to a path of the tree, relative as sysfs makes them."""

    path: str


@dataclasses.dataclass(frozen=True)
class Refused:
    """An attribute that is listed but that the kernel does not give.

    Root can read every file, and only a driver can answer EINVAL. A link
    to itself is listed, and open() fails with an OSError (ELOOP).
    """


REFUSED = Refused()
# Text is an attribute; the line feed is added.
Entry = str | To | Refused


class Tree:
    """Shows a dictionary of path -> content below a root."""

    def __init__(self, root: str | pathlib.Path):
        self.root = pathlib.Path(root)
        self._shown: dict[str, Entry] = {}
        self._kept: set[pathlib.PurePath] = set()

    def folder(self, path: str) -> None:
        """A folder that stays when it is empty."""
        (self.root / path).mkdir(parents=True, exist_ok=True)
        self._kept.add(pathlib.PurePath(path))

    def show(self, entries: Mapping[str, Entry]) -> None:
        """Make the tree hold these entries and no others of before."""
        for path in self._shown.keys() - entries.keys():
            self._remove(path)
        for path, content in entries.items():
            if self._shown.get(path) != content:
                self._write(path, content)
        self._shown = dict(entries)

    def _write(self, path: str, content: Entry) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, To):
            place.unlink(missing_ok=True)
            place.symlink_to(self._relative(place, content.path))
        elif content is REFUSED:
            place.unlink(missing_ok=True)
            place.symlink_to(place.name)
        else:
            if place.is_symlink():
                place.unlink()
            place.write_text(f'{content}\n')

    def _relative(self, place: pathlib.Path, path: str) -> str:
        """`../../../0000:03:00.0`, where `../..` would do.

        fs/kernfs/symlink.c, kernfs_get_target_path, goes up to a folder
        above the target; Nova reads the address from the last part.
        """
        target = self.root / path
        above = os.path.relpath(target.parent, place.parent)
        return os.path.join(above, target.name)

    def _remove(self, path: str) -> None:
        """With the folders that it leaves empty, as sysfs removes them."""
        place = self.root / path
        place.unlink(missing_ok=True)
        for folder in pathlib.PurePath(path).parents:
            if folder in self._kept or any((self.root / folder).iterdir()):
                break
            (self.root / folder).rmdir()
