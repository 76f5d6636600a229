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

"""What a kernel with devlink and VFs reports, message by message."""

import pytest

from os_vif_vflag.kernel import netlink
from os_vif_vflag.kernel import nlmsg
from os_vif_vflag.kernel import port_name
from os_vif_vflag.kernel import uapi
from tests.unit.vflag.kernel import sockets

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'


@pytest.fixture
def kernel(monkeypatch):
    """A function: what the kernel has → Netlink of it"""
    def build(**has):
        monkeypatch.setattr(nlmsg.socket, 'socket', sockets.Kernel(**has))
        return netlink.Netlink()
    return build


def port(device, number, *more, bus='pci', name='{}_{}'):
    return (
        ('DEVLINK_ATTR_BUS_NAME', bus), ('DEVLINK_ATTR_DEV_NAME', device),
        ('DEVLINK_ATTR_PORT_FLAVOUR', 4),
        ('DEVLINK_ATTR_PORT_PCI_PF_NUMBER', int(device[-1])),
        ('DEVLINK_ATTR_PORT_PCI_VF_NUMBER', number),
        ('DEVLINK_ATTR_PORT_NETDEV_NAME', name.format(device[-1], number)),
        ('DEVLINK_ATTR_PORT_NETDEV_IFINDEX', 100 + number))


PORTS = (port(PF0, 0), port(PF0, 1), port(PF1, 5),
         port(PF0, 6, bus='auxiliary'), port(PF0, 7, name=''))


def read(device, number):
    return netlink.Port(
        device, port_name.PortName(
            uapi.PCI_VF, pf=int(device[-1]), number=number),
        f'{device[-1]}_{number}', 100 + number)


@pytest.mark.parametrize('filters', [True, False])
def test_ports_are_those_of_the_pf_or_of_all(kernel, filters):
    """Before Linux 6.6 every port comes, whatever was wanted."""
    host = kernel(ports=PORTS, filters=filters)
    assert host.ports() == (read(PF0, 0), read(PF0, 1), read(PF1, 5))
    assert host.ports(PF0) == (read(PF0, 0), read(PF0, 1))
    assert host.ports(PF1) == (read(PF1, 5),)
    assert host.ports('0000:04:00.0') == ()


def test_a_kernel_that_can_sends_no_other_ports(kernel):
    """Each of a thousand ports would be decoded for nothing."""
    host = kernel(ports=PORTS)
    before = nlmsg.socket.socket.sent
    host.ports(PF1)
    family, port = 1, 1
    assert nlmsg.socket.socket.sent - before == family + port


@pytest.mark.parametrize('number, mode', [
    (0, 'legacy'), (1, 'switchdev'), (2, 'switchdev_inactive'), (9, None)])
def test_the_eswitch_mode_is_that_of_the_device(kernel, number, mode):
    host = kernel(modes={PF1: 3, PF0: number})
    assert host.eswitch_mode(PF0) == mode
    assert host.eswitch_mode('0000:04:00.0') is None


@pytest.mark.parametrize('count', [1, 250])
def test_all_vfs_of_an_uplink_are_read_in_one_message(kernel, count):
    macs = {number: f'fa:16:3e:00:00:{number:02x}' for number in range(count)}
    host = kernel(vfs={'up0': macs, 'up1': {}})
    assert host.vfs('up0') == {
        number: {'mac': mac} for number, mac in macs.items()}
    assert host.vfs('up1') == {}
    assert host.vfs('gone') is None
