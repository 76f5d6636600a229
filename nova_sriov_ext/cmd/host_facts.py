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

"""One snapshot of this host, with what configuration, Open vSwitch and libvirt
add to it."""

from collections.abc import Callable
import functools
from typing import TypeVar

from nova.pci import whitelist
from oslo_config import cfg

from nova_sriov_ext.cmd import occupancy
from nova_sriov_ext.report import collect
from nova_sriov_ext.report import networks
from nova_sriov_ext.report import tags
from os_vif_vflag import conf as vflag_conf
from os_vif_vflag.host import host
from os_vif_vflag.host import model
from os_vif_vflag.ovs import client
from os_vif_vflag.ovs import streams

# Seconds: a person waits.
PATIENCE = 5
_LIBVIRT = 'qemu:///system'

_T = TypeVar('_T')


class HostFacts:
    """:param conf: with Nova's options
    :param warn: takes what could not be read
    :ivar machine: of which the snapshot is
    """

    def __init__(self, conf: cfg.ConfigOpts,
                 warn: Callable[[str], None]) -> None:
        conf.register_opts(vflag_conf.OPTS, group=vflag_conf.GROUP)
        self._conf = conf
        self._warn = warn
        self.machine = host.Host()

    @functools.cached_property
    def snapshot(self) -> model.HostSnapshot:
        found = self.machine.snapshot()
        for unread in found.unread:
            self._warn(f'Could not be read: {unread}')
        return found

    @property
    def pairs(self) -> list[tuple[model.PF, model.VF]]:
        return [(pf, vf) for pf in self.snapshot.pfs for vf in pf.vfs]

    @functools.cached_property
    def networks(self) -> dict[str, str | None]:
        """PCI address of a VF → physnet"""
        spec = whitelist.Whitelist(self._conf.pci.device_spec)
        return {vf.address: _network(collect.tags_of(spec, {
            'address': vf.address, 'parent_addr': pf.address,
            'vendor_id': pf.vendor, 'product_id': pf.vf_product}) or {})
            for pf, vf in self.pairs}

    @functools.cached_property
    def uses(self) -> dict[str, occupancy.Use]:
        """By the PCI address of the VF."""
        vfs = [vf for _, vf in self.pairs]
        ports = guests = None
        # Nobody needs an answer that no VF is waiting for.
        if self.has_representors:
            ports = self._found(occupancy.ports(self.database))
        if vfs:
            guests = self._found(occupancy.guests(
                self._conf.libvirt.connection_uri or _LIBVIRT))
        return occupancy.uses(vfs, ports, guests)

    @property
    def has_representors(self) -> bool:
        return any(vf.representor for _, vf in self.pairs)

    @property
    def connection(self) -> str:
        """Of Open vSwitch's database."""
        found: str = self._conf[vflag_conf.GROUP].ovsdb_connection
        return found

    @functools.cached_property
    def database(self) -> client.OvsDb:
        return client.OvsDb(
            self.connection, PATIENCE,
            streams.TlsFiles.of(self._conf[vflag_conf.GROUP]))

    def _found(self, answer: tuple[_T, str | None]) -> _T:
        found, problem = answer
        if problem:
            self._warn(problem)
        return found


def _network(listed: tags.Tags) -> str | None:
    return (networks.name(listed[networks.PHYSNET])
            if networks.is_for_ports(listed) else None)
