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

"""The tables of ``nova-sriov host show``."""

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
from os_vif_vflag.host import model
from os_vif_vflag.host.host import Host
from os_vif_vflag.ovs import client
from os_vif_vflag.ovs import streams

# Seconds: a person waits.
_PATIENCE = 5
_LIBVIRT = 'qemu:///system'

# Names of the columns, and rows.
Table = tuple[tuple[str, ...], list[tuple[object, ...]]]

_T = TypeVar('_T')


class Tables:
    """One snapshot of this host, with what configuration, Open vSwitch and
    libvirt add to it.

    :param conf: with Nova's options
    """

    def __init__(self, conf: cfg.ConfigOpts,
                 warn: Callable[[str], None]) -> None:
        self._conf = conf
        self._warn = warn
        self._snapshot = Host().snapshot()
        for unread in self._snapshot.unread:
            warn(f'Could not be read: {unread}')

    def pfs(self) -> Table:
        rows: list[tuple[object, ...]] = []
        for pf in self._snapshot.pfs:
            used = sum(self._uses[vf.address].used for vf in pf.vfs)
            physnets = sorted({self._networks[vf.address] or '-'
                               for vf in pf.vfs})
            rows.append((
                pf.address, pf.uplink, pf.driver, ', '.join(physnets),
                pf.mode, 'up' if pf.up else 'down', pf.numa_node, pf.bond,
                self._snapshot.lag_of(pf).state,
                pf.total_vfs, len(pf.vfs), used, len(pf.vfs) - used))
        return ('PF', 'Netdev', 'Driver', 'Physnet', 'Mode', 'Link', 'NUMA',
                'Bond', 'LAG', 'Possible', 'VFs', 'Used', 'Free'), rows

    def vfs(self) -> Table:
        return ('PF', 'VF', 'Address', 'Physnet', 'Driver', 'Netdev',
                'Representor', 'OVS port', 'Server'), [
            (pf.address, vf.number, vf.address, self._networks[vf.address],
             vf.driver, vf.netdev, vf.representor,
             self._uses[vf.address].port, self._uses[vf.address].instance)
            for pf, vf in self._pairs]

    def lags(self) -> Table:
        return ('Bond', 'Mode', 'Members', 'Active', 'Link', 'LAG',
                'Source', 'Reason'), [
            (bond.name, bond.mode,
             ', '.join(m.name if m.up else f'{m.name} (down)'
                       for m in bond.members),
             bond.active, 'up' if bond.up else 'down', bond.lag.state,
             _source(bond.lag),
             bond.lag.reason)
            for bond in self._snapshot.bonds]

    @property
    def _pairs(self) -> list[tuple[model.PF, model.VF]]:
        return [(pf, vf) for pf in self._snapshot.pfs for vf in pf.vfs]

    @functools.cached_property
    def _networks(self) -> dict[str, str | None]:
        """PCI address of a VF → physnet"""
        spec = whitelist.Whitelist(self._conf.pci.device_spec)
        return {vf.address: _network(collect.tags_of(spec, {
            'address': vf.address, 'parent_addr': pf.address,
            'vendor_id': pf.vendor, 'product_id': pf.vf_product}) or {})
            for pf, vf in self._pairs}

    @functools.cached_property
    def _uses(self) -> dict[str, occupancy.Use]:
        """By the PCI address of the VF."""
        vfs = [vf for _, vf in self._pairs]
        ports = guests = None
        # Nobody needs an answer that no VF is waiting for.
        if any(vf.representor for vf in vfs):
            self._conf.register_opts(vflag_conf.OPTS, group=vflag_conf.GROUP)
            options = self._conf[vflag_conf.GROUP]
            ports = self._found(occupancy.ports(client.OvsDb(
                options.ovsdb_connection, _PATIENCE,
                streams.TlsFiles.of(options))))
        if vfs:
            guests = self._found(occupancy.guests(
                self._conf.libvirt.connection_uri or _LIBVIRT))
        return occupancy.uses(vfs, ports, guests)

    def _found(self, answer: tuple[_T, str | None]) -> _T:
        found, problem = answer
        if problem:
            self._warn(problem)
        return found


def _source(lag: model.Lag) -> str | None:
    """Who says what the state is; None where there is no LAG to judge."""
    if lag.state == model.NONE:
        return None
    return 'inference' if lag.inferred else 'driver'


def _network(listed: tags.Tags) -> str | None:
    return (networks.name(listed[networks.PHYSNET])
            if networks.is_for_ports(listed) else None)
