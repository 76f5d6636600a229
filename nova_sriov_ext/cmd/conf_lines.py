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
"""Where in which file an option is set.

oslo.config knows the file of a value, not the line, and nothing of names that
nobody has registered.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
import dataclasses
import glob
import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oslo_config import cfg

# As oslo.config's iniparser: a line that begins with white space goes on with
# the value before.
_GROUP = re.compile(r'\[(?P<name>[^\]]*)\]')
_OPTION = re.compile(r'(?P<name>[^\s=:#;\[][^=:]*?)\s*[=:]')


@dataclasses.dataclass(frozen=True)
class Line:
    """:ivar group: as oslo.config reads it: in lower case, but for DEFAULT
    :ivar name: of the option, as written; '' for the head of a group
    """

    path: str
    number: int
    group: str
    name: str

    def __str__(self) -> str:
        return f'{self.path}, line {self.number}'


def files(conf: cfg.ConfigOpts) -> list[str]:
    """:param conf: that has been read
    :returns: paths of the files, in the order in which it read them
    """
    return [*map(str, conf.config_file or ()),
            *(path for folder in conf.config_dir or ()
              for path in sorted(glob.glob(os.path.join(folder, '*.conf'))))]


def of(paths: Iterable[str]) -> list[Line]:
    """:returns: options and heads of groups, in the order of the files"""
    return [line for path in paths for line in _of_file(path)]


def setting(lines: Iterable[Line], group: str, name: str) -> Line | None:
    """:returns: the line that counts: the last one"""
    found = [line for line in lines
             if (line.group, line.name) == (group, name)]
    return found[-1] if found else None


def unknown(lines: Iterable[Line], group: str,
            known: Iterable[str]) -> list[Line]:
    """:param known: names of the options of a group
    :returns: those of the group that are none of these
    """
    expected = {'', *known}
    return [line for line in lines
            if line.group == group and line.name not in expected]


def _of_file(path: str) -> Iterator[Line]:
    group = 'DEFAULT'
    with open(path, errors='replace') as file:
        for number, line in enumerate(file, 1):
            if head := _GROUP.match(line):
                name = head['name']
                group = name if name == 'DEFAULT' else name.lower()
                yield Line(path, number, group, '')
            elif option := _OPTION.match(line):
                yield Line(path, number, group, option['name'])

