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

import dataclasses
import zlib

from tests.sim import naming

ETHER, INFINIBAND = 1, 32      # include/uapi/linux/if_arp.h
NAME_MAX = 15                  # IFNAMSIZ - 1


@dataclasses.dataclass(frozen=True)
class Link:
    """A netdev.

    :param key: what it is, whatever its name: (PF or bond, kind, number)
    :param pci: the PCI device that it is a child of; None: virtual
    """

    key: tuple
    name: str
    pci: str | None = None
    phys_port_name: str | None = None
    phys_switch_id: str | None = None
    up: bool = True
    master: str | None = None
    type: int = ETHER
    dev_port: int = 0
    ifindex: int | None = None
    preferred: bool = False   # the member that its bond was told to use

    @property
    def kind(self):
        return self.key[1]

    @property
    def mac(self):
        """Locally administered, and the same in every run."""
        digest = zlib.crc32(repr(self.key).encode()).to_bytes(4, 'big')
        tail = ':'.join(f'{byte:02x}' for byte in digest)
        if self.type == INFINIBAND:
            guid = f'00:00:{tail}:00:01'
            return f'00:00:10:29:fe:80:00:00:00:00:00:00:{guid}'
        return f'0e:51:{tail}'


def links(card):
    """Every netdev of a card that is freshly set up as described."""
    found = []
    for pf in card.pfs:
        found.append(_uplink(card, pf))
        if pf.mode == 'switchdev':
            found += _representors(card, pf)
    found += [_vf(card, device) for device in card.pci_devices()
              if device.dev_type == 'VF' and device.netdev]
    if card.bond:
        found += _bond(card.bond)
    return found


def _uplink(card, pf):
    habit = naming.NAMINGS[card.naming]
    named = pf.mode == 'switchdev' or habit.legacy
    bonded = card.bond and pf.netdev in card.bond.members
    return Link(
        (pf.address, 'uplink', None), pf.netdev, pci=pf.address,
        phys_port_name=habit.uplink(pf.port)
        if named and habit.uplink else None,
        phys_switch_id=card.switch_id if named else None,
        up=pf.link == 'up', dev_port=pf.port,
        master=card.bond.name if bonded else None,
        preferred=bool(bonded) and card.bond.active == pf.netdev,
        type=INFINIBAND if pf.infiniband else ETHER)


def _representors(card, pf):
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


def _vf(card, device):
    pf = card.pf(device.parent)
    return Link(
        (pf.address, 'vf', device.vf), device.netdev, pci=device.address,
        up=False, type=INFINIBAND if pf.infiniband else ETHER)


def _bond(bond):
    yield Link((bond.name, 'bond', None), bond.name)
    for name in bond.foreign:
        yield Link((name, 'foreign', None), name, master=bond.name,
                   preferred=bond.active == name)


def check(cards):
    """Refuse descriptions that no machine could have."""
    _once('PCI address', [device.address for card in cards
                          for device in card.pci_devices()])
    check_names([link.name for card in cards for link in links(card)])


def check_names(names):
    _once('netdev name', names)
    for name in names:
        if len(name) > NAME_MAX or '/' in name or not name:
            raise ValueError(
                f'{name!r} is no netdev name: 1 to {NAME_MAX} characters, '
                'no slash')


def _once(what, values):
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f'{what} used twice: {", ".join(twice)}')
