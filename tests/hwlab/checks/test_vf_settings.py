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

"""What the VIF driver sets on a VF of igb, and what becomes of refusals."""

import re

import pytest

from nova_sriov_ext import exception
from nova_sriov_ext.virt.libvirt import vf_setup
from nova_sriov_ext.virt.libvirt import vif as sriov
from os_vif_vflag.host import errors
from os_vif_vflag.host.host import Host
from tests.hwlab.checks import kernel
from tests.unit.virt import vifs

AVERAGE, PEAK = 'quota:vif_outbound_average', 'quota:vif_outbound_peak'
# kB/s of which 80 are 1 Mbit/s with 1000 per kilo.
MBIT = 125


@pytest.fixture
def vf(igb):
    """A VF of igb, which is as it was afterwards."""
    address = kernel.vfs(igb)[1]
    before = _state(igb, 1)
    yield address
    assert _state(igb, 1) == before


@pytest.fixture
def driver():
    return sriov.SriovVIFDriver()


def _state(pf, number):
    """As ip shows it; without the MAC that a VF gives itself."""
    found = dict(kernel.vf_info(pf)[number])
    found.pop('address', None)
    return found


def test_set_and_taken_back(igb, vf, driver):
    """Trust and rate are set on a VF, and taken back by unplug"""
    vif = vifs.hw_veb('100', slot=vf, profile={'trusted': 'true'})
    server = vifs.limited(**{AVERAGE: str(100 * MBIT)})
    before = _state(igb, 1)
    driver.plug(server, vif)
    now = _state(igb, 1)
    assert now['trust'] and now['rate']['max_tx'] == 100
    driver.plug(server, vif)
    assert _state(igb, 1) == now
    driver.unplug(server, vif)
    assert _state(igb, 1) == before


def test_minimum_is_given_up(igb, vf, driver):
    """A minimum rate, which igb cannot do, leaves the maximum in force"""
    server = vifs.limited(**{AVERAGE: str(10 * MBIT), PEAK: str(100 * MBIT)})
    vif = vifs.hw_veb('100', slot=vf)
    driver.plug(server, vif)
    assert _state(igb, 1)['rate'] == {'max_tx': 100, 'min_tx': 0}
    driver.unplug(server, vif)


def test_refused(igb, vf, driver):
    """A rate that igb refuses is named, and what was set before is back"""
    server = vifs.limited(**{AVERAGE: str(20000 * MBIT)})
    vif = vifs.hw_veb('100', slot=vf, profile={'trusted': 'true'})
    before = _state(igb, 1)
    with pytest.raises(exception.VifOperationFailed) as error:
        driver.plug(server, vif)
    print(error.value)
    assert re.search(f'rate .*20000.*{vf}', str(error.value))
    assert _state(igb, 1) == before


def test_macvtap(igb, vf, driver):
    """A macvtap port gets MAC, VLAN and its netdev up, and gives them back"""
    vif = vifs.macvtap('100', slot=vf)
    netdev, = kernel.children(vf)
    before = _state(igb, 1)
    for _ in range(2):
        driver.plug(vifs.INSTANCE, vif)
        shown, link = kernel.vf_info(igb)[1], kernel.links()[netdev]
        assert (shown['address'], shown['vlan_list'][0]['vlan']) == (
            vifs.MAC, 100)
        assert (link['address'], 'UP' in link['flags']) == (vifs.MAC, True)
    driver.unplug(vifs.INSTANCE, vif)
    assert _state(igb, 1) == before
    assert 'UP' not in kernel.links()[netdev]['flags']


def test_macvtap_again(igb, vf, driver):
    """Another port on the same VF: the netdev takes the other MAC"""
    netdev, = kernel.children(vf)
    for number in (1, 2):
        mac = f'fa:16:3e:00:00:0{number}'
        vif = vifs.macvtap('100', slot=vf, address=mac)
        driver.plug(vifs.INSTANCE, vif)
        assert kernel.links()[netdev]['address'] == mac
        driver.unplug(vifs.INSTANCE, vif)


def test_rolled_back(igb, vf, driver):
    """A macvtap port without a netdev fails, and leaves the MAC free"""
    before = _state(igb, 1)
    kernel.bind(vf, 'vfio-pci')
    try:
        with pytest.raises(exception.VifOperationFailed) as error:
            driver.plug(vifs.INSTANCE, vifs.macvtap('100', slot=vf))
        print(error.value)
        assert _state(igb, 1) == before
    finally:
        kernel.bind(vf, 'igbvf')
    # igb lets a VF choose only where its PF has set no MAC.
    netdev, = kernel.children(vf)
    kernel.run('ip', 'link', 'set', netdev, 'address', '52:54:00:00:00:99')


def test_undone(igb, vf):
    """What apply returns puts back what was, and the VF chooses its MAC"""
    netdev, = kernel.children(vf)
    setting = vf_setup.Uplink(vf_setup.MAC_AND_VLAN)
    undo = setting.apply(
        Host(), vifs.INSTANCE, vifs.macvtap('100', slot=vf))
    assert kernel.vf_info(igb)[1]['vlan_list'][0]['vlan'] == 100
    undo()
    kernel.run('ip', 'link', 'set', netdev, 'address', '52:54:00:00:00:98')


def test_gone(igb, driver):
    """A VF that was taken away is not found, and unplug of it is silent"""
    vf = kernel.vfs(igb)[3]
    kernel.set_vfs(igb, 2)
    try:
        with pytest.raises(errors.VfNotFound):
            Host().vf(vf)
        driver.unplug(vifs.INSTANCE, vifs.macvtap('100', slot=vf))
    finally:
        kernel.set_vfs(igb, 4)
