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

"""What nova-compute counts for its report."""

from nova_sriov_ext.fit import pools
from nova_sriov_ext.report import collect
from nova_sriov_ext.report import document
from nova_sriov_ext.report import networks
from os_vif_vflag.host import model
from tests.unit.report.devices import PF0
from tests.unit.report.devices import PF1
from tests.unit.report.devices import device_spec
from tests.unit.report.devices import on
from tests.unit.report.devices import pf
from tests.unit.report.devices import vfs


def test_the_mode_of_vfs_without_the_tag_is_known():
    """Nova gives them to ports of tunnelled networks. Of other devices with
    VFs nothing is known, nor told."""
    found = collect.rows(
        model.HostSnapshot((pf(PF0),)), vfs(PF0, 2) + vfs(PF1, 2, bus='05'),
        device_spec({'vendor_id': '15b3'}))
    assert found == (document.Row(PF0, None, 0, 'switchdev'),)
    told = document.read({document.STATS_KEY: document.write(
        document.Report(found))})
    pool = {'dev_type': 'type-VF', 'count': 2, 'address': PF0}
    assert pools.of_tags(pool, told).mode == 'switchdev'
    assert not told.has_tunnelled


def test_vfs_with_and_without_the_tag_on_one_pf():
    """Those without it are for aliases first, and not counted."""
    assert collect.rows(
        model.HostSnapshot((pf(PF0),)), vfs(PF0, 3),
        device_spec(on(None, address='0000:04:00.0'),
                    {'vendor_id': '15b3'})) == (
        document.Row(PF0, None, 1, 'switchdev'),)


def test_rows_are_in_order_whatever_order_nova_lists_devices_in():
    """A row that moves would be written to the database again."""
    spec = device_spec(on('B', address='0000:04:00.0'),
                       on('A', address='0000:04:00.1'),
                       on(None, address='0000:04:00.2'),
                       on('a', address='0000:05:*.*'))
    devices = vfs(PF1, 1, bus='05') + vfs(PF0, 3)
    others = vfs(PF0, 1, 'type-PF', bus='07') + vfs(PF0, 1, bus='06')
    assert [(row.pf, row.physnet) for row in collect.rows(
        model.HostSnapshot(()), others + devices, spec)] == [
        (PF0, None), (PF0, 'A'), (PF0, 'B'), (PF1, 'a')]


def test_a_row_says_what_the_host_knows_of_its_pf():
    pfs = (model.PF(PF0, uplink='p0', mode='switchdev', bond='bond0'),
           model.PF(PF1, uplink='p1', mode='legacy'))
    bond = model.Bond('bond0', lag=model.Lag(model.DEGRADED))
    assert collect.rows(
        model.HostSnapshot(pfs, (bond,)),
        vfs(PF0, 2) + vfs(PF1, 1, bus='05') + vfs('0000:81:00.0', 1, bus='06'),
        device_spec(on('a'))) == (
        document.Row(PF0, 'a', 2, 'switchdev', 'bond0', 'degraded', 'p0'),
        document.Row(PF1, 'a', 1, 'legacy', None, 'none', 'p1'),
        document.Row('0000:81:00.0', 'a', 1))


def test_tunnelled_networks_are_null_to_people_as_in_device_spec():
    assert [networks.name(one) for one in (None, 'physnet2')] == [
        'null', 'physnet2']
