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

"""Real netdevs for a simulated host: veths in network namespaces.

    with Netdevs(host, 'sim') as real:
        guest = real.guest(vf, cidr='192.0.2.1/24')

Each netdev of the host is one end of a veth in the host's namespace. The
other end is parked, in a namespace of its own, until a guest gets it: the
other end of a representor is its VF.

The simulated /sys shows the real ifindexes. After an operation on the host,
sync() makes the netdevs follow. Needs root.
"""

import contextlib
import dataclasses
from typing import Self

import pyroute2
from pyroute2 import netlink
from pyroute2 import netns

from tests.sim import links
from tests.sim import sysfs

# The kinds whose carrier follows the description.
_CABLED = ('uplink', 'bond', 'foreign')


@dataclasses.dataclass(frozen=True)
class Guest:
    """A namespace that owns a VF, as a virtual machine does."""

    netns: str
    netdev: str
    mac: str
    cidr: str | None


class Netdevs:

    def __init__(self, host: sysfs.Sysfs, name: str,
                 own_namespace: bool = True):
        """
        :param name: of the host's namespace, and how the others' begin
        :param own_namespace: False leaves the host's netdevs in the
            namespace of this process
        """
        self.host = host
        self.netns = name if own_namespace else None
        self._name = name
        self._park = f'{name}-park'
        # The links that veths were made for
        self._links: dict[links.Key, links.Link] = {}
        # The names of the parked ends
        self._peers: dict[links.Key, str] = {}
        self._guests: dict[str, Guest] = {}     # by the VF's address
        self._count = 0
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self._stack = stack
            self._parked = self._namespace(self._park)
            self._ip = (self._namespace(self.netns) if self.netns
                        else stack.enter_context(pyroute2.IPRoute()))
            stack.callback(self._delete_all)
            self.sync()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def guest(self, vf: str, mac: str | None = None,
              cidr: str | None = None) -> Guest:
        """Pass a VF through to a new guest; libvirt rebinds it so.

        :param vf: PCI address
        """
        self.host.bind(vf, 'vfio-pci')
        self.sync()
        guest = Guest(f'{self._name}-vf{len(self._guests)}', 'eth0',
                      mac or f'fa:16:3e:00:00:{len(self._guests):02x}', cidr)
        self._namespace(guest.netns)
        self._guests[vf] = guest
        self._attach(vf)
        return guest

    def sync(self) -> None:
        """Make the netdevs follow the host's description."""
        wanted = {link.key: link for link in self.host.links()}
        for key in self._links.keys() - wanted.keys():
            self._ip.link('del', ifname=self._links.pop(key).name)
        created = {}       # name -> ifindex
        for key, link in wanted.items():
            real = self._links.get(key)
            # the host gave it another ifindex: it went and came back
            if real and self._index(real.name) != link.ifindex:
                self._ip.link('del', ifname=real.name)
                real = None
            if real is None:
                created[link.name] = self._create(link)
            elif real.name != link.name:
                self._ip.link('set', index=self._index(real.name),
                              ifname=link.name)
            if real and link.kind in _CABLED and real.up != link.up:
                self._parked.link('set', ifname=self._peers[key],
                                  state='up' if link.up else 'down')
        self.host.adopt(created)
        self._links = {link.key: link for link in self.host.links()}
        for vf in self._guests:
            self._attach(vf)

    def _namespace(self, name: str) -> pyroute2.NetNS:
        """Namespaces take their netdevs along when they go."""
        netns.create(name)
        self._stack.callback(netns.remove, name)
        ip = self._stack.enter_context(pyroute2.NetNS(name))
        ip.link('set', index=1, state='up')
        return ip

    def _delete_all(self) -> None:
        """A namespace's netdevs go only some time after the namespace."""
        for link in self._links.values():
            with contextlib.suppress(netlink.exceptions.NetlinkError):
                self._ip.link('del', ifname=link.name)

    def _index(self, name: str) -> int:
        """0 without such a netdev."""
        return next(iter(self._ip.link_lookup(ifname=name)), 0)

    def _create(self, link: links.Link) -> int:
        """Representors start down; what has a cable is up if that is.

        :returns: ifindex
        """
        self._count += 1
        peer = self._peers[link.key] = f'peer{self._count}'
        address = {} if link.type == 32 else {'address': link.mac}
        self._ip.link('add', ifname=link.name, kind='veth', **address,
                      peer={'ifname': peer, 'net_ns_fd': self._park})
        index = self._index(link.name)
        if link.kind in _CABLED and link.up:
            self._ip.link('set', index=index, state='up')
            self._parked.link('set', ifname=peer, state='up')
        return index

    def _attach(self, vf: str) -> None:
        """Move the VF, unless the guest has it or it has no representor."""
        representor = self.host.representor(vf)
        peer = self._peers.pop(representor.key, None) if representor else None
        if peer is None:
            return
        guest = self._guests[vf]
        self._parked.link('set', ifname=peer, net_ns_fd=guest.netns)
        with pyroute2.NetNS(guest.netns) as ip:
            index = ip.link_lookup(ifname=peer)[0]
            ip.link('set', index=index, ifname=guest.netdev,
                    address=guest.mac, state='up')
            if guest.cidr:
                ip.addr('add', index=index, address=guest.cidr)
