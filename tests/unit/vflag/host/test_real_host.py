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

"""A real host with VF-LAG, as its administrator's commands showed it.

The texts are those of a troubleshooting guide: a ConnectX-4 Lx with both
ports in bond0, 16 VFs, on a kernel of 2019.
"""

import re

import pytest

from os_vif_vflag.host import model
from os_vif_vflag.kernel import uapi
from tests.sim.card import Bond
from tests.sim.card import Card
from tests.sim.card import LagState
from tests.sim.card import Pf
from tests.unit.vflag.host import sources

LSPCI = '''
5d:00.0 Ethernet controller: Mellanox Technologies MT27710 Family [ConnectX-4 Lx]
5d:00.1 Ethernet controller: Mellanox Technologies MT27710 Family [ConnectX-4 Lx]
5d:00.2 Ethernet controller: Mellanox Technologies MT27710 Family [ConnectX-4 Lx Virtual Function]
5d:00.3 Ethernet controller: Mellanox Technologies MT27710 Family [ConnectX-4 Lx Virtual Function]
5d:00.4 Ethernet controller: Mellanox Technologies MT27710 Family [ConnectX-4 Lx Virtual Function]
5d:00.5 Ethernet controller: Mellanox Technologies MT27710 Family [ConnectX-4 Lx Virtual Function]
5d:00.6 Ethernet controller: Mellanox Technologies MT27710 Family [ConnectX-4 Lx Virtual Function]
5d:00.7 Ethernet controller: Mellanox Technologies MT27710 Family [ConnectX-4 Lx Virtual Function]
5d:01.0 Ethernet controller: Mellanox Technologies MT27710 Family [ConnectX-4 Lx Virtual Function]
5d:01.1 Ethernet controller: Mellanox Technologies MT27710 Family [ConnectX-4 Lx Virtual Function]
5d:01.2 Ethernet controller: Mellanox Technologies MT27710 Family [ConnectX-4 Lx Virtual Function]
5d:01.3 Ethernet controller: Mellanox Technologies MT27710 Family [ConnectX-4 Lx Virtual Function]
5d:01.4 Ethernet controller: Mellanox Technologies MT27710 Family [ConnectX-4 Lx Virtual Function]
5d:01.5 Ethernet controller: Mellanox Technologies MT27710 Family [ConnectX-4 Lx Virtual Function]
5d:01.6 Ethernet controller: Mellanox Technologies MT27710 Family [ConnectX-4 Lx Virtual Function]
5d:01.7 Ethernet controller: Mellanox Technologies MT27710 Family [ConnectX-4 Lx Virtual Function]
5d:02.0 Ethernet controller: Mellanox Technologies MT27710 Family [ConnectX-4 Lx Virtual Function]
5d:02.1 Ethernet controller: Mellanox Technologies MT27710 Family [ConnectX-4 Lx Virtual Function]
'''  # noqa: E501
IP_LINK = (
    '18: ens3f0: <BROADCAST,MULTICAST,SLAVE,UP,LOWER_UP> mtu 9000 qdisc mq '
    'master bond0 state UP mode DEFAULT group default qlen 1000')
DEVLINK = 'pci/0000:37:00.0: mode switchdev inline-mode none encap enable'
DMESG = '''
[   44.064025] mlx5_core 0000:37:00.0: lag map port 1:2 port 2:2
[   44.196781] mlx5_core 0000:37:00.0: modify lag map port 1:1 port 2:1
[   46.491380] mlx5_core 0000:37:00.0: modify lag map port 1:2 port 2:2
[   46.591272] mlx5_core 0000:37:00.0: modify lag map port 1:1 port 2:2
'''


def addresses():
    """:returns: (PFs, VFs), in the form of sysfs"""
    lines = re.findall(r'^(\S+) Ethernet controller: (.*)$', LSPCI, re.M)
    return tuple([f'0000:{address}' for address, text in lines
                  if ('Virtual Function' in text) == virtual]
                 for virtual in (False, True))


def card(links=('up', 'up'), lag=None):
    netdev, flags, bond = re.search(
        r': (\S+): <(\S+)> .* master (\S+) ', IP_LINK).groups()
    mode = re.search(r'mode (\S+)', DEVLINK)[1]
    assert 'SLAVE' in flags and mode in uapi.ESWITCH_MODES.values()
    pfs, vfs = addresses()
    names = netdev, f'{netdev[:-1]}1'
    return Card(
        tuple(Pf(address, name, mode=mode, vfs=len(vfs) // 2,
                 total_vfs=len(vfs) // 2, link=link,
                 representor=f'eth{address[-1]}{{vf}}')
              for address, name, link in zip(pfs, names, links, strict=True)),
        product='1015', vf_product='1016', naming='mlx5-5.1',
        representors_under_pf=False, lag=lag,
        bond=Bond(bond, 'active-backup', names))


@sources.each_source
def test_the_functions_are_those_of_lspci(sriov_host, source):
    """Exactly these functions, half of the VFs on each PF, and each with a
    representor of its own."""
    sim = sriov_host(card())
    snapshot = sources.host(sim, source).snapshot()
    pfs, vfs = addresses()
    assert [pf.address for pf in snapshot.pfs] == pfs
    assert [vf.address for pf in snapshot.pfs for vf in pf.vfs] == vfs
    assert [vf.number for pf in snapshot.pfs for vf in pf.vfs] == (
        list(range(8)) * 2)
    assert vfs[-1] == '0000:5d:02.1'
    assert {vf.address: vf.representor for pf in snapshot.pfs
            for vf in pf.vfs} == sources.representors(sim)
    assert [(pf.uplink, pf.bond) for pf in snapshot.pfs] == [
        ('ens3f0', 'bond0'), ('ens3f1', 'bond0')]
    # 5.1 had no debugfs for it: inferred from bond, modes and card.
    assert snapshot.bonds[0].lag == model.Lag(model.ACTIVE, inferred=True)


def maps():
    """:returns: list of the LAG's maps: which port each port's traffic
    takes, in the order of the log"""
    return [[(int(port), int(to))
             for port, to in re.findall(r'(\d):(\d)(?= |$)', line)]
            for line in re.findall(r'lag map (.*)$', DMESG, re.M)]


def test_the_log_has_four_maps():
    assert maps() == [[(1, 2), (2, 2)], [(1, 1), (2, 1)], [(1, 2), (2, 2)],
                      [(1, 1), (2, 2)]]


@pytest.mark.parametrize('now', maps(), ids=str)
def test_lag_map(sriov_host, now):
    """While the links came up, all took one port; the last map is that of a
    bond whose links are both up. A newer kernel shows it in debugfs."""
    links = ['up' if (port, port) in now else 'down' for port, _ in now]
    sim = sriov_host(card(links, LagState(port_sel_mode='queue_affinity')))
    shown = (sim.sys / 'kernel/debug/mlx5' / addresses()[0][0]
             / 'lag/mapping').read_text().split()
    assert shown == [f'{port}:{to}' for port, to in now]
    bond, = sources.host(sim, None).snapshot().bonds
    down = [member.name for member in bond.members if not member.up]
    assert len(down) == links.count('down')
    assert bond.lag == (
        model.Lag(model.DEGRADED, f'no link on {down[0]}') if down
        else model.Lag(model.ACTIVE))
