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

"""A flow network with one kind of question: is there a way to the end?"""

import collections
from collections.abc import Hashable
from collections.abc import Iterator
from collections.abc import Mapping

END = 'end'


class Network:
    """Nodes are any hashable; END is where all ways shall lead."""

    def __init__(self) -> None:
        self._left: dict[Hashable, dict[Hashable, int]] = (
            collections.defaultdict(dict))
        self._dead: set[Hashable] = set()
        self._capacities: dict[tuple[Hashable, Hashable], int] = {}

    def edge(self, start: Hashable, end: Hashable, capacity: int) -> None:
        """Let `capacity` units pass from a node to another."""
        if capacity > 0:
            self._left[start][end] = self._capacities[start, end] = capacity
            self._left[end].setdefault(start, 0)

    def send(self, start: Hashable) -> bool:
        """Send one unit from a node to END; units sent before may be led
        another way, but all arrive.

        :returns: False when there is no way
        """
        path = self._path(start)
        for here, there in path:
            self._left[here][there] -= 1
            self._left[there][here] += 1
        return bool(path)

    def _path(self, start: Hashable) -> list[tuple[Hashable, Hashable]]:
        """:returns: the edges of a shortest way, backwards; empty without one
        """
        came_from: dict[Hashable, Hashable | None] = {start: None}
        todo = collections.deque((start,))
        while todo:
            here = todo.popleft()
            if self._left[here].get(END):
                return [(here, END), *_back(came_from, here)]
            ahead = [there for there, left in self._left[here].items()
                     if left and there not in came_from
                     and there not in self._dead]
            came_from.update(dict.fromkeys(ahead, here))
            todo += ahead
        # No way leads out of them, so none will come by to open one.
        self._dead.update(came_from)
        return []

    def flow(self, start: Hashable, end: Hashable) -> int:
        """:returns: units that pass from a node to another"""
        return (self._capacities.get((start, end), 0)
                - self._left[start].get(end, 0))


def _back(came_from: Mapping[Hashable, Hashable | None],
          node: Hashable) -> Iterator[tuple[Hashable, Hashable]]:
    while (previous := came_from[node]) is not None:
        yield previous, node
        node = previous
