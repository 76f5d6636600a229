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

"""A cloud whose computes have their VFs in Placement."""

import contextlib
import dataclasses
import io
from unittest import mock

import nova.conf
from nova import context
from nova import objects
from nova.scheduler.client import report as report_client

from nova_sriov_ext import conf
from nova_sriov_ext.report import document
from nova_sriov_ext.cmd import shell
from nova_sriov_ext.placement import api
from nova_sriov_ext.placement import names
from tests.functional.nova import base

# A test says what it wants before the driver is loaded.
conf.register(nova.conf.CONF)

VF_CLASS = names.vf_class(base.PHYSNET)
LEGACY, SWITCHDEV = (names.mode_class(mode, base.PHYSNET)
                     for mode in ('legacy', 'switchdev'))


@dataclasses.dataclass(frozen=True)
class Numbers:
    total: int
    reserved: int
    used: int

    @property
    def free(self):
        return self.total - self.reserved - self.used


class PlacementTest(base.SriovServersTest):

    def setUp(self):
        super().setUp()
        self.flags(claim_in_placement=True, group='sriov')

    def start_host(self, *args, **kwargs):
        """Start a compute; its first update publishes, the second says so"""
        host = super().start_host(*args, **kwargs)
        self.update(host)
        return host

    def update(self, hostname='compute1'):
        """As the periodic task of one compute does."""
        self.computes[hostname].manager.update_available_resource(
            context.get_admin_context())

    def switch(self, on, *hostnames):
        """Restart computes with another nova.conf; wait for two updates."""
        self.flags(claim_in_placement=on, group='sriov')
        for hostname in hostnames:
            self.restart_compute_service(hostname)
            self.update(hostname)

    def boot_on(self, hostname, *ports):
        """Boot through the filters, unlike a forced host."""
        return self.boot(*ports, host=hostname)

    def migrate(self, server):
        """:returns: the server, to be confirmed or reverted"""
        # The fixture's servers have no disk to copy.
        with mock.patch('nova.virt.libvirt.driver.LibvirtDriver'
                        '.migrate_disk_and_power_off', return_value='{}'):
            self._migrate_server(server)
            return self._wait_for_state_change(server, 'VERIFY_RESIZE')

    def nova_sriov(self, *words):
        """An operator's command, on this cloud.

        :returns: tuple (exit status, standard output, standard error)
        """
        self.stub_out('nova_sriov_ext.cmd.placement_client.connect',
                      lambda _: api.Api(report_client.SchedulerReportClient()))
        self.stub_out('nova_sriov_ext.cmd.cells.compute_nodes',
                      lambda _: objects.ComputeNodeList.get_all(
                          context.get_admin_context()))
        out, err = io.StringIO(), io.StringIO()
        command = shell.Shell()
        command.configure_logging = lambda: None
        with (contextlib.redirect_stdout(out), contextlib.redirect_stderr(err),
              mock.patch.multiple(command, stdout=out, stderr=err)):
            status = command.run(words)
        return status, out.getvalue(), err.getvalue()

    def invites_claims(self, hostname='compute1'):
        """:returns: bool, whether its report invites schedulers to"""
        return document.read(objects.ComputeNode.get_by_nodename(
            context.get_admin_context(), hostname).stats).placement

    def provider(self, hostname='compute1'):
        return f'/resource_providers/{self.compute_rp_uuids[hostname]}'

    def inventories(self, hostname='compute1'):
        return self.placement.get(
            f'{self.provider(hostname)}/inventories').body['inventories']

    def usages(self, hostname='compute1'):
        return self.placement.get(
            f'{self.provider(hostname)}/usages').body['usages']

    def traits(self, hostname='compute1'):
        return self.placement.get(
            f'{self.provider(hostname)}/traits', version='1.6').body['traits']

    def physnet_traits(self, hostname='compute1'):
        return {t for t in self.traits(hostname) if 'PHYSNET' in t}

    def numbers(self, hostname='compute1', vf_class=VF_CLASS):
        inventory = self.inventories(hostname)[vf_class]
        return Numbers(inventory['total'], inventory['reserved'],
                       self.usages(hostname)[vf_class])
