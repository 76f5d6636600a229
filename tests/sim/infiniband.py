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

"""The InfiniBand device of a PF in sysfs, with mlx4's iov.

drivers/infiniband/hw/mlx4/sysfs.c; other drivers do not have it. A file
keeps what is written to it; that a driver would refuse it is not simulated.
"""

from tests.sim import card as cards
from tests.sim import pci
from tests.sim.tree import Entry
from tests.sim.tree import To

_PORT = '1'
_TABLE = 8


def name(pf: cards.Pf) -> str:
    """'0000:03:00.0' -> 'ibp3s0f0', as udev's rdma-persistent-naming does"""
    routing_id = pci.split(pf.address)[1]
    return (f'ibp{routing_id >> 8}s{routing_id >> 3 & 0x1f}'
            f'f{routing_id & 7}')


def device(card: cards.Card, pf: cards.Pf, path: str) -> dict[str, Entry]:
    """:param path: of the PF below /sys"""
    folder = f'{path}/infiniband/{name(pf)}'
    entries: dict[str, Entry] = {f'{folder}/node_type': '1: CA',
               f'class/infiniband/{name(pf)}': To(folder),
               f'{folder}/device': To(path)}
    if card.driver == 'mlx4_core':
        entries |= {f'{folder}/iov/{file}': text
                    for file, text in _iov(pf).items()}
    return entries


def _iov(pf: cards.Pf) -> dict[str, str]:
    pkeys = [*pf.pkeys, *[0] * (_TABLE - len(pf.pkeys))]
    entries = {f'ports/{_PORT}/pkeys/{index}': f'{pkey:#06x}'
               for index, pkey in enumerate(pkeys)}
    for slave in range(pf.vfs + 1):     # 0 is the PF
        entries[f'ports/{_PORT}/admin_guids/{slave}'] = (
            f'{0x0002c90300a1b200 + slave:x}')
        folder = f'{slave_folder(pf, slave)}/ports/{_PORT}'
        entries[f'{folder}/gid_idx/0'] = str(slave)
        for index in range(_TABLE):
            entries[f'{folder}/pkey_idx/{index}'] = (
                str(index) if slave == 0 or index == 0 else 'none')
    return entries


def slave_folder(pf: cards.Pf, slave: int) -> str:
    """As get_name() makes it: in tens, whatever the PCI address says."""
    return f'{pf.address[:8]}{slave // 8:02d}.{slave % 8}'
