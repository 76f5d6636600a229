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
"""Flows of the datapath, as ``ovs-appctl dpctl/dump-flows -m`` prints them.

A flow is a line: what it matches, its statistics, since Open vSwitch 2.12
``offloaded:`` (``yes``, ``partial``) and ``dp:`` (``tc``, ``ovs``, ``dpdk``),
and its actions (format_dpif_flow in lib/dpctl.c). ``-m`` makes names of port
numbers. In user space a flow is there once for each thread that has it, under
the same id; a line says whose flows follow.
"""

import dataclasses
import re

_THREAD = re.compile(r'flow-dump from .*:.*')
_FLOW = re.compile(
    r'(?:ufid:(?P<ufid>[0-9a-f-]+), *)?(?P<match>.*?), packets:(?P<packets>'
    r'[0-9]+), bytes:(?P<bytes>[0-9]+)(?P<rest>.*?), actions:(?P<actions>.*)')
_IN_PORT = re.compile(r'(?:^|[ ,])in_port\((?P<name>[^()]*)\)')
_ATTRIBUTE = re.compile(r'(?P<name>[a-z_-]+):(?P<value>[^,]*)')
_SEPARATORS = re.compile(r'[(),]')

_IN_HARDWARE = 'yes'
# What the layer is called here of a flow that the hardware carries in part.
PARTIAL = 'partial'


@dataclasses.dataclass(frozen=True)
class Flow:
    """:ivar key: equal in two dumps for the same flow
    :ivar in_port: name of the port that its packets come from, None for none
    :ivar outputs: words of its actions, among them the names of the ports that
        its packets go to
    :ivar packets: seen so far
    :ivar layer: where it is: ``tc``, ``ovs`` (the kernel's or user space's
        datapath), ``dpdk``, or PARTIAL; '' where this Open vSwitch does not
        print it
    :ivar offloaded: whether the hardware carries it as a whole
    """

    key: str
    in_port: str | None
    outputs: frozenset[str]
    packets: int
    layer: str
    offloaded: bool

    def touches(self, port: str) -> bool:
        """Whether packets of this port, or to it, are in it."""
        return port == self.in_port or port in self.outputs


def parse(text: str) -> list[Flow]:
    """:param text: of one dump; lines that are not flows are passed by"""
    found, thread = [], ''
    for line in text.split('\n'):
        if match := _FLOW.match(line):
            found.append(_flow(match, thread))
        elif _THREAD.match(line):
            thread = line
    return found


def _flow(match: re.Match[str], thread: str) -> Flow:
    attributes = dict(_ATTRIBUTE.findall(match['rest']))
    in_port = _IN_PORT.search(match['match'])
    offloaded = attributes.get('offloaded')
    return Flow(
        key=f'{thread}{match["ufid"] or match["match"]}',
        in_port=in_port['name'] if in_port else None,
        outputs=frozenset(_SEPARATORS.split(match['actions'])),
        packets=int(match['packets']),
        layer=(PARTIAL if offloaded == PARTIAL
               else attributes.get('dp', '')),
        offloaded=offloaded == _IN_HARDWARE)
