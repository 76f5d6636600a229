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

"""The simulated tables of VFs follow the kernel's rules."""

from concurrent import futures
import errno

import pytest

from tests.sim import vfs
from tests.sim.card import Card
from tests.sim.card import Pf

MAC = 'fa:16:3e:0a:ec:e7'
ETHERNET, INFINIBAND = 'enp3s0f0np0', 'ib0'


def rate(minimum, maximum):
    return {'rate': {'min_tx_rate': minimum, 'max_tx_rate': maximum}}


def vlan(number, qos=0):
    return {'vlan': {'vlan': number, 'qos': qos}}


@pytest.fixture
def table(sriov_host):
    def build(driver='mlx5_core', infiniband=False):
        return vfs.Vfs(sriov_host(Card(driver=driver, pfs=(Pf(
            '0000:03:00.0', INFINIBAND if infiniband else ETHERNET,
            mode='legacy', infiniband=infiniband),))).root)
    return build


REFUSALS = {
    'VLAN': ('mlx5_core', vlan(4096), errno.EINVAL),
    'qos': ('mlx5_core', vlan(1, 8), errno.EINVAL),
    'min above max': ('mlx5_core', rate(2, 1), errno.EINVAL),
    'igb min': ('igb', rate(1, 2), errno.EINVAL),
    'mlx4 min': ('mlx4_core', rate(1, 2), errno.EPROTONOSUPPORT),
    'mlx4 trust': ('mlx4_core', {'trust': 1}, errno.EOPNOTSUPP),
    'GUID on Ethernet': (
        'mlx5_core', {'ib_node_guid': '01:' * 7 + '01'}, errno.EOPNOTSUPP),
}


@pytest.mark.parametrize(
    'driver, settings, error', REFUSALS.values(), ids=REFUSALS)
def test_a_driver_refuses_what_it_cannot_set(table, driver, settings, error):
    """And what comes before it in the kernel's order is set."""
    here = table(driver)
    new = here.of(ETHERNET)
    first = {} if 'vlan' in settings else vlan(5)
    with pytest.raises(OSError) as caught:
        here.set(ETHERNET, 1, settings | first | {'mac': MAC})
    assert caught.value.errno == error
    assert here.of(ETHERNET) == new | {1: new[1] | first | {'mac': MAC}}


@pytest.mark.parametrize('settings', [
    vlan(4095, 7), rate(1, 2), rate(0, 2), {'trust': 1}, {'spoofchk': 0},
    {'link_state': 2}])
def test_a_setting_is_read_back_and_changes_nothing_else(table, settings):
    here = table()
    new = here.of(ETHERNET)
    here.set(ETHERNET, 3, settings)
    assert here.of(ETHERNET) == new | {3: new[3] | settings}


@pytest.mark.parametrize('uplink, number, error', [
    ('gone', 0, errno.ENODEV), (ETHERNET, 4, errno.EINVAL)])
def test_not_there(table, uplink, number, error):
    with pytest.raises(OSError) as caught:
        table().set(uplink, number, {'mac': MAC})
    assert caught.value.errno == error


def test_infiniband_vfs_have_guids(table):
    here = table(infiniband=True)
    guid = {'ib_port_guid': '01:' * 7 + '01'}
    here.set(INFINIBAND, 0, guid)
    assert here.of(INFINIBAND)[0].items() >= guid.items()
    with pytest.raises(OSError):
        here.set(INFINIBAND, 0, {'trust': 1})
    assert not table('mlx4_core', infiniband=True).of(INFINIBAND)


def test_a_driver_that_reports_nothing(table):
    here = table('enic')
    here.set(ETHERNET, 0, {'mac': MAC})
    assert not here.of(ETHERNET)
    with pytest.raises(OSError):
        here.set(ETHERNET, 0, rate(0, 1))


def test_igb_keeps_the_mac_that_its_pf_has_set(table):
    """igb_set_vf_mac_addr, igbvf_reset: seen on Linux 6.12."""
    here, own, netdev = table('igb'), 'fa:16:3e:00:00:01', 'enp3s0f0v0'
    here.set_netdev(netdev, own, 'up')
    assert here.of(ETHERNET)[0]['mac'] == own
    here.set(ETHERNET, 0, {'mac': MAC})
    here.set_netdev(netdev, state='down')
    assert here.netdev(netdev) == (MAC, False)
    for address in MAC, own:
        with pytest.raises(OSError) as caught:
            here.set_netdev(netdev, address, 'up')
        assert caught.value.errno == errno.EADDRNOTAVAIL
    here.set(ETHERNET, 0, {'trust': 1})
    here.set_netdev(netdev, own)
    assert here.netdev(netdev) == (own, False)
    here.set(ETHERNET, 0, {'trust': 0, 'mac': vfs.NEW['mac']})
    here.set_netdev(netdev, MAC, 'up')
    assert here.of(ETHERNET)[0]['mac'] == MAC


def test_a_netdev_is_not_changed_at_all_when_its_mac_is_none(table):
    """do_setlink ends at the MAC, before the flags."""
    here = table()
    before = here.netdev('enp3s0f0v0')
    with pytest.raises(OSError) as caught:
        here.set_netdev('enp3s0f0v0', '00:00:00:00:00:00', 'up')
    assert caught.value.errno == errno.EADDRNOTAVAIL
    assert here.netdev('enp3s0f0v0') == before
    here.set_netdev('enp3s0f0v0', MAC, 'up')
    assert here.netdev('enp3s0f0v0') == (MAC, True)


def test_two_who_set_at_once_lose_nothing(table):
    one = table()
    with futures.ThreadPoolExecutor(4) as pool:
        for number in range(1, 101):
            list(pool.map(lambda vf, vlan=number: one.set(
                ETHERNET, vf, {'vlan': {'vlan': vlan, 'qos': 0}}), range(4)))
            assert {vf['vlan']['vlan']
                    for vf in one.of(ETHERNET).values()} == {number}
