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

"""What holds after every step of the walk."""

import collections

from lxml import etree

from tests.functional.nova import placement
from tests.functional.nova.walk import hosts

_VF = 'type-VF'
_VF_ADDRESSES = ('./devices/interface[@type="hostdev"]/source/address')


class Checks:
    """Placement, Nova's tracker, libvirt and Neutron say the same.

    :param cloud: cloud.Cloud
    """

    def __init__(self, cloud):
        self._cloud = cloud

    def run(self):
        for host in self._up():
            self._cloud.update(host.name)
            if not host.in_placement:
                # A thread of Nova's may have updated it with the options of
                # another host; what that published is closed by the second.
                self._cloud.update(host.name)
        for server in self._cloud.servers:
            assert server.status != 'ERROR', self._cloud.fault(server)
            self._ports(server)
        for host in self._up():
            devices = self._cloud.devices(host)
            self._owners(host, devices)
            self._pools(host, devices)
            self._placement(host, devices)
            self._modes(host, devices)
            self._domains(host, devices)

    def _up(self):
        return [host for host in self._cloud.hosts.values() if host.up]

    def _ports(self, server):
        """Each port has a VF of the mode that it requested, and Nova's
        record of the server's VFs is Neutron's."""
        if (server.status == 'SHELVED_OFFLOADED'
                or server.host in server.keeps_at):
            return
        host = self._cloud.hosts[server.host]
        slots = {port.id: self._cloud.neutron.slot_of(port.id)
                 for port in server.ports}
        assert sorted(slots.values()) == sorted(
            device.address for device in self._cloud.devices(host)
            if device.instance_uuid == server.id
            and device.dev_type == _VF), (server, slots)
        for port in server.ports:
            mode = host.modes[hosts.pf_of(slots[port.id])]
            assert mode == port.mode or not port.is_strict, (server, port)

    def _owners(self, host, devices):
        """Only servers that are here, or may come back, have devices. Those
        of a server that could not be evacuated Nova keeps, wherever it is
        now."""
        kept = {server.id for server in self._cloud.servers
                if host.name in server.keeps_at}
        found = collections.Counter(
            (device.instance_uuid, device.dev_type == _VF)
            for device in devices
            if device.status in ('claimed', 'allocated')
            and device.instance_uuid not in kept)
        expected = collections.Counter()
        for server in self._cloud.servers:
            if server.id in kept:
                continue
            here = {}
            if server.host == host.name:
                here[server.host] = server.flavor, server.ports
            if server.old and server.old[0] == host.name:
                here[server.old[0]] = server.old[1:]
            for flavor, ports in here.values():
                expected[server.id, True] += len(ports)
                expected[server.id, False] += 'alias' in flavor
        assert +found == +expected, host.name

    def _pools(self, host, devices):
        tracker = self._cloud.computes[host.name].manager.rt.pci_tracker
        found = collections.Counter()
        for pool in tracker.stats.pools:
            found[pool['dev_type']] += pool['count']
        free = collections.Counter(
            device.dev_type for device in devices if device.is_available())
        assert +found == +free, host.name

    def _placement(self, host, devices):
        inventory = self._cloud.inventories(host.name).get(placement.VF_CLASS)
        if inventory is None:
            assert not host.in_placement, host.name
            return
        free = (inventory['total'] - inventory['reserved']
                - self._cloud.usages(host.name)[placement.VF_CLASS])
        if host.in_placement:
            assert free == sum(
                device.is_available() and device.dev_type == _VF
                for device in devices), (host.name, inventory, free)
        else:
            assert free <= 0, (host.name, inventory, free)

    def _modes(self, host, devices):
        """Of each eswitch mode, too, Placement has as many as are free."""
        inventories = self._cloud.inventories(host.name)
        usages = self._cloud.usages(host.name)
        for mode, name in ((hosts.LEGACY, placement.LEGACY),
                           (hosts.SWITCHDEV, placement.SWITCHDEV)):
            # No PF of the mode was ever listed while it was on.
            found = inventories.get(name, {'total': 0, 'reserved': 0})
            free = found['total'] - found['reserved'] - usages.get(name, 0)
            if host.in_placement:
                assert max(free, 0) == sum(
                    device.is_available() and device.dev_type == _VF
                    and host.modes[hosts.pf_of(device.address)] == mode
                    for device in devices), (host.name, mode, found, free)
            else:
                assert free <= 0, (host.name, mode, found, free)

    def _domains(self, host, devices):
        """libvirt's guests have the VFs that Nova gave to their servers."""
        servers = {server.id: server for server in self._cloud.servers
                   if server.host == host.name}
        # What is resized is powered off where it was.
        left = {server.id for server in self._cloud.servers
                if server.old and server.old[0] == host.name}
        domains = {domain.UUIDString(): domain for domain in
                   self._cloud.connection(host.name)._vms.values()
                   if domain.UUIDString() not in left}
        assert domains.keys() == servers.keys(), (host.name, domains, servers)
        for uuid, domain in domains.items():
            found = etree.fromstring(domain.XMLDesc(0)).xpath(_VF_ADDRESSES)
            addresses = sorted(map(_address, found))
            assert addresses == sorted(
                device.address for device in devices
                if device.instance_uuid == uuid
                and device.dev_type == _VF), (addresses, servers[uuid])


def _address(element):
    domain, bus, slot, function = (
        int(element.get(key), 0)
        for key in ('domain', 'bus', 'slot', 'function'))
    return f'{domain:04x}:{bus:02x}:{slot:02x}.{function:x}'
