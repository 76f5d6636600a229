"""The story that the demo tells, with a check behind every claim."""

import dataclasses
import json
import re
from xml.etree import ElementTree

from tests.cloud import access
from tests.cloud import services

NETWORKS = {
    # name: (physnet, VLAN, subnet)
    'net2': ('physnet2', 110, '192.0.2.0/24'),
    'net3': ('physnet3', 310, '198.51.100.0/24'),
}
PROFILE = '{"capabilities": ["switchdev"]}'
SERVER_COLUMNS = ('-c', 'id', '-c', 'name', '-c', 'status', '-c',
                  'OS-EXT-SRV-ATTR:host', '-c', 'addresses', '-f', 'json')
PORT_COLUMNS = ('-c', 'id', '-c', 'name', '-c', 'mac_address', '-c',
                'binding_profile', '-c', 'binding_vnic_type', '-f', 'json')
TOO_MANY = ('big1', 'big2', 'big3')


@dataclasses.dataclass(frozen=True)
class Server:
    """A server that runs, with its one port."""

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
    def address(self):
        (addresses,) = self.shown['addresses'].values()
        return addresses[0]


class Scenario:

    def __init__(self, cloud, checks):
        self.cloud = cloud
        self.state = cloud.state
        self.client = cloud.client
        self.checks = checks
        self.progress = cloud.progress
        self.before = None
        self.servers = {}

    def play(self, keep):
        """All chapters; the last one only if the cloud is not kept."""
        chapters = [
            self.prepare, self.boot_switchdev, self.show_interface,
            self.show_open_vswitch, self.ping, self.boot_legacy,
            self.ask_too_much, *(() if keep else (self.remove,))]
        for chapter in chapters:
            self.progress.chapter(chapter.__doc__)
            chapter()

    # Chapters

    def prepare(self):
        """The cloud's networks, image and flavor; its VFs before"""
        image = self.state.run / 'image.raw'
        image.write_bytes(bytes(1 << 20))
        lines = [
            'image create --disk-format raw --container-format bare '
            f'--file {image} image',
            'flavor create --ram 512 --vcpus 1 --disk 1 small']
        for name, (physnet, vlan, subnet) in NETWORKS.items():
            lines += [
                'network create --provider-network-type vlan '
                f'--provider-physical-network {physnet} '
                f'--provider-segment {vlan} {name}',
                f'subnet create --network {name} --subnet-range {subnet} '
                f'--no-dhcp {name}']
        self.client.batch(lines)
        self.before = self.capacity()
        self.checks.equal(
            'every host reports its VFs', self.before,
            {('compute1', 'physnet2'): ('switchdev', 4, 0, 4),
             ('compute2', 'physnet3'): ('legacy', 4, 0, 4)})

    def boot_switchdev(self):
        """Two servers with a switchdev port on physnet2"""
        names = ('web1', 'web2')
        log = self.scheduler_log()
        ports = self.client.together(*(
            ('openstack', 'port', 'create', '--network', 'net2',
             '--vnic-type', 'direct', '--binding-profile', PROFILE, name,
             *PORT_COLUMNS) for name in names))
        self.boot({name: port.json
                   for name, port in zip(names, ports, strict=True)})
        for name in names:
            self.check_server(name, 'compute1')
        self.progress.step('why not compute2, says the scheduler:')
        refusals = self.log_lines(log, 'Host .*compute2.* refused')
        self.checks.true('the scheduler refused compute2', refusals,
                         'no such line in its log')

    def show_interface(self):
        """What libvirt received for web1"""
        server = self.servers['web1']
        path = self.domain_file(server)
        found = self.interface(server)
        self.progress.output(_text(found))
        self.checks.equal('the interface is a hostdev with the port\'s MAC',
                          (found.get('type'), found.find('mac').get(
                              'address')),
                          ('hostdev', server.port['mac_address']))
        self.checks.equal('a switchdev VF has no VLAN in the XML',
                          found.find('vlan'), None)
        valid = self.client.show('virt-xml-validate', path, 'domain',
                                 may_fail=True)
        self.checks.equal('libvirt\'s schema accepts the domain',
                          valid.status, 0)

    def show_open_vswitch(self):
        """The representor in Open vSwitch"""
        server = self.servers['web1']
        self.client.show(
            'ovs-vsctl', '--columns=name,external_ids,mtu', 'find',
            'Interface', f'external_ids:iface-id={server.port["id"]}')
        row = self.ovs_interface(server)
        ids = row.get('external_ids', {})
        self.checks.equal(
            'the representor\'s OVS port names the port and the server',
            (ids.get('iface-id'), ids.get('attached-mac'),
             ids.get('vm-uuid')),
            (server.port['id'], server.port['mac_address'], server.id))
        name = row.get('name', '')
        self.client.show('ovs-vsctl', '--columns=name,tag', 'list', 'Port',
                         name)
        flows = self.client.show('ovs-ofctl', 'dump-flows', 'br-phys',
                                 'table=0,dl_vlan=' + self.tag(name))
        vlan = NETWORKS['net2'][1]
        self.checks.true(
            f'the agent\'s tag leaves the host as VLAN {vlan}',
            f'mod_vlan_vid:{vlan}' in flows.output, flows.output)

    def ping(self):
        """Packets from VF to VF through the representors"""
        guests = [self.guest(self.servers[name])
                  for name in ('web1', 'web2')]
        for netns, name in zip(guests, ('web1', 'web2'), strict=True):
            # What the guest's own system does with its metadata.
            self.client.show(
                'ip', '-n', netns, 'address', 'add',
                f'{self.servers[name].address}/24', 'dev', 'eth0')
        done = self.client.show(
            'ip', 'netns', 'exec', guests[0], 'ping', '-c', '3', '-i', '0.3',
            self.servers['web2'].address, may_fail=True)
        self.checks.equal('web1 reaches web2', done.status, 0)

    def boot_legacy(self):
        """A server with a legacy port on physnet3"""
        port = self.client.openstack(
            'port', 'create', '--network', 'net3', '--vnic-type', 'direct',
            'db', *PORT_COLUMNS)
        self.boot({'db': port.json})
        self.check_server('db', 'compute2')
        found = self.interface(self.servers['db'])
        self.progress.output(_text(found))
        tag = found.find('vlan/tag')
        self.checks.equal('a legacy VF has its VLAN in the XML',
                          None if tag is None else tag.get('id'),
                          str(NETWORKS['net3'][1]))
        self.checks.equal(
            'three VFs are used', self.capacity(),
            {('compute1', 'physnet2'): ('switchdev', 4, 2, 2),
             ('compute2', 'physnet3'): ('legacy', 4, 1, 3)})

    def ask_too_much(self):
        """A server that asks for more VFs than any host has free"""
        log = self.scheduler_log()
        self.client.batch([
            'port create --network net2 --vnic-type direct '
            f'--hardware-offload-type switchdev {name}'
            for name in TOO_MANY])
        nics = [word for name in TOO_MANY
                for word in ('--nic', f'port-id={name}')]
        self.client.openstack(
            'server', 'create', '--flavor', 'small', '--image', 'image',
            *nics, '--wait', 'big', may_fail=True)
        shown = self.client.openstack(
            'server', 'show', 'big', '-c', 'status', '-c', 'fault', '-f',
            'json').json
        self.checks.equal('the server ends in ERROR', shown['status'],
                          'ERROR')
        fault = json.dumps(shown['fault'])
        self.checks.true('its fault says «No valid host»',
                         'No valid host' in fault, fault)
        self.progress.step('why, says the scheduler:')
        reasons = self.log_lines(log, 'No host has the SR-IOV devices')
        self.checks.true(
            'the scheduler says why, host by host',
            reasons and all(host in reasons[-1]
                            for host in ('compute1', 'compute2')),
            f'it said {reasons}')

    def remove(self):
        """Servers and ports removed"""
        names = [*self.servers, 'big']
        self.client.batch([f'server delete --wait {" ".join(names)}',
                           f'port delete {" ".join(self.servers)} '
                           f'{" ".join(TOO_MANY)}'])
        left = self.client.quiet(
            'ovs-vsctl', '--columns=name', '--format=json', 'find',
            'Interface', 'external_ids:iface-id!=""').json['data']
        gone = [self.ovs_interface(server).get('name')
                for server in self.servers.values()]
        self.client.show('ovs-vsctl', 'list-ports', 'br-int')
        self.checks.equal('no representor is left in Open vSwitch',
                          [left, set(gone)], [[], {None}])
        self.checks.eventually('all VFs are free again', self.capacity,
                               self.before)

    # What the chapters ask

    def boot(self, ports):
        """Boot a server for each port: {name: port as shown}."""
        created = self.client.together(*(
            ('openstack', 'server', 'create', '--flavor', 'small',
             '--image', 'image', '--nic', f'port-id={name}', '--wait', name,
             *SERVER_COLUMNS) for name in ports))
        for (name, port), shown in zip(ports.items(), created, strict=True):
            self.servers[name] = Server(name, port, shown.json)

    def check_server(self, name, host):
        server = self.servers[name]
        self.checks.equal(f'{name} is ACTIVE on {host}',
                          (server.shown['status'], server.host),
                          ('ACTIVE', host))

    def capacity(self):
        """{(host, physnet): (mode, total, used, free)}"""
        rows = self.client.show(
            *access.argv(self.state, 'nova-sriov'), 'capacity', 'list', '-f',
            'json').json
        return {(row['Host'], row['Physnet']):
                tuple(row[key] for key in ('Mode', 'Total', 'Used', 'Free'))
                for row in rows}

    def host_folder(self, server):
        return services.hosts_folder(self.state) / server.host

    def domain_file(self, server):
        return self.host_folder(server) / 'domains' / f'{server.id}.xml'

    def interface(self, server):
        return ElementTree.parse(self.domain_file(server)).find(
            'devices/interface')

    def guest(self, server):
        """The namespace that stands for the inside of a server."""
        guests = json.loads(
            (self.host_folder(server) / 'guests.json').read_text())
        return guests[server.port['mac_address']]

    def ovs_interface(self, server):
        """The row of a port in Open vSwitch, {} if it is not there."""
        table = self.client.quiet(
            'ovs-vsctl', '--columns=name,external_ids', '--format=json',
            'find', 'Interface',
            f'external_ids:iface-id={server.port["id"]}').json
        return {name: dict(value[1]) if name == 'external_ids' else value
                for row in table['data']
                for name, value in zip(table['headings'], row, strict=True)}

    def tag(self, name):
        return self.client.quiet(
            'ovs-vsctl', 'get', 'Port', name, 'tag').output.strip()

    def scheduler_log(self):
        """How long the scheduler's log is now."""
        return self.state.log('nova-scheduler').stat().st_size

    def log_lines(self, offset, pattern):
        """Show and return the scheduler's later lines with a pattern."""
        log = self.state.log('nova-scheduler')
        new = log.read_bytes()[offset:].decode(errors='replace')
        found = [line for line in new.splitlines()
                 if re.search(pattern, line)]
        for line in found[:2]:
            self.progress.output(line)
        return found


def _text(node):
    ElementTree.indent(node)
    return ElementTree.tostring(node, encoding='unicode')
