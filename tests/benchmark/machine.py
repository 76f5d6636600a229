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

"""A host to measure on: a simulated /sys, and real netdevs to be dumped.

Stock code, ours and the kernel's netlink answer in one process, which sees
the tree as /sys and has a network namespace with a netdev for each one of the
tree. Both are private to the process and undone. Needs root.
"""

import contextlib
import ctypes
import os
import subprocess

from pyroute2 import netns

from tests.sim import inside
from tests.sim.card import Card
from tests.sim.card import Pf

_NAMESPACE = 'sriov-bench'
_MNT_DETACH = 2      # include/linux/fs.h


def card(vfs):
    return Card((Pf('0000:03:00.0', 'enp3s0f0np0', vfs=vfs, total_vfs=vfs),
                 Pf('0000:03:00.1', 'enp3s0f1np1', vfs=vfs, total_vfs=vfs)))


@contextlib.contextmanager
def seen_as_sys(sim):
    """This process sees the simulation as /sys; nothing else does."""
    inside._see_as_sys(sim.sys)
    try:
        yield
    finally:
        ctypes.CDLL(None).umount2(b'/sys', _MNT_DETACH)


@contextlib.contextmanager
def netdevs(sim):
    """This process is in a network namespace where every netdev of the
    simulation exists: name and ifindex, so that a dump has its real size.
    What they are (parent, port name) is only in the tree."""
    before = os.open('/proc/self/ns/net', os.O_RDONLY)
    netns.create(_NAMESPACE)
    try:
        netns.setns(_NAMESPACE)
        _create(sim.links())
        yield
    finally:
        netns.setns(before)
        os.close(before)
        netns.remove(_NAMESPACE)


def _create(links):
    free = max(link.ifindex for link in links) + 1
    lines = [f'link add name base index {free} type veth '
             f'peer name peer index {free + 1}']
    lines += [f'link add link base name {link.name} index {link.ifindex} '
              'type macvlan mode bridge' for link in links]
    subprocess.run(['ip', '-batch', '-'], input='\n'.join(lines), text=True,
                   check=True, capture_output=True)
