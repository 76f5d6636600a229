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

"""The cloud of the walk, and what users and operators do in it."""

import contextlib
import copy
import dataclasses
import json
import logging
import time
from unittest import mock

import fixtures
from lxml import etree
from nova import context
from nova import objects
from nova.tests.fixtures import libvirt as fakelibvirt
from nova.tests.functional.api import client

from nova_sriov_ext.scheduler import filters
from tests.functional.nova import base
from tests.functional.nova import placement
from tests.functional.nova.walk import hosts
from tests.functional.nova.walk import ports
from tests.functional.nova.walk import room

IMAGE = '155d900f-4e14-4e4c-a73d-069cbf4541e6'
# Seconds; Nova's own tests give it as long.
_WAIT = 30
# Of migrations.
_ENDED = frozenset((
    'completed', 'confirmed', 'reverted', 'done', 'failed', 'error',
    'cancelled', 'finished'))
_LEGACY_KINDS = frozenset(('plain',))


@dataclasses.dataclass
class Port:
    """:ivar kind: key of ports.KINDS
    :ivar released: whether it was unbound since, so that what its profile
        says is a preference alone
    """

    id: str
    kind: str
    released: bool = False

    @property
    def mode(self):
        return (hosts.LEGACY if self.kind in _LEGACY_KINDS
                else hosts.SWITCHDEV)

    @property
    def is_strict(self):
        return (self.kind in ('plain', 'offload_type')
                or not self.released)


@dataclasses.dataclass
class Server:
    """:ivar number: of its boot; ids differ from run to run
    :ivar old: (host, flavor, ports) to which a revert goes back
    :ivar fled: name of the host that it was evacuated from last
    :ivar booted_with: frozenset of the ids of the ports of its boot
    :ivar keeps_at: names of hosts that it could not be evacuated from once:
        Nova's tracker keeps its devices there (``clean_usage`` spares servers
        with a migration in error)
    """

    number: int
    id: str
    flavor: str
    ports: list
    host: str
    status: str = 'ACTIVE'
    old: tuple = None
    keeps_at: set = dataclasses.field(default_factory=set)
    fled: str = None
    booted_with: frozenset = dataclasses.field(init=False)

    def __post_init__(self):
        self.booted_with = frozenset(port.id for port in self.ports)

    @property
    def needs(self):
        return needs_of(self.flavor, self.ports)

    @property
    def has_other_ports(self):
        """Whether ports were attached or detached since its boot."""
        return self.booted_with != {port.id for port in self.ports}


def needs_of(flavor, some):
    modes = [port.mode for port in some]
    return room.Needs(flavor, modes.count(hosts.LEGACY),
                      modes.count(hosts.SWITCHDEV))


def _with_source(parse):
    """Nova's fixture forgets the VF of an interface that is attached.

    :param parse: function, the fixture's
    """
    def parse_all(element):
        address = element.find('./source/address')
        source = {} if address is None else {'source': 'pci_' + '_'.join(
            address.get(key).replace('0x', '')
            for key in ('domain', 'bus', 'slot', 'function'))}
        return parse(element) | source
    return parse_all


class Cloud(placement.PlacementTest):

    NEUTRON = ports.Neutron
    ADDITIONAL_FILTERS = ['NUMATopologyFilter', 'SriovCapacityFilter']

    def runTest(self):
        """It is set up by the walk."""

    def setUp(self):
        self.flags(alias=[json.dumps({
            'vendor_id': fakelibvirt.PCI_VEND_ID,
            'product_id': fakelibvirt.PCI_PROD_ID, 'name': 'a1'})],
            group='pci')
        super().setUp()
        # Nova's fixture formats what it throws away.
        logging.getLogger().setLevel(logging.INFO)
        # Seconds. It has idle threads look for work a hundred times in one.
        self.useFixture(fixtures.MonkeyPatch(
            'futurist._thread.ThreadWorker.MAX_IDLE_FOR', 0.2))
        self.flags(plain_port_mode='legacy', group='sriov')
        # The fixture sends no event when a device is gone.
        self.flags(device_detach_timeout=1, group='libvirt')
        self.write_sources_as_libvirt()
        self._patch_hosts()
        self._watch_filter()
        self.flavors = {
            name: self._create_flavor(
                vcpu=1, memory_mb=64, disk=1, ephemeral=0, name=name,
                extra_spec=extra_specs)
            for name, extra_specs in room.FLAVORS.items()}
        self.hosts = {name: hosts.Host(
            name, modes, self.useFixture(fixtures.TempDir()).path)
            for name, modes in hosts.MODES.items()}
        self.servers = []
        self.booted = 0
        self.journal = []
        for host in self.hosts.values():
            with self._at(host):
                self.start_compute(host.name, pci_info=host.pci_info())
            self._keep_sight(host)
        for host in self.hosts.values():
            self.update(host.name)
            self.update(host.name)

    def _patch_hosts(self):
        def features(libvirt_host, device, net_devs):
            name = libvirt_host.get_connection().hostname
            return self.hosts[name].features(device.name())

        self.stub_out('nova.virt.libvirt.host.Host._get_pcinet_info',
                      features)
        self.stub_out('nova.tests.fixtures.libvirt._parse_nic_info',
                      _with_source(fakelibvirt._parse_nic_info))
        self.stub_out('nova.tests.fixtures.libvirt.Domain.migrateToURI3',
                      self._arrive)
        # A process for each of the thousands of updates.
        self.stub_out('nova.virt.libvirt.driver.LibvirtDriver'
                      '.get_host_uptime', lambda driver: '')
        # The fixture's servers have no disk to copy.
        self.useFixture(fixtures.MockPatch(
            'nova.virt.libvirt.driver.LibvirtDriver'
            '.migrate_disk_and_power_off', return_value='{}'))

    def _watch_filter(self):
        self.passed = set()
        filter_all = filters.SriovCapacityFilter.filter_all

        def watched(sriov, hosts, spec_obj):
            found = filter_all(sriov, hosts, spec_obj)
            self.passed.update(state.host for state in found)
            return found

        self.stub_out(f'{base.FILTER}.filter_all', watched)

    def _arrive(self, domain, destination, params, flags):
        """libvirt's part of a live migration, with the flags
        VIR_MIGRATE_PERSIST_DEST and VIR_MIGRATE_UNDEFINE_SOURCE."""
        name = destination.split('/')[2]
        self.connection(name).defineXML(params['destination_xml']).create()
        uuid = etree.fromstring(params['destination_xml']).find('uuid').text
        source = domain._connection.lookupByUUIDString(uuid)
        source.complete_job()
        source.undefine()

    def connection(self, hostname):
        return self.computes[hostname].driver._host.get_connection()

    @contextlib.contextmanager
    def _at(self, host):
        """Nova's services of all hosts are in one process: here is what one
        of them sees and was configured with."""
        self._configure(host)
        patches = host.patches | {
            'nova_sriov_ext.virt.libvirt.driver.Host':
                lambda: base.host.Host(str(host.sysfs.root)),
            'nova_sriov_ext.virt.libvirt.vif.Host':
                lambda: base.host.Host(str(host.sysfs.root), host.netlink)}
        with contextlib.ExitStack() as stack:
            for name, value in patches.items():
                stack.enter_context(mock.patch(name, value))
            yield
        # That of the compute that was started last, else: Nova's driver
        # removes no domain of a server that moved away from there.
        self.flags(host='elsewhere')

    def _keep_sight(self, host):
        """Nova's threads update a host at any time."""
        self.computes[host.name].driver._snapshots._take = (
            base.host.Host(str(host.sysfs.root)).snapshot)

    def _configure(self, host):
        self.flags(claim_policy=host.claim_policy, group='sriov',
                   claim_in_placement=host.in_placement)
        vfs = [{'address': f'{hosts.pf_address(pf)[:-1]}*',
                'product_id': fakelibvirt.VF_PROD_ID,
                'vendor_id': fakelibvirt.PCI_VEND_ID,
                'physical_network': base.PHYSNET} for pf in host.listed]
        alias = {'vendor_id': fakelibvirt.PCI_VEND_ID,
                 'product_id': fakelibvirt.PCI_PROD_ID}
        self.flags(device_spec=[json.dumps(spec) for spec in (*vfs, alias)],
                   group='pci')

    def update(self, hostname):
        with self._at(self.hosts[hostname]):
            super().update(hostname)

    # What is where.

    def devices(self, host):
        """:returns: list of nova.objects.PciDevice, from the database"""
        tracker = self.computes[host.name].manager.rt
        return list(objects.PciDeviceList.get_by_compute_node(
            context.get_admin_context(), tracker.compute_nodes[host.name].id))

    def free(self, host):
        """:returns: room.Free"""
        vfs, aliases = [0, 0], [0, 0]
        for device in self.devices(host):
            if device.is_available():
                if device.dev_type == 'type-VF':
                    vfs[hosts.pf_of(device.address)] += 1
                elif device.dev_type == 'type-PCI':
                    aliases[device.numa_node] += 1
        return room.Free(host.modes, vfs, aliases)

    def held_pfs(self, server):
        """:returns: frozenset of the PFs of the VFs that a server has"""
        return frozenset(
            hosts.pf_of(device.address)
            for device in self.devices(self.hosts[server.host])
            if device.instance_uuid == server.id
            and device.dev_type == 'type-VF')

    def roomy(self, needs, besides=None):
        """:param besides: name of the host where it is: Nova's API moves it
            to another
        :returns: list of hosts.Host that are up and can take it
        """
        return [host for host in self.hosts.values()
                if host.up and host.name != besides
                and self.free(host).has(needs)]

    def show(self, server):
        return self.api.get_server(server.id)

    def settle(self, server, *statuses):
        """Wait until Nova is done with a server.

        :returns: its status
        """
        self._until(lambda: self._is_settled(server, statuses))
        now = self.show(server)
        server.host = now['OS-EXT-SRV-ATTR:host']
        return now['status']

    def _is_settled(self, server, statuses):
        now = self.show(server)
        return now['OS-EXT-STS:task_state'] is None and (
            now['status'] in (*statuses, 'ERROR'))

    def _migrations(self, server):
        """:returns: set of str, the statuses of its migrations"""
        return {migration['status'] for migration in self.api.api_get(
            f'/os-migrations?instance_uuid={server.id}').body['migrations']}

    def _until(self, condition):
        end = time.monotonic() + _WAIT
        while not condition():
            assert time.monotonic() < end, [
                self.show(server) for server in self.servers]
            time.sleep(0.05)

    def fault(self, server):
        return self.show(server).get('fault', {}).get('message', '')

    # What users do.

    def boot(self, flavor, kinds):
        """:returns: Server; of one that failed the status is ERROR"""
        mine = [Port(self.neutron.create(kind), kind) for kind in kinds]
        body = self._build_server(
            flavor_id=self.flavors[flavor],
            networks=[{'port': port.id} for port in mine])
        uuid = self.api.post_server({'server': body})['id']
        self.booted += 1
        server = Server(self.booted, uuid, flavor, mine, host=None)
        server.status = self.settle(server, 'ACTIVE')
        self.servers.append(server)
        return server

    def delete(self, server):
        self.api.delete_server(server.id)
        self._until(lambda: server.id not in {
            found['id'] for found in self.api.get_servers(detail=False)})
        self.servers.remove(server)
        for port in server.ports:
            self.neutron.delete_port(port.id)

    def attach(self, server, kind):
        """:returns: bool, whether it was attached"""
        port = Port(self.neutron.create(kind), kind)
        try:
            self.api.attach_interface(
                server.id, {'interfaceAttachment': {'port_id': port.id}})
        except client.OpenStackApiException:
            self.neutron.delete_port(port.id)
            return False
        server.ports.append(port)
        return True

    def detach(self, server, port):
        self.notifier.reset()
        self._detach_interface({'id': server.id}, port.id)
        server.ports.remove(port)
        self.neutron.delete_port(port.id)

    def move(self, server, flavor):
        """Resize, or migrate where the flavor is the same.

        :returns: the error of the API, None when it goes on
        """
        old = server.host, server.flavor, copy.copy(server.ports)
        action = ({'migrate': None} if flavor == server.flavor else
                  {'resize': {'flavorRef': self.flavors[flavor]}})
        try:
            self.api.post_server_action(server.id, action)
        except client.OpenStackApiException as e:
            return str(e)
        server.status = self.settle(server, 'VERIFY_RESIZE', 'ACTIVE')
        if server.status == 'VERIFY_RESIZE':
            server.old, server.flavor = old, flavor
            return None
        return f'{server.status}: {self.fault(server)}'

    def confirm(self, server):
        self.api.post_server_action(server.id, {'confirmResize': None})
        server.status = self.settle(server, 'ACTIVE')
        server.old = None

    def revert(self, server):
        self.api.post_server_action(server.id, {'revertResize': None})
        server.status = self.settle(server, 'ACTIVE')
        _, server.flavor, _ = server.old
        server.old = None

    def live_migrate(self, server):
        """:returns: the error of the API, None where there is none"""
        before = server.host
        try:
            self.api.post_server_action(server.id, {'os-migrateLive': {
                'host': None, 'block_migration': 'auto'}})
        except client.OpenStackApiException as e:
            return str(e)
        # The source cleans up in a thread of its own.
        self._until(lambda: self._migrations(server) <= _ENDED)
        server.status = self.settle(server, 'ACTIVE')
        return (None if server.host != before
                else f'{server.status}: {self.fault(server)}')

    def shelve(self, server):
        self.api.post_server_action(server.id, {'shelve': None})
        server.status = self.settle(server, 'SHELVED_OFFLOADED')
        for port in server.ports:
            port.released = True

    def unshelve(self, server):
        self.api.post_server_action(server.id, {'unshelve': None})
        server.status = self.settle(server, 'ACTIVE', 'SHELVED_OFFLOADED')

    def hard_reboot(self, server):
        self.api.post_server_action(server.id, {'reboot': {'type': 'HARD'}})
        server.status = self.settle(server, 'ACTIVE')

    def rebuild(self, server):
        self.api.post_server_action(
            server.id, {'rebuild': {'imageRef': IMAGE}})
        server.status = self.settle(server, 'ACTIVE')

    # What operators do.

    def evacuate(self, server):
        before = server.host
        # Casts are calls in Nova's functional tests: NoValidHost comes here.
        with contextlib.suppress(client.OpenStackApiException):
            self.api.post_server_action(server.id, {'evacuate': {}})
        server.status = self.settle(server, 'SHUTOFF', 'ACTIVE')
        if server.host != before and server.status == 'SHUTOFF':
            self.api.post_server_action(server.id, {'os-start': None})
            server.status = self.settle(server, 'ACTIVE')
        if server.host == before:
            server.keeps_at.add(before)
        else:
            server.fled = before
        return server.host != before

    def reset(self, server):
        self.api.post_server_action(
            server.id, {'os-resetState': {'state': 'active'}})
        server.status = self.settle(server, 'ACTIVE')

    def restart(self, host, **changes):
        """:param changes: attributes of Host"""
        for name, value in changes.items():
            setattr(host, name, value)
        with self._at(host):
            self.restart_compute_service(host.name)
        self._keep_sight(host)
        self.update(host.name)

    def change_vfs(self, host, pf, vfs):
        """``echo 0 > sriov_numvfs; echo <vfs> > sriov_numvfs``, and a
        restart: Nova 34 lists devices once in the life of a process
        (``LibvirtDriver._get_pci_passthrough_devices`` is cached)."""
        host.set_vfs(pf, vfs)
        self.connection(host.name).pci_info = host.pci_info()
        self.restart(host)

    def take_down(self, host):
        self.computes[host.name].stop()
        self._force_down(host, True)
        host.up = False

    def bring_up(self, host):
        """Nova takes it back only after nova-compute has seen which of its
        servers were evacuated (ServiceController._check_for_evacuations)."""
        host.up = True
        self.restart(host)
        self._force_down(host, False)

    def _force_down(self, host, down):
        service, = self.api.get_services(
            host=host.name, binary='nova-compute')
        self.api.put_service(service['id'], {'forced_down': down})
