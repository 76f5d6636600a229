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

"""What the drivers of simulated PFs keep of their VFs, and netdevs' MACs.

    vfs = Vfs(host.root)
    vfs.set('enp3s0f0', 1, {'mac': 'fa:16:3e:0a:ec:e7'})
    vfs.of('enp3s0f0')[1]['mac']

The rules are those of net/core/rtnetlink.c (do_setvfinfo) and of the drivers
in DRIVERS. The table is a file beside the simulated /sys, so that whoever
sees that /sys can use it, be it in another process. Forms and names are those
of os_vif_vflag.kernel.vfinfo.
"""

from collections.abc import Mapping
import copy
import errno
import fcntl
import json
import os
import pathlib

# As in os_vif_vflag.kernel.vfinfo, which this does not depend on.
Setting = str | int | dict[str, int]
Settings = dict[str, Setting]

_ZERO = '00:00:00:00:00:00'
_UP = 0x1
# In the order of do_setvfinfo: the first refusal ends it, what came before
# it stays.
ORDER = ('mac', 'vlan', 'rate', 'spoofchk', 'link_state', 'trust',
         'ib_node_guid', 'ib_port_guid')
NEW: Settings = {
    'mac': _ZERO, 'vlan': {'vlan': 0, 'qos': 0},
    'rate': {'min_tx_rate': 0, 'max_tx_rate': 0}, 'spoofchk': 1,
    'link_state': 0, 'trust': 0,
    **dict.fromkeys(('ib_node_guid', 'ib_port_guid'), ':'.join(['00'] * 8))}
# rtnl_fill_vfinfo: 0 where the driver reports nothing.
_ALWAYS_REPORTED = frozenset(('mac', 'vlan', 'rate', 'link_state'))
_GUIDS = frozenset(('ib_node_guid', 'ib_port_guid'))
_ETHERNET = frozenset(ORDER) - _GUIDS
NEW_ETHERNET = {name: NEW[name] for name in ORDER if name not in _GUIDS}
_IPOIB = _GUIDS | {'link_state'}

# What a driver can set; and its answer to a min_tx_rate, 0 if it takes it.
# mlx5: esw/legacy.c; i40e_ndo_set_vf_bw, igb_ndo_set_vf_bw; mlx4_set_vf_rate,
# mlx4_netdev_ops_master has no ndo_set_vf_trust; enic_netdev_dynamic_ops has
# ndo_set_vf_mac alone, and no ndo_get_vf_config.
DRIVERS = {
    'mlx5_core': (_ETHERNET, 0),
    'i40e': (_ETHERNET, errno.EINVAL),
    'igb': (_ETHERNET, errno.EINVAL),
    'mlx4_core': (_ETHERNET - {'trust'}, errno.EPROTONOSUPPORT),
    'enic': (frozenset(('mac',)), errno.EOPNOTSUPP),
}
# Once the PF has set a VF's MAC, the VF may not (igb_set_vf_mac_addr); until
# then the PF reports the one that the VF gave itself.
_KEEP_MAC = frozenset(('igb',))
_OWN_MAC = 'own mac'


class Vfs:
    """:param root: folder that holds the simulated ``sys``"""

    def __init__(self, root: str | pathlib.Path):
        self._root = pathlib.Path(root)
        self._file = self._root / 'vfs.json'
        self._net = self._root / 'sys/class/net'
        # Uplink, VF and settings of each request to this object
        self.requests: list[tuple[str, int, Settings]] = []

    def of(self, uplink: str) -> dict[int, Settings]:
        """:returns: number → what the driver reports"""
        can = self._can(uplink)
        if 'link_state' not in can:     # no ndo_get_vf_config, no list
            return {}
        return {number: {
            name: value for name, value in
            self._settings(uplink, number).items()
            if name in can | _ALWAYS_REPORTED}
            for number in range(self._count(uplink))}

    def set(self, uplink: str, number: int,
            settings: Mapping[str, Setting]) -> None:
        """:raises OSError: as the kernel; what came before is set"""
        self.requests.append((uplink, number, copy.deepcopy(dict(settings))))
        if not (self._net / uplink).exists():
            raise _error(errno.ENODEV)
        for name in sorted(settings, key=ORDER.index):
            self._check(uplink, number, name, settings[name])
            self._write(uplink, number, name, settings[name])
            if name == 'mac':
                self._write(uplink, number, _OWN_MAC, _ZERO)

    def set_netdev(self, name: str, address: str | None = None,
                   state: str | None = None, mtu: int | None = None) -> None:
        """ip link set <name> address <address> mtu <mtu> up|down: the MAC
        first, and without it nothing (do_setlink)."""
        folder = self._net / name
        if not folder.exists():
            raise _error(errno.ENODEV)
        if address is not None:
            # eth_prepare_mac_addr_change; of the drivers' own ones only some
            # take it while the netdev is up (IFF_LIVE_ADDR_CHANGE).
            if self.netdev(name)[1]:
                raise _error(errno.EBUSY)
            if address == _ZERO or self._mac_is_kept(name):
                raise _error(errno.EADDRNOTAVAIL)
            self._give_itself(name, address)
        if mtu is not None:
            (folder / 'mtu').write_text(f'{mtu}\n')
        if state is not None:
            flags = int((folder / 'flags').read_text(), 16)
            if state == 'down' and flags & _UP:
                self._reset(name)
            flags = flags | _UP if state == 'up' else flags & ~_UP
            (folder / 'flags').write_text(f'{flags:#x}\n')

    def netdev(self, name: str) -> tuple[str, bool]:
        """:returns: MAC, whether it is up"""
        folder = self._net / name
        return ((folder / 'address').read_text().strip(),
                bool(int((folder / 'flags').read_text(), 16) & _UP))

    def _reset(self, name: str) -> None:
        """A VF of igb that goes down gets the MAC from its PF
        (igbvf_reset)."""
        found = self._kept(name)
        if found:
            self._give_itself(name, str(self._settings(*found)['mac'])
                              if self._mac_is_kept(name)
                              else self.netdev(name)[0])

    def _give_itself(self, name: str, address: str) -> None:
        (self._net / name / 'address').write_text(f'{address}\n')
        found = self._kept(name)
        if found and not self._mac_is_set(*found):
            self._write(*found, _OWN_MAC, address)

    def _mac_is_kept(self, name: str) -> bool:
        """Whether the VF that has a netdev may not set its MAC."""
        found = self._kept(name)
        return found is not None and self._mac_is_set(*found) and (
            not self._settings(*found)['trust'])

    def _mac_is_set(self, uplink: str, number: int) -> bool:
        known = self._read().get(uplink, {}).get(str(number), {})
        return known.get('mac', _ZERO) != _ZERO

    def _kept(self, name: str) -> tuple[str, int] | None:
        """:returns: uplink of the PF and number of the VF that has a netdev,
            where the driver of the PF keeps MACs
        """
        vf = (self._net / name / 'device').resolve()
        pf = (vf / 'physfn').resolve()
        uplink = next((path.name for path in (pf / 'net').glob('*')), None)
        if uplink is None or self._driver(uplink) not in _KEEP_MAC:
            return None
        return uplink, next(
            int(link.name.removeprefix('virtfn'))
            for link in pf.glob('virtfn*') if link.resolve() == vf)

    def _settings(self, uplink: str, number: int) -> Settings:
        known = dict(self._read().get(uplink, {}).get(str(number), {}))
        own = known.pop(_OWN_MAC, _ZERO)
        if own != _ZERO and known.get('mac', _ZERO) == _ZERO:
            known['mac'] = own
        return NEW | known

    def _write(self, uplink: str, number: int, name: str,
               value: Setting) -> None:
        with self._file.with_suffix('.lock').open('w') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            table = self._read()
            vf = table.setdefault(uplink, {}).setdefault(str(number), {})
            vf[name] = value
            new = self._file.with_suffix('.new')
            new.write_text(json.dumps(table))
            new.replace(self._file)

    def _check(self, uplink: str, number: int, name: str,
               value: Setting) -> None:
        if name not in self._can(uplink):
            raise _error(errno.EOPNOTSUPP)
        if number >= self._count(uplink):
            raise _error(errno.EINVAL)
        if not isinstance(value, dict):
            return
        if name == 'vlan' and (
                value['vlan'] not in range(4096)
                or value['qos'] not in range(8)):
            raise _error(errno.EINVAL)
        if name == 'rate':
            if value['min_tx_rate'] > value['max_tx_rate']:
                raise _error(errno.EINVAL)
            refusal = DRIVERS[self._driver(uplink)][1]
            if value['min_tx_rate'] and refusal:
                raise _error(refusal)

    def _can(self, uplink: str) -> frozenset[str]:
        """The names of settings that its driver knows."""
        driver = self._driver(uplink)
        if (self._net / uplink / 'type').read_text().strip() == '32':
            # ipoib_netdev_ops_pf; of the drivers below it only mlx5's have
            # the operations (mlx5_ib_dev_sriov_ops).
            return _IPOIB if driver == 'mlx5_core' else frozenset()
        return DRIVERS[driver][0]

    def _driver(self, uplink: str) -> str:
        return os.path.basename(os.readlink(
            self._net / uplink / 'device/driver'))

    def _count(self, uplink: str) -> int:
        return len(list((self._net / uplink / 'device').glob('virtfn*')))

    def _read(self) -> dict[str, dict[str, Settings]]:
        """Uplink → number of a VF as text → what was set."""
        table: dict[str, dict[str, Settings]] = (
            json.loads(self._file.read_text()) if self._file.exists() else {})
        return table


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
