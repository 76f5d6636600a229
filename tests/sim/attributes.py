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

"""What sysfs and debugfs show for PCI devices, netdevs, bonds and LAGs.

Entries are for tests.sim.tree: path below /sys -> content.
"""

from collections.abc import Iterable
from collections.abc import Mapping
import itertools

from tests.sim import card as cards
from tests.sim import infiniband
from tests.sim import links
from tests.sim import pci
from tests.sim.tree import REFUSED
from tests.sim.tree import Entry
from tests.sim.tree import To

# There on every machine, cards or not.
FOLDERS = (
    'bus/pci/devices', 'bus/pci/drivers/vfio-pci', 'class/net',
    'kernel/debug')
NETWORK_CONTROLLER, PCI_BRIDGE = '0x020000', '0x060400'
NVME = '0x010802'

Entries = dict[str, Entry]


def port_of(address: str) -> tuple[str, str]:
    """The root port above a PF: its path and address.

    VFs sit beside their PF even when their number is on the next bus
    (drivers/pci/iov.c, pci_iov_add_virtfn: the PF's parent).
    """
    domain, routing_id = pci.split(address)
    port = pci.join(domain, routing_id >> 8)
    return f'devices/pci{domain:04x}:00/{port}', port


def pci_path(device: cards.PciDevice) -> str:
    return f'{port_of(device.pf)[0]}/{device.address}'


def pci_device(card: cards.Card, device: cards.PciDevice) -> Entries:
    """drivers/pci/pci-sysfs.c; for VFs also drivers/pci/iov.c"""
    path = pci_path(device)
    port_path, port = port_of(device.pf)
    entries = _pci_common(path, device.address, {
        'vendor': f'0x{device.vendor}', 'device': f'0x{device.product}',
        'class': NETWORK_CONTROLLER, 'numa_node': device.numa_node,
        'uevent': _uevent(device)})
    entries |= _pci_common(port_path, port, {
        'vendor': '0x8086', 'device': '0x2030', 'class': PCI_BRIDGE,
        'numa_node': device.numa_node})
    if device.driver:
        driver = f'bus/pci/drivers/{device.driver}'
        entries[f'{path}/driver'] = To(driver)
        entries[f'{driver}/{device.address}'] = To(path)
    if device.dev_type == 'PF':
        entries |= _pf(card, card.pf(device.address), path)
    else:
        entries[f'{path}/physfn'] = To(f'{port_path}/{device.parent}')
    return entries


def plain_device(address: str, pci_class: str, vendor: str,
                 product: str) -> Entries:
    """One without SR-IOV."""
    return _pci_common(f'{port_of(address)[0]}/{address}', address, {
        'vendor': f'0x{vendor}', 'device': f'0x{product}',
        'class': pci_class, 'numa_node': 0})


def _pci_common(path: str, address: str,
                attributes: Mapping[str, object]) -> Entries:
    entries: Entries = {f'{path}/{name}': str(value)
               for name, value in attributes.items()}
    entries[f'{path}/subsystem'] = To('bus/pci')
    entries[f'bus/pci/devices/{address}'] = To(path)
    return entries


def _uevent(device: cards.PciDevice) -> str:
    lines = [f'PCI_CLASS={NETWORK_CONTROLLER[3:].upper()}',
             f'PCI_ID={device.vendor}:{device.product}'.upper(),
             f'PCI_SLOT_NAME={device.address}']
    if device.driver:
        lines.insert(0, f'DRIVER={device.driver}')
    return '\n'.join(lines)


def _pf(card: cards.Card, pf: cards.Pf, path: str) -> Entries:
    """drivers/pci/iov.c, sriov_pf_dev_attrs"""
    entries: Entries = {f'{path}/{name}': str(value) for name, value in {
        'sriov_numvfs': pf.vfs,
        'sriov_totalvfs': pf.total_vfs,
        'sriov_offset': pf.vf_offset,
        'sriov_stride': pf.vf_stride,
        'sriov_vf_device': card.vf_product,
        'sriov_drivers_autoprobe': int(pf.sriov_drivers_autoprobe),
    }.items()}
    if pf.infiniband:
        entries |= infiniband.device(card, pf, path)
    folder = port_of(pf.address)[0]
    for number, address in enumerate(pf.vf_addresses):
        entries[f'{path}/virtfn{number}'] = To(f'{folder}/{address}')
    return entries


def link_path(link: links.Link, pci_paths: Mapping[str, str]) -> str:
    parent = pci_paths[link.pci] if link.pci else 'devices/virtual'
    return f'{parent}/net/{link.name}'


def link(link: links.Link, pci_paths: Mapping[str, str]) -> Entries:
    """net/core/net-sysfs.c; an attribute without a value is not there.

    Old kernels list phys_port_name and phys_switch_id for every netdev and
    fail with EOPNOTSUPP where there is none; newer ones leave them out
    (netdev_phys_is_visible; seen on Linux 6.18).
    """
    path = link_path(link, pci_paths)
    attributes = {
        'address': link.mac, 'ifindex': link.ifindex, 'iflink': link.ifindex,
        'mtu': 1500, 'operstate': 'up' if link.up else 'down',
        'carrier': int(link.up), 'flags': '0x1003' if link.up else '0x1002',
        'dev_id': '0x0', 'dev_port': link.dev_port, 'type': link.type,
        'phys_port_name': link.phys_port_name,
        'phys_switch_id': link.phys_switch_id}
    entries: Entries = {
        f'{path}/{name}': str(value)
        for name, value in attributes.items() if value is not None}
    entries[f'{path}/subsystem'] = To('class/net')
    entries[f'class/net/{link.name}'] = To(path)
    if link.pci:
        entries[f'{path}/device'] = To(pci_paths[link.pci])
    return entries


def upper(link: links.Link, name: str,
          pci_paths: Mapping[str, str]) -> Entries:
    """A virtual netdev stands on the link (net/core/dev.c,
    netdev_adjacent_sysfs_add)."""
    return {f'{link_path(link, pci_paths)}/upper_{name}':
            To(f'devices/virtual/net/{name}')}


def host(bond_names: Iterable[str]) -> Entries:
    """What is there on every host; the bonding module's list of bonds.

    bonding_masters is a file among links to folders
    (drivers/net/bonding/bond_sysfs.c, class_attr_bonding_masters).
    """
    path = 'devices/virtual/net/lo'
    entries: Entries = {f'{path}/{name}': value for name, value in {
        'address': '00:00:00:00:00:00', 'ifindex': '1', 'type': '772',
        'mtu': '65536', 'operstate': 'unknown', 'carrier': '1'}.items()}
    entries[f'{path}/subsystem'] = To('class/net')
    entries['class/net/lo'] = To(path)
    masters = ' '.join(bond_names)
    if masters:
        entries['class/net/bonding_masters'] = masters
    return entries


def bond(bond: cards.Bond, bond_link: links.Link, members: list[links.Link],
         pci_paths: Mapping[str, str]) -> Entries:
    """drivers/net/bonding: bond_sysfs.c and bond_sysfs_slave.c

    Members are listed as they were added. An active-backup bond uses its
    preferred member while that is up.
    """
    places = {name: place for place, name
              in enumerate((*bond.members, *bond.foreign))}
    # One that was renamed comes last.
    members = sorted(members, key=lambda member: places.get(
        member.name, len(places)))
    usable = sorted((member for member in members if member.up),
                    key=lambda member: not member.preferred)
    active = usable[0].name if usable else ''
    one_active = bond.mode == 'active-backup'
    path = link_path(bond_link, pci_paths)
    entries: Entries = {
        f'{path}/bonding/mode': f'{bond.mode} {cards.BOND_MODES[bond.mode]}',
        f'{path}/bonding/slaves': ' '.join(m.name for m in members),
        f'{path}/bonding/active_slave': active if one_active else '',
        f'{path}/bonding/mii_status': 'up' if usable else 'down'}
    for member in members:
        folder = link_path(member, pci_paths)
        backup = one_active and member.name != active
        entries |= {
            f'{path}/lower_{member.name}': To(folder),
            f'{folder}/master': To(path),
            f'{folder}/upper_{bond_link.name}': To(path),
            f'{folder}/bonding_slave/state':
                'backup' if backup else 'active',
            f'{folder}/bonding_slave/mii_status':
                'up' if member.up else 'down'}
    return entries


def lag(card: cards.Card, lag: cards.LagState) -> Entries:
    """/sys/kernel/debug/mlx5 (mlx5/core/lag/debugfs.c)"""
    shown: Entries = {
        'state': lag.state,
        'members': '\n'.join(pf.address for pf in card.pfs),
        **dict.fromkeys(
            ('type', 'port_sel_mode', 'flags', 'mapping'), REFUSED)}
    if lag.state == 'active':
        shown |= {'type': lag.type,
                  'port_sel_mode': lag.port_sel_mode,
                  'flags': _lag_flags(lag),
                  'mapping': _lag_mapping(card, lag)}
    return {f'kernel/debug/mlx5/{pf.address}/lag/{name}': text
            for pf, (name, text) in itertools.product(
                card.pfs, shown.items())}


def _lag_flags(lag: cards.LagState) -> str:
    return (f'shared_fdb:{"on" if lag.shared_fdb else "off"}\n'
            f'fdb_selection_mode:{lag.fdb_selection_mode}')


def _lag_mapping(card: cards.Card, lag: cards.LagState) -> str:
    """Ports with a link carry what the others would.

    A hash LAG lists its active ports; one by queue affinity has
    port:port in use.
    """
    up = [n for n, pf in enumerate(card.pfs, 1) if pf.link == 'up']
    if lag.port_sel_mode == 'hash':
        return '\n'.join(map(str, up))
    return '\n'.join(
        f'{n}:{n if n in up or not up else up[0]}'
        for n in range(1, len(card.pfs) + 1))
