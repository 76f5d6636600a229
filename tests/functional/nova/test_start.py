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

"""nova-compute starts, whatever cannot be plugged at that moment."""

import logging

from nova.compute import power_state

from tests.functional.nova import base
from tests.functional.nova import switch
from tests.lab import ovs

PF = '0000:81:00.0'


class StartTest(base.SriovServersTest):

    def setUp(self):
        super().setUp()
        self.start_host(mode='switchdev')
        self.switch = self.useFixture(switch.Switch(self.sysfs, self.vfs))
        self.log = self.useFixture(base.log_of(
            'nova_sriov_ext.virt', logging.INFO))

    def boot_port(self, number=1):
        return super().boot_port(number, vif_type='ovs')

    def restart(self):
        self.switch.restart_process()
        self.restart_compute_service('compute1')
        self._run_periodics()

    def assert_active(self, *servers):
        assert [self.record(server).vm_state for server in servers] == [
            'active'] * len(servers)

    def test_a_representor_that_comes_later(self):
        """The script that sets the eswitch's mode has not run yet."""
        (one, port, slot), (two, other, _) = (
            self.boot_port(number) for number in (1, 2))
        plugged = self.switch.iface_ids()
        assert sorted(plugged.values()) == sorted((port, other))
        self.switch.forget()
        self.sysfs.remove_representor(slot)
        self.restart()
        self.assert_active(one, two)
        assert list(self.switch.iface_ids().values()) == [other]
        for _ in range(2):
            self._run_periodics()
        assert self.log.output.count('has no representor') == 1
        assert self.log.output.count(f'Port {port} ') == 1
        self.sysfs.restore_representor(slot)
        self._run_periodics()
        assert self.switch.iface_ids() == plugged
        for _ in range(2):
            self._run_periodics()
        assert self.log.output.count(f'Port {port} ') == 2
        assert f'Port {other}' not in self.log.output
        self.assert_active(one, two)

    def test_a_server_that_is_gone_meanwhile(self):
        one, port, slot = self.boot_port()
        self.switch.forget()
        self.sysfs.remove_representor(slot)
        self.restart()
        self._delete_server(one)
        self.sysfs.restore_representor(slot)
        self._run_periodics()
        assert self.switch.iface_ids() == {}

    def test_open_vswitch_that_is_down(self):
        servers = [self.boot_port(number) for number in (1, 2)]
        plugged = self.switch.iface_ids()
        self.switch.forget()
        self.switch.ovs.kill(ovs.SERVER)
        self.restart()
        self.assert_active(*(server for server, *_ in servers))
        self.switch.ovs.start(ovs.SERVER)
        self._run_periodics()
        assert self.switch.iface_ids() == plugged
        self.assert_active(*(server for server, *_ in servers))

    def test_guests_are_resumed_when_their_vfs_are_there(self):
        """A host that was booted: what ran is to run again, but a guest
        with a VF whose PF is not set up yet would keep it from that."""
        self.flags(resume_guests_state_on_host_boot=True)
        one, _, slot = self.boot_port()
        two, _, _ = self.boot_port(2)
        plugged = self.switch.iface_ids()
        self.switch.forget()
        for server in (one, two):
            self.guest(server).poweroff()
        self.sysfs.remove_representor(slot)
        self.restart()
        self.assert_active(one, two)
        assert [self.is_running(server) for server in (one, two)] == [
            False, True]
        self.sysfs.restore_representor(slot)
        self._run_periodics()
        assert self.is_running(one)
        assert self.switch.iface_ids() == plugged
        self.assert_active(one, two)

    def guest(self, server):
        return self.computes['compute1'].driver._host.get_guest(
            self.record(server))

    def is_running(self, server):
        driver = self.computes['compute1'].driver
        return (server['id'] in driver.list_instance_uuids()
                and self.guest(server).get_power_state(driver._host)
                == power_state.RUNNING)

    def test_a_hard_reboot_that_was_interrupted(self):
        one, port, slot = self.boot_port()
        plugged = self.switch.iface_ids()
        self.guest(one).poweroff()
        instance = self.record(one)
        instance.task_state = 'rebooting_hard'
        instance.save()
        self.sysfs.remove_representor(slot)
        self.restart()
        assert not self.is_running(one)
        self.sysfs.restore_representor(slot)
        self._run_periodics()
        assert self.is_running(one)
        assert self.switch.iface_ids() == plugged
        self.assert_active(one)
