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

"""``dpdk-devargs``: how Open vSwitch names a VF's representor to DPDK.

The forms are ethdev's (DPDK 21.05, which Open vSwitch has since 2.16)::

    <PF>,representor=[N]                          as os-vif's own plugin
    <PF>,representor=[[c<controller>]pf<port>]vf<N>

The first is enough wherever a PF is an eswitch of its own. Not so in a VF-LAG
of mlx5: its PMD then has one device for all PFs, found by the address of the
first port only, and compares the number of the port (DPDK,
drivers/net/mlx5/linux/mlx5_os.c, mlx5_device_bond_pci_match and
mlx5_representor_match). A controller is never named: that of a PF itself is
what is meant without one, and the VFs of another (the host of a DPU) have no
PCI address here, so that they cannot be plugged here.
"""

from os_vif_vflag.host import bonds
from os_vif_vflag.host import model
from os_vif_vflag.host import netdevs
from os_vif_vflag.host.host import Host
from os_vif_vflag.host.pfs import Pfs
from os_vif_vflag.host.representors import RepresentorFinder

# Other drivers' PMDs take the PF away from the kernel, and with it the bond.
_DRIVER = 'mlx5_core'


def devargs(host: Host, representors: RepresentorFinder, pf: str,
            number: int) -> str:
    """:param pf: PCI address of a PF
    :param number: of its VF
    """
    ports = _ports_of_lag(host, representors, pf)
    first = next((one for one, port in ports.items() if port == 0), pf)
    if first == pf or ports.get(pf) is None:
        return f'{pf},representor=[{number}]'
    return f'{first},representor=pf{ports[pf]}vf{number}'


def _ports_of_lag(host: Host, representors: RepresentorFinder,
                  pf: str) -> dict[str, int | None]:
    """:returns: PCI address → number of the card's port, None where the
        kernel does not report it, of all PFs in the VF-LAG of this one; empty
        without one"""
    uplink = representors.uplink(pf)
    bond = uplink and bonds.bond_of(host.sysfs, uplink)
    if bond is None or _driver(host, pf) != _DRIVER:
        return {}
    pfs = Pfs(host, representors)
    if pfs.lag(bond).state not in model.OFFLOADED:
        return {}
    members = bonds.member_names(host.sysfs, bond)
    return {one.address: _port(host, one.uplink) for one in pfs.now()
            if one.uplink in members}


def _driver(host: Host, pf: str) -> str | None:
    return host.sysfs.target('bus', 'pci', 'devices', pf, 'driver')


def _port(host: Host, uplink: str) -> int | None:
    found = netdevs.identity(host.sysfs, uplink)
    return found.port_name.pf if found and found.port_name else None
