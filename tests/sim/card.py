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

"""A description of a network card: what to simulate, as plain data.

    Card(pfs=(Pf('0000:03:00.0', 'enp3s0f0np0', vfs=4),
              Pf('0000:03:00.1', 'enp3s0f1np1', mode='legacy')))

A description says what a card *is*; tests.sim.sysfs makes the tree which
the kernel would show for it, tests.sim.netdevs real netdevs.
"""

from collections.abc import Iterator
from collections.abc import Mapping
import dataclasses

from tests.sim import naming
from tests.sim import pci

MODES = ('legacy', 'switchdev')
# What a description leaves to the card.
OPEN = -1
# What the kernel does with new VFs: bind them to the network driver if
# sriov_drivers_autoprobe says so.
AUTO = 'auto'
# drivers/net/bonding/bond_options.c, bond_mode_tbl
BOND_MODES = {
    'balance-rr': 0, 'active-backup': 1, 'balance-xor': 2, 'broadcast': 3,
    '802.3ad': 4, 'balance-tlb': 5, 'balance-alb': 6}


@dataclasses.dataclass(frozen=True)
class Pf:
    """A physical function.

    :param port: the port of the card, N in phys_port_name pfN: the PF's
        place among the card's PFs unless stated. It is not the PCI function
        (mlx5/core/esw/devlink_port.c: mlx5_get_dev_index).
    :param vf_offset: PCI First VF Offset; unless stated, the VFs follow the
        PFs of the slot, first those of the first PF
    :param vfs_bound_to: the VFs' driver, None for none, AUTO for the
        kernel's choice
    :param vf_drivers: single VFs with another one: ((vf, driver), ...)
    :param pkeys: the partition keys that the subnet manager gave to the port
        of an InfiniBand PF
    :param external_vfs: representors of VFs which the host of a DPU owns
    :param subfunctions: representors of subfunctions
    :param representor: how the host names representors
    """

    address: str
    netdev: str
    mode: str = 'switchdev'
    vfs: int = 4
    total_vfs: int = 8
    vf_offset: int = OPEN
    vf_stride: int = 1
    port: int = OPEN
    numa_node: int = 0
    link: str = 'up'
    infiniband: bool = False
    pkeys: tuple[int, ...] = (0xffff,)
    sriov_drivers_autoprobe: bool = True
    vfs_bound_to: str | None = AUTO
    vf_drivers: tuple[tuple[int, str | None], ...] = ()
    external_vfs: int = 0
    subfunctions: int = 0
    representor: str = '{base}_{vf}'

    def __post_init__(self) -> None:
        bus = pci.split(self.address)[1] >> 8
        checks = {
            'bus 00 is the root bus, cards are below a root port': bus,
            f'mode {self.mode!r} is not one of {MODES}':
                self.mode in MODES,
            f'link {self.link!r} is neither up nor down':
                self.link in ('up', 'down'),
            f'{self.vfs} VFs are not between 0 and total_vfs '
            f'{self.total_vfs}': 0 <= self.vfs <= self.total_vfs,
            'an InfiniBand PF does not have a switchdev mode':
                not self.infiniband or self.mode == 'legacy',
        }
        _refuse(f'PF {self.address}', checks)

    @property
    def base(self) -> str:
        """'enp3s0f0np0' -> 'enp3s0f0', as udev's other names start."""
        return self.netdev.rpartition('np')[0] or self.netdev

    def vf_address(self, vf: int) -> str:
        return pci.vf_address(
            self.address, self.vf_offset, self.vf_stride, vf)

    @property
    def vf_addresses(self) -> list[str]:
        return [self.vf_address(vf) for vf in range(self.vfs)]


@dataclasses.dataclass(frozen=True)
class Bond:
    """A bond over the card's PFs; `foreign` members are other netdevs."""

    name: str
    mode: str
    members: tuple[str, ...]
    active: str | None = None
    foreign: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        members = self.members + self.foreign
        checks = {
            f'mode {self.mode!r} is not one of {", ".join(BOND_MODES)}':
                self.mode in BOND_MODES,
            f'active {self.active} is not a member':
                self.active is None or self.active in members,
        }
        _refuse(f'bond {self.name}', checks)


@dataclasses.dataclass(frozen=True)
class LagState:
    """What mlx5 shows of its LAG (mlx5/core/lag/debugfs.c).

    The active ports of a hash LAG, counted from 1, are those whose PF has
    a link; they are not part of the description.
    """

    state: str = 'active'
    type: str = 'switchdev'
    port_sel_mode: str = 'hash'
    shared_fdb: bool = True
    fdb_selection_mode: str = 'native'

    def __post_init__(self) -> None:
        _refuse('LAG', {
            f'state {self.state!r} is neither active nor disabled':
                self.state in ('active', 'disabled'),
            f'type {self.type!r} is unknown': self.type in (
                'switchdev', 'roce', 'multipath', 'multiport_eswitch'),
        })


@dataclasses.dataclass(frozen=True)
class PciDevice:
    """One PCI function, as lspci or libvirt's node devices show it."""

    address: str
    vendor: str
    product: str
    dev_type: str           # 'PF' or 'VF'
    parent: str | None      # a VF's PF
    vf: int | None          # a VF's number
    numa_node: int
    netdev: str | None
    driver: str | None

    @property
    def pf(self) -> str:
        """The address of a VF's PF; a PF's own."""
        return self.parent or self.address


@dataclasses.dataclass(frozen=True)
class Card:
    """A network card with its PFs in the order of its ports.

    :param naming: a key of tests.sim.naming.NAMINGS
    :param representors_under_pf: representors are children of the PF's
        PCI device (Linux 5.8 and later) instead of virtual devices
    :param lag: None: the driver shows no LAG, as before Linux 5.19
    """

    pfs: tuple[Pf, ...]
    vendor: str = '15b3'
    product: str = '101d'
    vf_product: str = '101e'
    driver: str = 'mlx5_core'
    vf_driver: str = 'mlx5_core'
    switch_id: str = 'e41d2d0300a1b2c4'
    naming: str = 'mlx5'
    representors_under_pf: bool = True
    bond: Bond | None = None
    lag: LagState | None = None

    def __post_init__(self) -> None:
        _refuse('card', {
            'it has no PF': self.pfs,
            f'naming {self.naming!r} is not one of '
            f'{", ".join(naming.NAMINGS)}': self.naming in naming.NAMINGS,
        })
        object.__setattr__(self, 'pfs', tuple(self._place_vfs()))
        if self.bond:
            strangers = set(self.bond.members) - {
                pf.netdev for pf in self.pfs}
            _refuse(f'bond {self.bond.name}', {
                f'{", ".join(sorted(strangers))}: no PF of this card has '
                'that name; list it under foreign': not strangers})

    def _place_vfs(self) -> Iterator[Pf]:
        """Ports and VF offsets that the description leaves open."""
        used: dict[str, int] = {}
        for index, pf in enumerate(self.pfs):
            slot = pci.slot(pf.address)
            mates = [p for p in self.pfs if pci.slot(p.address) == slot]
            first = max(int(p.address[-1]) for p in mates) + 1
            offset = first + used.get(slot, 0) - int(pf.address[-1])
            used[slot] = used.get(slot, 0) + pf.total_vfs
            yield dataclasses.replace(
                pf,
                port=index if pf.port == OPEN else pf.port,
                vf_offset=offset if pf.vf_offset == OPEN else pf.vf_offset)

    def pf(self, address: str) -> Pf:
        for pf in self.pfs:
            if pf.address == address:
                return pf
        raise ValueError(f'no PF {address} on this card')

    def vf_driver_of(self, pf: Pf, vf: int) -> str | None:
        """The driver that a VF is bound to."""
        usual = pf.vfs_bound_to
        if usual == AUTO:
            usual = self.vf_driver if pf.sriov_drivers_autoprobe else None
        return dict(pf.vf_drivers).get(vf, usual)

    def pci_devices(self) -> list[PciDevice]:
        """Every function of the card, each PF before its VFs."""
        devices = []
        for pf in self.pfs:
            devices.append(PciDevice(
                pf.address, self.vendor, self.product, 'PF', None, None,
                pf.numa_node, pf.netdev, self.driver))
            devices += [self._vf(pf, vf) for vf in range(pf.vfs)]
        return devices

    def _vf(self, pf: Pf, vf: int) -> PciDevice:
        driver = self.vf_driver_of(pf, vf)
        return PciDevice(
            pf.vf_address(vf), self.vendor, self.vf_product, 'VF',
            pf.address, vf, pf.numa_node,
            f'{pf.base}v{vf}' if driver == self.vf_driver else None, driver)


def _refuse(what: str, checks: Mapping[str, object]) -> None:
    wrong = [text for text, right in checks.items() if not right]
    if wrong:
        raise ValueError(f'{what}: {"; ".join(wrong)}')
