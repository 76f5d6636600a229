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

"""An inventory with allocations must not go away: Placement refuses that, and
nova-compute does not start."""

import json
from unittest import mock

from nova import exception
from nova.tests.fixtures import libvirt as fakelibvirt
import pytest

from nova_sriov_ext.placement import api
from nova_sriov_ext.placement import names
from nova_sriov_ext.placement import provider
from tests.functional.nova import placement

Numbers = placement.Numbers


class TrapTest(placement.PlacementTest):

    def boot_one(self):
        """One that requires a mode."""
        self.start_host(num_vfs=4, mode='switchdev')
        server = self.boot(self.create_port(
            1, profile={'capabilities': ['switchdev']}))
        self.assert_numbers(total=4, reserved=0, used=1)
        return server

    def assert_numbers(self, **numbers):
        """Of all VFs, and of those of their mode."""
        for name in placement.VF_CLASS, placement.SWITCHDEV:
            assert self.numbers(vf_class=name) == Numbers(**numbers), name

    def restart(self):
        """As after a change of nova.conf."""
        compute, uuids = self.computes['compute1'], dict(self.compute_rp_uuids)
        try:
            self.restart_compute_service('compute1')
        except Exception:
            self.computes['compute1'] = compute
            self.compute_rp_uuids.update(uuids)
            raise
        self.update()

    def assert_start_fails(self):
        with pytest.raises(exception.PlacementPciException,
                           match=placement.VF_CLASS):
            self.restart()

    def purge(self, *words):
        """:returns: tuple (exit status, rows)"""
        status, out, err = self.nova_sriov(
            'placement', 'purge', '-f', 'json', *words)
        assert '1/1 compute1' in err
        return status, [(row['Servers'], row['VFs'], row['Result'])
                        for row in json.loads(out)]

    def test_back_to_stock(self):
        self.boot_one()
        self.flags(compute_driver='libvirt.LibvirtDriver')
        self.assert_start_fails()

        status, rows = self.purge('--all')
        assert status == 1
        assert rows[0][2].startswith('still published: turn')
        assert self.purge('--all', '--force', '--dry-run') == (
            0, [(1, 1, 'would be removed')] * 2)
        self.assert_numbers(total=4, reserved=0, used=1)
        assert self.purge('--host', 'compute1', '--force') == (
            0, [(1, 1, 'removed')] * 2)
        assert self.purge('--host', 'compute1', '--force') == (0, [])

        self.restart()
        assert not {placement.VF_CLASS, placement.SWITCHDEV
                    } & self.inventories().keys()
        assert self.usages()['VCPU'] == 1
        assert not self.physnet_traits()

    def move_away(self):
        """Boot and resize, not confirmed: the migration has the VF's
        allocation and may need it again.

        :returns: the server
        """
        server = self.boot_one()
        self.start_host('compute2', num_vfs=4, mode='switchdev')
        server = self.migrate(server)
        self.assert_numbers(total=4, reserved=0, used=1)
        return server

    def change_spec(self, *specs):
        """Another device_spec; Nova's driver would publish nothing else."""
        self.flags(device_spec=list(map(json.dumps, specs)), group='pci')
        with mock.patch.object(provider, 'published', return_value={}):
            self.assert_start_fails()
        self.restart()

    def test_no_vfs_left(self):
        server = self.move_away()
        self.change_spec()
        self.assert_numbers(total=4, reserved=4, used=1)
        assert not self.physnet_traits()
        self._confirm_resize(server)
        self.update()
        self.assert_numbers(total=4, reserved=4, used=0)

    def test_physnet_renamed(self):
        server = self.move_away()
        self.change_spec({'vendor_id': fakelibvirt.PCI_VEND_ID,
                          'product_id': fakelibvirt.VF_PROD_ID,
                          'physical_network': 'Other net'})
        renamed = names.vf_class('Other net')
        mode = names.mode_class('switchdev', 'Other net')
        self.assert_numbers(total=4, reserved=4, used=1)
        for name in renamed, mode:
            assert self.numbers(vf_class=name) == Numbers(
                4, reserved=1, used=0)
        assert self.physnet_traits() == {names.physnet_trait(renamed)}
        self._confirm_resize(server)
        self.update()
        self.assert_numbers(total=4, reserved=4, used=0)
        for name in renamed, mode:
            assert self.numbers(vf_class=name) == Numbers(
                4, reserved=0, used=0)


class TraitsTest(placement.PlacementTest):
    """What people have set stays, and what is ours goes."""

    THEIRS = names.physnet_trait(placement.VF_CLASS)

    def set_traits(self, *kept, without=()):
        url = f'{self.provider()}/traits'
        answer = self.placement.get(url, version='1.6').body
        self.placement.put(f'/traits/{self.THEIRS}', {}, version='1.6')
        answer['traits'] = sorted(
            {*answer['traits'], *kept} - {*without})
        assert self.placement.put(url, answer, version='1.6').status == 200

    def off(self):
        self.switch(False, 'compute1')
        self.update()

    def purge(self, *words):
        status, out, _ = self.nova_sriov(
            'placement', 'purge', '--all', '-f', 'value', *words)
        assert status == 0
        return out

    def test_set_before(self):
        """By a person, or by a release of this project before this one."""
        self.flags(claim_in_placement=False, group='sriov')
        self.start_host(num_vfs=4, mode='switchdev')
        self.set_traits(self.THEIRS)
        self.switch(True, 'compute1')
        assert names.SWITCHDEV_TRAIT in self.traits()
        self.off()
        assert names.SWITCHDEV_TRAIT not in self.traits()
        assert self.physnet_traits() == {self.THEIRS}
        self.purge()
        assert self.physnet_traits() == {self.THEIRS}
        with pytest.raises(SystemExit):
            self.purge('--physnet-trait', names.SWITCHDEV_TRAIT)
        words = '--physnet-trait', self.THEIRS
        assert self.purge(*words, '--dry-run') == (
            f'compute1 {self.THEIRS} 0 0 would be removed\n')
        assert self.physnet_traits() == {self.THEIRS}
        assert 'removed' in self.purge(*words)
        assert not self.physnet_traits()
        assert self.purge(*words) == ''

    def test_set_anew_by_a_person(self):
        """Who sets traits sets all of them."""
        self.start_host(num_vfs=4)
        assert {self.THEIRS, placement.VF_CLASS} <= set(self.traits())
        self.set_traits(without={placement.VF_CLASS})
        self.switch(True, 'compute1')
        assert placement.VF_CLASS not in self.traits()
        self.off()
        assert self.physnet_traits() == {self.THEIRS}

    def test_ours_go_with_a_purge(self):
        self.start_host(num_vfs=4, mode='switchdev')
        self.purge('--force')
        assert not {self.THEIRS, placement.VF_CLASS, names.SWITCHDEV_TRAIT
                    } & set(self.traits())


class PurgeTest(placement.PlacementTest):

    def test_others_write_meanwhile(self):
        """A server's allocation changes between reading and writing; then
        another server comes before the inventory is gone."""
        self.start_host(num_vfs=4)
        servers = [self.boot(self.create_port(n)) for n in (1, 2)]
        urls = [f'/allocations/{server["id"]}' for server in servers]
        late = self.placement.get(urls[1], version='1.28').body
        self.placement.delete(urls[1])
        get, delete = api.Api.get, api.Api.delete
        written = []

        def meanwhile_rewritten(me, url):
            answer = get(me, url)
            if url == urls[0] and url not in written:
                written.append(url)
                self.put(url, answer)
            return answer

        def meanwhile_claimed(me, url):
            if urls[1] not in written:
                written.append(urls[1])
                self.put(urls[1], {**late, 'consumer_generation': None})
            return delete(me, url)

        with mock.patch.multiple(api.Api, get=meanwhile_rewritten,
                                 delete=meanwhile_claimed):
            assert self.nova_sriov('placement', 'purge', '--host', 'compute1',
                                   '--force')[0] == 0
        assert written == urls
        assert placement.VF_CLASS not in self.inventories()
        assert self.usages()['VCPU'] == 2

    def put(self, url, payload):
        answer = self.placement.put(url, payload, version='1.28')
        assert answer.status == 204, answer.body


class OffTest(placement.PlacementTest):

    def start(self):
        self.start_host('compute1', num_vfs=4)
        self.start_host('compute2', num_vfs=4)
        server = self.boot_on('compute1', self.create_port(1))
        assert self.numbers() == Numbers(total=4, reserved=0, used=1)
        return server

    def test_turned_off_and_on_again(self):
        """The host says so before no VF is left to claim, and a server that
        has some can still be moved away."""
        server = self.start()
        self.flags(claim_in_placement=False, group='sriov')
        self.update('compute1')
        assert not self.invites_claims('compute1')
        assert self.numbers() == Numbers(total=4, reserved=0, used=1)
        self.update('compute1')
        assert self.numbers() == Numbers(total=4, reserved=4, used=1)
        assert not self.physnet_traits()
        assert self.invites_claims('compute2')
        self.migrate(server)
        assert self.numbers('compute2') == Numbers(4, reserved=0, used=1)

        self.flags(claim_in_placement=True, group='sriov')
        self.update('compute1')
        assert self.numbers() == Numbers(total=4, reserved=0, used=1)
        assert self.invites_claims('compute1')
