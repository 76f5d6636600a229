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

"""The tree is judged by stock Nova and os-vif, unmodified, on /sys.

What they find right must be found; where they are known to be wrong on a
card, they must be wrong here too, else the card is not simulated well.
"""

import os

from nova.pci import utils as nova_pci
import pytest
from vif_plug_ovs import linux_net

from tests.sim import inside
from tests.sim.card import Card
from tests.sim.card import Pf

pytestmark = pytest.mark.skipif(
    bool(inside.why_not()), reason=str(inside.why_not()))

PF0 = Pf('0000:03:00.0', 'enp3s0f0np0')
PF1 = Pf('0000:03:00.1', 'enp3s0f1np1')
NOT_FOUND = 'vif_plug_ovs.exception.RepresentorNotFound'


def answers(questions):
    """Runs in the child: function and arguments -> answer."""
    found = []
    for function, *args in questions:
        try:
            found.append(function(*args))
        except Exception as error:
            found.append(type(error).__name__)
    return found


def answers_of(host, *questions):
    return inside.call(answers, questions, sys=host.sys).result()


def stock_representor(host, vf):
    """As vif_plug_ovs.ovs.OvsPlugin._plug_vf finds it."""
    return inside.call(find_representor, vf, sys=host.sys)


def find_representor(vf):
    number = linux_net.get_vf_num_by_pci_address(vf)
    uplink = linux_net.get_ifname_by_pci_address(
        vf, pf_interface=True, switchdev=True)
    return linux_net.get_representor_port(uplink, number)


def test_nova_reads_a_legacy_card(sriov_host):
    host = sriov_host(Card(pfs=(
        Pf('0000:03:00.0', 'ens1f0', mode='legacy', vfs=2),),
        vendor='8086', product='1572', vf_product='154c', driver='i40e',
        vf_driver='iavf', naming='mlx5-5.1'))
    vf, mac = '0000:03:00.2', host.link('ens1f0v1').mac
    assert answers_of(
        host,
        (nova_pci.get_function_by_ifname, 'ens1f0'),
        (nova_pci.get_function_by_ifname, 'ens1f0v1'),
        (nova_pci.is_physical_function, '0000', '03', '00', '0'),
        (nova_pci.is_physical_function, '0000', '03', '00', '2'),
        (nova_pci.get_ifname_by_pci_address, vf),
        (nova_pci.get_ifname_by_pci_address, vf, True),
        (nova_pci.get_mac_by_pci_address, vf),
        (nova_pci.get_vf_num_by_pci_address, vf),
        (nova_pci.get_vf_num_by_pci_address, '0000:03:00.3'),
        (nova_pci.get_vf_product_id_by_pf_addr, '0000:03:00.0'),
        (linux_net.get_pf_pci_from_vf, vf),
        (linux_net.get_ifname_by_pci_address, vf, True),
    ) == [
        ('0000:03:00.0', True), (vf, False), True, False,
        'ens1f0v1', 'ens1f0', mac, 1, 'PciDeviceNotFoundById',
        '154c', '0000:03:00.0', 'ens1f0']


@pytest.mark.parametrize('under_pf', [True, False])
@pytest.mark.parametrize(
    'naming', ['mlx5', 'ice', 'bnxt', 'nfp', 'mlx5-5.1', 'vf@pf'])
def test_os_vif_finds_representors(sriov_host, naming, under_pf):
    host = sriov_host(Card(pfs=(PF0, PF1), naming=naming,
                           representors_under_pf=under_pf))
    for vf, name in (('0000:03:00.2', 'enp3s0f0_0'),
                     ('0000:03:00.5', 'enp3s0f0_3'),
                     ('0000:03:01.2', 'enp3s0f1_0')):
        assert stock_representor(host, vf).result() == name


def test_os_vif_finds_bare_numbers_of_virtual_netdevs(sriov_host):
    """As on the kernels that had both."""
    host = sriov_host(Card(pfs=(PF0,), naming='number',
                           representors_under_pf=False))
    found = stock_representor(host, '0000:03:00.3').result()
    assert found == host.representor('0000:03:00.3').name


@pytest.mark.parametrize(('vfs', 'vf', 'name'), [
    (200, '0000:03:19.0', 'enp3s0f0_199'),
    (300, '0000:04:05.4', 'enp3s0f0_299')])
def test_os_vif_follows_vfs_over_slots_and_buses(
        sriov_host, vfs, vf, name):
    host = sriov_host(Card(pfs=(
        Pf('0000:03:00.0', 'enp3s0f0np0', vfs=vfs, total_vfs=vfs),)))
    assert stock_representor(host, vf).result() == name


def test_os_vif_after_hardware_events(sriov_host):
    host = sriov_host(Card(pfs=(PF0, PF1)))
    vf = '0000:03:00.2'
    host.rename('enp3s0f0_0', 'moved')
    host.rename('enp3s0f0np0', 'wan')
    assert stock_representor(host, vf).result() == 'moved'
    host.remove_representor(vf)
    assert NOT_FOUND in stock_representor(host, vf).error
    host.restore_representor(vf)
    assert stock_representor(host, vf).result() == 'moved'
    host.set_mode('0000:03:00.0', 'legacy')
    assert NOT_FOUND in stock_representor(host, vf).error


@pytest.mark.parametrize(('naming', 'switch_id'), [
    ('mlx5', True), ('mlx5-5.1', False)])
def test_legacy_mode_and_switch_id(sriov_host, naming, switch_id):
    """os-vif takes a switch id for switchdev mode; it is not."""
    host = sriov_host(Card(naming=naming, pfs=(
        Pf('0000:03:00.0', 'enp3s0f0np0', mode='legacy'),)))
    assert answers_of(host, (linux_net._is_switchdev, 'enp3s0f0np0')) == [
        switch_id]


def test_stock_takes_the_other_card_port_for_the_function(sriov_host):
    """Ports in two slots: both are function 0, the second port is pf1."""
    host = sriov_host(Card(pfs=(
        PF0, Pf('0000:81:00.0', 'enp129s0np1', vfs=4))))
    vf = '0000:81:00.1'
    assert host.representor(vf).name == 'enp129s0_0'
    assert stock_representor(host, vf).result() == 'enp3s0f0_0'


def test_stock_takes_external_representors_for_the_hosts(sriov_host):
    """A DPU's c1pf0vf2 passes for pf0vf2 when it is the only one left."""
    host = sriov_host(Card(pfs=(
        Pf('0000:03:00.0', 'p0', external_vfs=3),)))
    vf = '0000:03:00.3'
    host.remove_representor(vf)
    assert stock_representor(host, vf).result() == 'p0_c1_2'


def test_stock_nova_may_take_a_representor_for_the_pf(sriov_host):
    """Its answer is what the folder lists last: here any of five."""
    host = sriov_host(Card(pfs=(PF0,)))
    listed, answer = answers_of(
        host,
        (os.listdir, '/sys/bus/pci/devices/0000:03:00.0/net'),
        (nova_pci.get_ifname_by_pci_address, '0000:03:00.1', True))
    assert answer == listed[-1]
    assert set(listed) == {
        'enp3s0f0np0', *(f'enp3s0f0_{n}' for n in range(4))}


def test_the_machine_sees_nothing_of_it(sriov_host):
    host = sriov_host(Card(pfs=(PF0,)))
    answers_of(host, (nova_pci.get_function_by_ifname, 'enp3s0f0np0'))
    assert nova_pci.get_function_by_ifname('enp3s0f0np0') == (None, False)
