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

"""The story of the demo, with a check behind every claim."""

import json

from tests.cloud import bonded
from tests.cloud import hosts
from tests.cloud import vf_counts
from tests.cloud.evidence import Evidence
from tests.cloud.evidence import Server

NETWORKS = {
    # name: (physnet, VLAN, subnet)
    'net2': ('physnet2', 110, '192.0.2.0/24'),
    'net3': ('physnet3', 310, '198.51.100.0/24'),
    'net4': ('physnet4', 410, '203.0.113.0/24'),
}
PROFILE = '{"capabilities": ["switchdev"]}'
SERVER_COLUMNS = ('-c', 'id', '-c', 'name', '-c', 'status', '-c',
                  'OS-EXT-SRV-ATTR:host', '-c', 'addresses', '-f', 'json')
PORT_COLUMNS = ('-c id -c name -c mac_address -c binding_profile '
                '-c binding_vnic_type -f json')
TOO_MANY = ('big1', 'big2', 'big3')


class Scenario:

    def __init__(self, cloud, checks):
        self.state = cloud.state
        self.image = self.state.run / 'image.raw'
        self.client = cloud.client
        self.checks = checks
        self.progress = cloud.progress
        self.evidence = Evidence(self.state, cloud.client, cloud.progress)
        self.servers = {}

    def play(self, keep):
        """All chapters; the last one only if the cloud is not kept."""
        chapters = [
            self.prepare, self.boot_switchdev, self.show_interface,
            self.show_open_vswitch, self.ping, self.boot_legacy,
            self.show_claim, self.request_too_much, self.fill,
            *bonded.Bonded(self).chapters,
            *(() if keep else (self.remove,)), self.read_logs]
        for chapter in chapters:
            self.progress.chapter(chapter.__doc__)
            chapter()

    def prepare(self):
        """The cloud's networks, image and flavor; its VFs before"""
        self.image.write_bytes(bytes(1 << 20))
        lines = [
            'image create --disk-format raw --container-format bare '
            f'--file {self.image} image',
            'flavor create --ram 512 --vcpus 1 --disk 1 small',
            'flavor create --ram 512 --vcpus 1 --disk 1 '
            '--property sriov:pf_policy=spread spread']
        for name, (physnet, vlan, subnet) in NETWORKS.items():
            lines += [
                'network create --provider-network-type vlan '
                f'--provider-physical-network {physnet} '
                f'--provider-segment {vlan} {name}',
                f'subnet create --network {name} --subnet-range {subnet} '
                f'--no-dhcp {name}']
        self.client.batch(lines)
        self.checks.equal('every host reports its VFs',
                          self.evidence.counts(), vf_counts.of({}))
        self.checks.equal('nova-sriov check finds nothing wrong on compute1',
                          self.evidence.check('compute1'), 0)

    def boot_switchdev(self):
        """Two servers with a switchdev port on physnet2"""
        names = ('web1', 'web2')
        log = self.evidence.scheduler_log()
        # One process each: one that reads its stdin eats the quotes.
        ports = self.client.together(*(
            ('openstack', 'port', 'create', '--network', 'net2',
             '--vnic-type', 'direct', '--binding-profile', PROFILE, name,
             *PORT_COLUMNS.split()) for name in names))
        self.boot({name: port.json
                   for name, port in zip(names, ports, strict=True)})
        for name in names:
            self.check_server(name, 'compute1')
        self.progress.step('why not compute2, says the scheduler:')
        refusals = self.evidence.scheduler_said(
            log, 'Host .*compute2.* refused')
        self.checks.true('the scheduler refused compute2', refusals,
                         'no such line in its log')

    def show_interface(self):
        """What libvirt received for web1"""
        server = self.servers['web1']
        found = self.evidence.interface(server)
        self.checks.equal("the interface is a hostdev with the port's MAC",
                          (found.get('type'), found.find('mac').get(
                              'address')),
                          ('hostdev', server.port['mac_address']))
        self.checks.equal('a switchdev VF has no VLAN in the XML',
                          found.find('vlan'), None)
        valid = self.client.show(
            'virt-xml-validate', self.evidence.domain_file(server), 'domain',
            may_fail=True)
        self.checks.equal("libvirt's schema accepts the domain",
                          valid.status, 0)

    def show_open_vswitch(self):
        """The representor of web1's VF in Open vSwitch"""
        server = self.servers['web1']
        self.client.show(
            'ovs-vsctl', '--columns=name,external_ids,mtu', 'find',
            'Interface', f'external_ids:iface-id={server.port["id"]}')
        name, ids = self.evidence.plugged().get(
            server.port['id'], ('none', {}))
        self.checks.equal(
            "the representor's OVS port names port, MAC and server",
            (ids.get('iface-id'), ids.get('attached-mac'),
             ids.get('vm-uuid')),
            (server.port['id'], server.port['mac_address'], server.id))
        self.client.show('ovs-vsctl', '--columns=name,tag', 'list', 'Port',
                         name)
        compute1 = hosts.by_name('compute1')
        flows = self.client.show(
            'ovs-ofctl', 'dump-flows', compute1.bridge('physnet2'),
            f'table=0,dl_vlan={self.evidence.tag(name)}')
        vlan = NETWORKS['net2'][1]
        self.checks.true(
            f"the agent's tag leaves the host as VLAN {vlan}",
            f'mod_vlan_vid:{vlan}' in flows.output, flows.output)

    def ping(self):
        """Packets from VF to VF, through the representors"""
        servers = [self.servers[name] for name in ('web1', 'web2')]
        guests = [self.evidence.guest(server) for server in servers]
        for netns, server in zip(guests, servers, strict=True):
            # What the guest's own system does with its metadata.
            self.client.show('ip', '-n', netns, 'address', 'add',
                             f'{server.address}/24', 'dev', 'eth0')
        done = self.client.show(
            'ip', 'netns', 'exec', guests[0], 'ping', '-c', '3', '-i', '0.3',
            servers[1].address, may_fail=True)
        self.checks.equal('web1 reaches web2', done.status, 0)

    def boot_legacy(self):
        """Servers with a plain port, on physnet2 and on physnet3"""
        networks = {'cache': 'net2', 'db': 'net3'}
        self.boot(self.create_ports(networks))
        self.check_server('cache', 'compute1')
        self.check_server('db', 'compute2')
        for name, network in networks.items():
            tag = self.evidence.interface(self.servers[name]).find(
                'vlan/tag')
            self.checks.equal(
                f'the legacy VF of {name} has its VLAN in the XML',
                None if tag is None else tag.get('id'),
                str(NETWORKS[network][1]))

    def show_claim(self):
        """Which VFs they got: two cards of compute1 are on physnet2"""
        modes = {'web1': 'switchdev', 'web2': 'switchdev', 'cache': 'legacy'}
        compute1 = hosts.by_name('compute1')
        for name, vf in self.evidence.vfs(modes).items():
            self.checks.equal(f'{name} has a {modes[name]} VF',
                              compute1.mode_of(vf), modes[name])
        nova, placement = self.evidence.counts()
        expected = vf_counts.of({
            ('compute1', 'physnet2', 'switchdev'): 2,
            ('compute1', 'physnet2', 'legacy'): 1,
            ('compute2', 'physnet3', 'legacy'): 1})
        self.checks.equal('the VFs of four servers are used', nova,
                          expected[0])
        self.checks.equal('and claimed in Placement', placement, expected[1])

    def request_too_much(self):
        """A server that requests more VFs than any host has free"""
        log = self.evidence.scheduler_log()
        # The port attribute requests the same as the profile does.
        self.create_ports(dict.fromkeys(TOO_MANY, 'net2'),
                          '--hardware-offload-type switchdev')
        nics = [word for name in TOO_MANY
                for word in ('--nic', f'port-id={name}')]
        self.client.openstack(
            'server', 'create', '--flavor', 'small', '--image', 'image',
            *nics, '--wait', 'big', may_fail=True)
        self.check_fault('big')
        self.progress.step('why, says the scheduler:')
        reasons = self.evidence.scheduler_said(
            log, 'No host has the SR-IOV devices')
        self.checks.true(
            'the scheduler says why, host by host',
            reasons and all(host in reasons[-1]
                            for host in ('compute1', 'compute2')),
            f'it said {reasons}')
        self.progress.step('and without a server, at any time:')
        status, verdicts = self.evidence.explain('small', TOO_MANY)
        self.checks.equal('nova-sriov explain says that no host passes',
                          (status, {host: verdict for host, (verdict, _)
                                    in verdicts.items()}),
                          (3, dict.fromkeys(('compute1', 'compute2'),
                                            'refused')))
        self.checks.true(
            'and how many VFs compute1 has for it',
            'physnet2: 3 VFs requested, 2 free of 8; 3 more are legacy, '
            'switchdev requested' in verdicts.get('compute1', ('', ''))[1],
            verdicts)

    def fill(self):
        """As many more servers as there is room for, and one more"""
        # Their ports are there already.
        *fitting, last = TOO_MANY
        self.checks.equal(
            'nova-sriov capacity fit counts what is free',
            self.evidence.fit('small', 'net2'),
            (0, {'compute1': ('2', 'switchdev VFs of physnet2'),
                 'compute2': ('0', 'switchdev VFs of physnet2')}))
        self.boot(dict.fromkeys(fitting))
        for name in fitting:
            self.check_server(name, 'compute1')
        self.client.openstack(
            'server', 'create', '--flavor', 'small', '--image', 'image',
            '--nic', f'port-id={last}', '--wait', last, may_fail=True)
        self.check_fault(last)

    def remove(self):
        """Servers and ports removed"""
        names = ' '.join(self.servers)
        *_, last = TOO_MANY
        self.client.batch([
            f'server delete --wait {names} big {last} pair',
            f'port delete {names} {last} {" ".join(bonded.PAIR)}'])
        for host in hosts.HOSTS:
            self.client.show('ovs-vsctl', 'list-ports', host.bridge('int'))
        self.checks.equal('no representor is left in Open vSwitch',
                          self.evidence.plugged(), {})
        self.checks.eventually('all VFs are free again, in Placement too',
                               self.evidence.counts, vf_counts.of({}))

    def read_logs(self):
        """The services' logs"""
        self.checks.equal('no service logged an error of this project',
                          self.evidence.errors(), [])

    def create_ports(self, networks, options=''):
        """{name: port as shown} of {name: network}"""
        shown = self.client.documents(
            [f'port create --network {network} --vnic-type direct '
             f'{name} {options} {PORT_COLUMNS}'
             for name, network in networks.items()])
        return dict(zip(networks, shown, strict=True))

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
                          (server.status, server.host), ('ACTIVE', host))

    def check_fault(self, name):
        shown = self.client.openstack(
            'server', 'show', name, '-c', 'status', '-c', 'fault', '-f',
            'json').json
        self.checks.equal(f'{name} ends in ERROR', shown['status'], 'ERROR')
        fault = json.dumps(shown['fault'])
        self.checks.true('its fault says «No valid host»',
                         'No valid host' in fault, fault)
