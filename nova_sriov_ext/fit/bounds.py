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


"""Upper bounds of a number of servers, with the numbers to check them."""

from collections.abc import Sequence
import dataclasses


@dataclasses.dataclass(frozen=True)
class Bound:
    """What servers take of one thing, and what is free of it.

    :ivar name: of the thing, e.g. ``switchdev VFs of physnet2``
    :ivar free: how many are free; where no two of a server may be of one PF,
        how many on each PF
    :ivar each: how many a server takes, at least 1
    :ivar reserved: how many of the free ones are not for such servers
    """

    name: str
    free: int | tuple[int, ...]
    each: int
    reserved: int = 0

    @property
    def servers(self) -> int:
        """How many servers the thing is enough for."""
        if isinstance(self.free, tuple):
            return spread(self.free, self.each)
        return max(0, self.free - self.reserved) // self.each

    def __str__(self) -> str:
        """``VFs of physnet2: 7 free, 2 each, enough for 3``"""
        if isinstance(self.free, tuple):
            free = '+'.join(map(str, self.free)) or 'none'
            each = f'{self.each} each from different PFs'
        else:
            free, each = str(self.free or 'none'), f'{self.each} each'
        reserved = f', {self.reserved} reserved' * bool(self.reserved)
        return (f'{self.name}: {free} free{reserved}, {each}, enough for '
                f'{self.servers}')


def spread(free: Sequence[int], each: int) -> int:
    """How many servers can have so many VFs, no two of a server of one PF.

    A PF gives each of n servers one VF at most, so min(free, n) of them: n
    servers need sum(min(free, n)) >= n * each. That is enough, too (the
    theorem of Gale and Ryser, with rows that are equal).

    :param free: VFs of each PF
    :param each: VFs of each server, at least 1
    """
    least, most = 0, sum(free) // each
    while least < most:
        number = (least + most + 1) // 2
        if sum(min(one, number) for one in free) >= number * each:
            least = number
        else:
            most = number - 1
    return least
