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

"""What is built once and kept until its inputs change.

    with Stage(folder, 'tree', inputs).anew() as new: ...
"""

from collections.abc import Callable
from collections.abc import Iterable
import dataclasses
import hashlib
import pathlib
import shutil
import time


@dataclasses.dataclass(frozen=True)
class Stage:
    """A folder with a key: the hash of all that it was made from.

    :ivar inputs: files, texts, or the keys of other stages
    """

    folder: pathlib.Path
    inputs: tuple[pathlib.Path | str, ...]

    @property
    def key(self) -> str:
        found = hashlib.sha256()
        for part in self.inputs:
            data = (part.read_bytes() if isinstance(part, pathlib.Path)
                    else part.encode())
            found.update(hashlib.sha256(data).digest())
        return found.hexdigest()

    @property
    def is_built(self) -> bool:
        return self._stamp.exists() and self._stamp.read_text() == self.key

    def build(self, make: Callable[[pathlib.Path], object]) -> float | None:
        """Build it where it is missing or old.

        :param make: fills an empty folder
        :returns: seconds that it took, None where it was there
        """
        if self.is_built:
            return None
        start = time.monotonic()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        make(self.folder)
        # Last: a build that was cut off begins again.
        self._stamp.write_text(self.key)
        return time.monotonic() - start

    @property
    def _stamp(self) -> pathlib.Path:
        return self.folder / 'key'


def lines(file: pathlib.Path) -> Iterable[str]:
    """Of a list with comments."""
    for line in file.read_text().splitlines():
        text = line.partition('#')[0].strip()
        if text:
            yield text
