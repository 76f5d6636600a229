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

"""A move whose claim is refused leaves the server, and the host, as it was."""

import json
import logging
from unittest import mock

from nova import context
from nova import objects
from nova.compute import manager
from nova.tests import fixtures as nova_fixtures
from nova.tests.fixtures import libvirt as fakelibvirt
from nova.tests.functional.api import client
from nova.tests.functional.libvirt import base as libvirt_base
from nova.virt.libvirt import driver
from oslo_utils import versionutils
import pytest

from tests.functional.nova import base
from tests.functional.nova import test_claim

_VF = {'vendor_id': fakelibvirt.PCI_VEND_ID,
       'product_id': fakelibvirt.VF_PROD_ID}


class MoveTest(test_claim.AssigningTest):
    """The scheduler lets everything through: only claims refuse."""

    ADDITIONAL_FILTERS = []

    def setUp(self):
        self.useFixture(nova_fixtures.HostNameWeigherFixture(
            {'compute1': 30, 'compute2': 20, 'compute3': 10}))
        super().setUp()

    def statuses(self, hostname):
        """:returns: list of str, of all VFs, from Nova's database"""
        elevated = context.get_admin_context()
        node = objects.ComputeNode.get_by_nodename(elevated, hostname)
        return sorted(
            device.status for device in
            objects.PciDeviceList.get_by_compute_node(elevated, node.id)
            if device.dev_type == 'type-VF')

    def allocated_on(self, server):
        """:returns: set of names of hosts"""
        found = self.placement.get(
            f'/allocations/{server["id"]}').body['allocations']
        return {host for host, uuid in self.compute_rp_uuids.items()
                if uuid in found}


class EvacuationTest(MoveTest):

    def test_refused_by_one_host_taken_by_the_next(self):
        flavor = self._create_flavor(extra_spec={'sriov:pf_policy': 'spread'})
        self.start_host('compute1', num_vfs=1, more_modes=('legacy',))
        self.start_host('compute2', num_vfs=2)
        self.start_host('compute3', num_vfs=1, more_modes=('legacy',))
        ports = self.create_port(1), self.create_port(2)
        server = self.boot(*ports, flavor_id=flavor, host='compute1')
        self.computes['compute1'].stop()
        self.api.put_service(self.api.get_services(
            host='compute1', binary='nova-compute')[0]['id'],
            {'forced_down': True})

        # Casts are calls in Nova's functional tests.
        log = self.useFixture(base.log_of('nova.compute', logging.INFO))
        with pytest.raises(client.OpenStackApiException):
            self.evacuate(server, 'compute2')
        assert ('Insufficient compute resources: physnet4: 2 VFs requested '
                'from different PFs, they would come from 1.') in log.output
        self._wait_for_migration_status(server, ['failed'])
        assert self.api.get_server(server['id'])['status'] == 'ACTIVE'
        assert self.statuses('compute2') == ['available'] * 2
        assert self.allocated_on(server) == {'compute1'}

        self.evacuate(server, 'compute3')
        self._wait_for_server_parameter(server, {
            'OS-EXT-SRV-ATTR:host': 'compute3', 'status': 'SHUTOFF'})
        assert self.statuses('compute3') == ['allocated'] * 2
        assert self.allocated_on(server) >= {'compute3'}

    def evacuate(self, server, hostname):
        self.api.post_server_action(
            server['id'], {'evacuate': {'host': hostname}})


class LiveMigrationTest(libvirt_base.LibvirtMigrationMixin, MoveTest):
    """A server with a VF of an alias and a VF of a port. The alias matches
    the VFs of both cards; those of the first one are on the port's physnet.
    """

    def setUp(self):
        super().setUp()
        self.flags(
            group='pci',
            device_spec=[json.dumps(spec) for spec in (
                {'address': '0000:81:00.*', 'physical_network': base.PHYSNET,
                 'live_migratable': 'yes', **_VF},
                # Nova tries the pools with the fewest tags first.
                {'address': '0000:81:01.*', 'live_migratable': 'yes',
                 'rack': '7', 'slot': '1', **_VF})],
            alias=[json.dumps({'name': 'vf', 'device_type': 'type-VF',
                               'live_migratable': 'yes', **_VF})])
        flavor = self._create_flavor(
            extra_spec={'pci_passthrough:alias': 'vf:1'})
        self.start_host('compute1', num_vfs=1, more_modes=('legacy',))
        self.server = self.boot(self.create_port(1), flavor_id=flavor)
        self.src = self.computes['compute1']

    def start_compute(self, **kwargs):
        return super().start_compute(**kwargs, **{
            f'{name}_version': versionutils.convert_version_to_int(
                getattr(driver,
                        f'MIN_VFIO_PCI_VARIANT_{name.upper()}_VERSION'))
            for name in ('libvirt', 'qemu')})

    def test_alias_leaves_the_port_its_vf(self):
        self.start_host('compute2', num_vfs=1, more_modes=('legacy',))
        self.dest = self.computes['compute2']
        server = self._live_migrate(self.server)
        assert server['OS-EXT-SRV-ATTR:host'] == 'compute2'
        assert self.statuses('compute1') == ['available'] * 2
        # Nova's own tracker forgets the first claim of the two.
        assert self.statuses('compute2') == ['allocated'] * 2
        self._delete_server(server)
        self._run_periodics()
        assert self.statuses('compute2') == ['available'] * 2

    def test_refused_at_once_by_one_host_taken_by_the_next(self):
        self.start_host('compute2', num_vfs=1)
        self.start_host('compute3', num_vfs=1, more_modes=('legacy',))
        self.assert_taken_by_the_next()
        assert self.statuses('compute2') == ['available']

    def test_refused_half_way_by_one_host_taken_by_the_next(self):
        """Somebody takes the port's VF after that of the alias is claimed."""
        self.start_host('compute2', num_vfs=1, more_modes=('legacy',))
        self.start_host('compute3', num_vfs=1, more_modes=('legacy',))
        claim, other = (manager.ComputeManager._claim_pci_for_instance_vifs,
                        self.create_port(2))

        def late(compute, *args):
            if compute.host == 'compute2':
                self.boot(other, host='compute2')
            return claim(compute, *args)

        with mock.patch.object(
                manager.ComputeManager, '_claim_pci_for_instance_vifs', late):
            self.assert_taken_by_the_next()
        assert self.statuses('compute2') == ['allocated', 'available']

    def assert_taken_by_the_next(self):
        self.dest = self.computes['compute3']
        log = self.useFixture(base.log_of('nova.conductor', logging.DEBUG))
        server = self._live_migrate(self.server)
        assert ('Skipping host: compute2 because: Migration pre-check error: '
                'Insufficient compute resources: ') in log.output
        assert server['OS-EXT-SRV-ATTR:host'] == 'compute3'
        assert server['status'] == 'ACTIVE'
        assert self.allocated_on(server) == {'compute3'}
        assert self.statuses('compute1') == ['available'] * 2
        assert self.statuses('compute3') == ['allocated'] * 2
