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

"""What became of the requests of a trace, and what they have cost."""

import collections
import dataclasses


def _counter():
    return dataclasses.field(default_factory=collections.Counter)


@dataclasses.dataclass
class Result:
    """What is by kind, is by the name of a trace.Kind.

    :ivar seconds: part → seconds, of all requests
    :ivar ours: the parts that are this project's
    :ivar requests: of the trace, by kind
    :ivar took: seconds, by kind
    :ivar lookups: of Neutron
    :ivar placed: whose claim a host has granted
    :ivar unsuited: of these, on a VF of the wrong mode, or on one PF
    :ivar rescheduled: claims that a host has refused
    """

    seconds: collections.Counter
    ours: set
    requests: collections.Counter = _counter()
    took: collections.Counter = _counter()
    lookups: int = 0
    placed: collections.Counter = _counter()
    unsuited: collections.Counter = _counter()
    refused: collections.Counter = _counter()
    rescheduled: collections.Counter = _counter()

    @property
    def total(self):
        """Seconds of one request."""
        return self.seconds.total() / self.requests.total()

    @property
    def share(self):
        """Of the total, what is ours."""
        return (sum(self.seconds[part] for part in self.ours)
                / self.seconds.total())

    def of(self, part):
        """Seconds of one request, on average."""
        return self.seconds[part] / self.requests.total()
