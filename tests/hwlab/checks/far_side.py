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

"""What is at the other side of representors: netdevs of guests.

netdevsim links two of its netdevs; those of a device of its bus, each in a
network namespace, stand for VFs in guests.
"""

import contextlib
import os
import pathlib
import subprocess

from tests.hwlab.checks import kernel

BUS = pathlib.Path('/sys/bus/netdevsim')
_ID = 7


@contextlib.contextmanager
def guests(*representors):
    """:param representors: names of netdevs of a card
    :returns: names of network namespaces; number i has 192.0.2.i+1
    """
    (BUS / 'new_device').write_text(f'{_ID} {len(representors)}')
    kernel.settle()
    names = [f'guest{number}' for number in range(len(representors))]
    try:
        netdevs = sorted(
            os.listdir(BUS / 'devices' / f'netdevsim{_ID}' / 'net'))
        for number, name in enumerate(names):
            _connect(name, netdevs[number], number, representors[number])
        yield names
    finally:
        for name in names:
            kernel.run('ip', 'netns', 'del', name, check=False)
        (BUS / 'del_device').write_text(str(_ID))
        kernel.settle()


def pings(namespace, address, count=3):
    """How many of these were answered."""
    out = subprocess.run(
        ['ip', 'netns', 'exec', namespace, 'ping', '-c', str(count), '-i',
         '0.5', '-W', '10', address], capture_output=True, text=True).stdout
    print(out)
    return out.count('bytes from')


def _connect(namespace, netdev, number, representor):
    kernel.run('ip', 'netns', 'add', namespace)
    kernel.run('ip', 'link', 'set', netdev, 'netns', namespace)
    inside = ('ip', '-n', namespace)
    kernel.run(*inside, 'addr', 'add', f'192.0.2.{number + 1}/24', 'dev',
               netdev)
    index = kernel.run(*inside, '-o', 'link', 'show', 'dev',
                       netdev).split(':')[0]
    with open(f'/run/netns/{namespace}') as far, open(
            '/proc/self/ns/net') as near:
        (BUS / 'link_device').write_text(
            f'{far.fileno()}:{index} {near.fileno()}:'
            f'{kernel.links()[representor]["ifindex"]}')
    kernel.run(*inside, 'link', 'set', netdev, 'up')
