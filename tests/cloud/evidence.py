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

"""Where the demo looks to see what became of a user's wish."""

import dataclasses
import json
import re
from xml.etree import ElementTree

from tests.cloud import access
from tests.cloud import config
from tests.cloud import hosts
from tests.cloud import services
from tests.sim import inside

# Time, process, level, module and request of a line of oslo.log.
LOG_PREFIX = re.compile(r'^\S+ \S+ \d+ (\w+ \S+) \[.*?\]')
# A message of ours, or a line of a traceback.
OUR_ERROR = re.compile(
    r'(ERROR|CRITICAL|File ").*(nova_sriov_ext|os_vif_vflag)')


@dataclasses.dataclass(frozen=True)
class Server:
    """A server with its one port, both as the client showed them."""

    name: str
    port: dict
    shown: dict

    @property
    def id(self):
        return self.shown['id']

    @property
    def host(self):
        return self.shown['OS-EXT-SRV-ATTR:host']

    @property
    def status(self):
        return self.shown['status']

    @property
    def address(self):
        (addresses,) = self.shown['addresses'].values()
        return addresses[0]


class Evidence:

    def __init__(self, state, client, progress):
        self._state = state
        self._client = client
        self._progress = progress

    def counts(self):
        """The VFs as Nova and as Placement have them, all text.

        :returns: {(host, physnet, mode): (total, used, free)} and
            {(host, resource class): (total, used)}
        """
        command = access.argv(self._state, 'nova-sriov')
        nova, placement = self._client.together(
            (*command, 'capacity', 'list'), (*command, 'placement', 'show'))
        return ({(host, physnet, mode): tuple(rest) for
                 host, physnet, mode, *rest in _rows(nova.output)},
                {(host, name): (total, used) for
                 host, name, total, _reserved, used, _free in _rows(
                     placement.output)})

    def check(self, host):
        """Exit status of `nova-sriov check` on a compute host."""
        return self._client.show(
            *access.argv(self._state, 'nova-sriov', f'nova/{host}.conf'),
            'check', may_fail=True).status

    def lag_is_degraded(self):
        """Whether `nova-sriov check` on the controller says so of a host."""
        said = self._client.quiet(
            *access.argv(self._state, 'nova-sriov'), 'check').output
        # Each check is a table of its own, whose lines are wrapped.
        found = ' '.join(re.sub(r'[|+\n]|--+', ' ', said).split())
        warnings = re.findall(
            r'Check: VF-LAG of hosts Result: Warning Details: (.*?)Check:',
            found)
        self._progress.output('\n'.join(warnings))
        return any('degraded' in warning for warning in warnings)

    def lags(self, name):
        """What `nova-sriov host show --lag` says on a host."""
        host = hosts.by_name(name)
        folder = services.host_folder(self._state, host)
        conf = config.path(self._state, f'nova/{name}.conf')
        what = ('host', 'show', '--lag')
        self._progress.command(f'on {name} nova-sriov {" ".join(what)}')
        shown = self._client.quiet(*inside.command(services.python(
            'nova_sriov', folder, '--config-file', conf, *what),
            sys=folder / 'sys')).output
        self._progress.output(shown)
        return shown

    def whereabouts(self, server):
        """Its status and host."""
        shown = self._client.openstack(
            'server', 'show', server, '-f', 'json', '-c', 'status', '-c',
            'OS-EXT-SRV-ATTR:host').json
        return shown['status'], shown['OS-EXT-SRV-ATTR:host']

    def vfs(self, names):
        """{name of a port: PCI address of its VF}"""
        shown = self._client.documents(
            [f'port show -c binding_profile -f json {name}'
             for name in names])
        return {name: port['binding_profile'].get('pci_slot')
                for name, port in zip(names, shown, strict=True)}

    def explain(self, flavor, ports):
        """What `explain` says of a server.

        :returns: its exit status, and {host: (verdict, reason)}
        """
        shown = self._client.show(
            *access.argv(self._state, 'nova-sriov'), 'explain', '--flavor',
            flavor, *(word for port in ports for word in ('--port', port)),
            may_fail=True)
        return shown.status, {host: (verdict, reason) for
                              host, _cell, verdict, reason in _rows(
                                  shown.output)}

    def fit(self, flavor, network):
        """What `capacity fit` says of servers with a switchdev port.

        :returns: its exit status, and {host: (servers, why not more)}
        """
        shown = self._client.show(
            *access.argv(self._state, 'nova-sriov'), 'capacity', 'fit',
            '--all', '--flavor', flavor, '--network', network,
            '--hardware-offload-type', 'switchdev', may_fail=True)
        return shown.status, {
            host: (servers, limited_by) for
            host, _cell, servers, _most, limited_by, _bounds in _rows(
                shown.output)}

    def domain_file(self, server):
        """The XML of a running domain, as libvirt received it."""
        return self._host(server) / 'domains' / f'{server.id}.xml'

    def interface(self, server):
        """Show and return the <interface> of a server's domain."""
        node = ElementTree.parse(self.domain_file(server)).find(
            'devices/interface')
        ElementTree.indent(node)
        self._progress.output(ElementTree.tostring(node, encoding='unicode'))
        return node

    def guest(self, server):
        """The namespace that stands for the inside of a server."""
        guests = json.loads((self._host(server) / 'guests.json').read_text())
        return guests[server.port['mac_address']]

    def _host(self, server):
        return services.hosts_folder(self._state) / server.host

    def plugged(self):
        """{iface-id: (netdev, external_ids)} of what os-vif plugged."""
        table = self._client.quiet(
            'ovs-vsctl', '--columns=name,external_ids', '--format=json',
            'list', 'Interface').json
        found = {name: dict(ids) for name, (_map, ids) in table['data']}
        return {ids['iface-id']: (name, ids) for name, ids in found.items()
                if 'iface-id' in ids}

    def bridge(self, netdev):
        """The bridge that a port of Open vSwitch is on."""
        return self._client.quiet(
            'ovs-vsctl', 'port-to-br', netdev).output.strip()

    def tag(self, netdev):
        """The VLAN tag of a port in Open vSwitch."""
        return self._client.quiet(
            'ovs-vsctl', 'get', 'Port', netdev, 'tag').output.strip()

    def errors(self):
        """What the services' logs say of errors in this project's code."""
        return [line for log in self._state.folder('log').iterdir()
                for line in log.read_text(errors='replace').splitlines()
                if OUR_ERROR.search(line)]

    def scheduler_log(self):
        """How long the scheduler's log is now."""
        return self._state.log('nova-scheduler').stat().st_size

    def scheduler_said(self, offset, pattern):
        """Show and return its later messages that have the pattern."""
        log = self._state.log('nova-scheduler')
        new = log.read_bytes()[offset:].decode(errors='replace')
        found = [LOG_PREFIX.sub(r'\1', line) for line in new.splitlines()
                 if re.search(pattern, line)]
        self._progress.output('\n'.join(found[:2]))
        return found


def _rows(table):
    """The rows of a table as cliff prints it, without its head."""
    rows = [[cell.strip() for cell in line.split('|')[1:-1]]
            for line in table.splitlines() if '|' in line]
    return rows[1:]
