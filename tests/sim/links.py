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

"""The netdevs that a card gives a host: uplinks, VFs, representors, bond."""

from collections.abc import Iterator
from collections.abc import Sequence
import dataclasses
import zlib

from tests.sim import naming
from tests.sim.card import Bond
from tests.sim.card import Card
from tests.sim.card import PciDevice
from tests.sim.card import Pf

ETHER, INFINIBAND = 1, 32      # include/uapi/linux/if_arp.h
NAME_MAX = 15                  # IFNAMSIZ - 1
# (PF or bond, kind, number): what a netdev is, whatever its name
Key = tuple[str, str, int | None]


@dataclasses.dataclass(frozen=True)
class Link:
    """A netdev.

    :param pci: the PCI device that it is a child of; None: virtual
    """

    key: Key
    name: str
    pci: str | None = None
    phys_port_name: str | None = None
    phys_switch_id: str | None = None
    up: bool = True
    master: str | None = None
    type: int = ETHER
    dev_port: int = 0
    ifindex: int = 0          # before a host has numbered it
    preferred: bool = False   # the member that its bond is to use

    @property
    def kind(self) -> str:
        return self.key[1]

    @property
    def mac(self) -> str:
        """Locally administered, and the same in every run."""
        digest = zlib.crc32(repr(self.key).encode()).to_bytes(4, 'big')
        tail = ':'.join(f'{byte:02x}' for byte in digest)
        if self.type == INFINIBAND:
            guid = f'00:00:{tail}:00:01'
            return f'00:00:10:29:fe:80:00:00:00:00:00:00:{guid}'
        return f'0e:51:{tail}'


def links(card: Card) -> list[Link]:
    """Every netdev of a card that is freshly set up as described."""
    found: list[Link] = []
    for pf in card.pfs:
        found.append(_uplink(card, pf))
        if pf.mode == 'switchdev':
            found += _representors(card, pf)
    found += [_vf(card, device, device.netdev)
              for device in card.pci_devices()
              if device.dev_type == 'VF' and device.netdev]
    if card.bond:
        found += _bond(card.bond)
    return found


def _uplink(card: Card, pf: Pf) -> Link:
    habit = naming.NAMINGS[card.naming]
    named = pf.mode == 'switchdev' or habit.legacy
    bond = (card.bond if card.bond and pf.netdev in card.bond.members
            else None)
    return Link(
        (pf.address, 'uplink', None), pf.netdev, pci=pf.address,
        phys_port_name=habit.uplink(pf.port)
        if named and habit.uplink else None,
        phys_switch_id=card.switch_id if named else None,
        up=pf.link == 'up', dev_port=pf.port,
        master=bond.name if bond else None,
        preferred=bond is not None and bond.active == pf.netdev,
        type=INFINIBAND if pf.infiniband else ETHER)


def _representors(card: Card, pf: Pf) -> Iterator[Link]:
    vf_name = naming.NAMINGS[card.naming].vf
    index = (naming.function(pf.address) if card.driver in naming.BY_FUNCTION
             else pf.port)
    ports = [('representor', vf, vf_name(index, vf), str(vf))
             for vf in range(pf.vfs)]
    ports += [('external', vf, naming.external_vf(1, pf.port, vf), f'c1_{vf}')
              for vf in range(pf.external_vfs)]
    if pf.external_vfs:
        ports.append(
            ('external-pf', 0, naming.external_pf(1, pf.port), 'c1'))
    ports += [('subfunction', sf, naming.subfunction(pf.port, sf), f's{sf}')
              for sf in range(pf.subfunctions)]
    for kind, number, port_name, suffix in ports:
        yield Link(
            (pf.address, kind, number),
            pf.representor.format(base=pf.base, vf=suffix),
            pci=pf.address if card.representors_under_pf else None,
            phys_port_name=port_name, phys_switch_id=card.switch_id)


def _vf(card: Card, device: PciDevice, name: str) -> Link:
    pf = card.pf(device.pf)
    return Link(
        (pf.address, 'vf', device.vf), name, pci=device.address,
        up=False, type=INFINIBAND if pf.infiniband else ETHER)


def _bond(bond: Bond) -> Iterator[Link]:
    yield Link((bond.name, 'bond', None), bond.name)
    for name in bond.foreign:
        yield Link((name, 'foreign', None), name, master=bond.name,
                   preferred=bond.active == name)


def check(cards: Sequence[Card]) -> None:
    """Refuse descriptions that no machine could have."""
    _once('PCI address', [device.address for card in cards
                          for device in card.pci_devices()])
    check_names([link.name for card in cards for link in links(card)])


def check_names(names: Sequence[str]) -> None:
    _once('netdev name', names)
    for name in names:
        if len(name) > NAME_MAX or '/' in name or not name:
            raise ValueError(
                f'{name!r} is not a netdev name: 1 to {NAME_MAX} characters, '
                'no slash')


def _once(what: str, values: Sequence[str]) -> None:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f'{what} used twice: {", ".join(twice)}')
