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

"""Netlink messages of the kernel, decoded."""

import contextlib
import errno
import socket
import struct
import subprocess
import sys
import threading

from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
import pytest

from os_vif_vflag.kernel import netlink
from os_vif_vflag.kernel import nlmsg
from os_vif_vflag.kernel import port_name
from os_vif_vflag.kernel import uapi
from tests.unit.vflag import netns
from tests.unit.vflag.kernel.sockets import DONE
from tests.unit.vflag.kernel.sockets import Message
from tests.unit.vflag.kernel.sockets import encoded
from tests.unit.vflag.kernel.sockets import message


def devlink_port(*attributes):
    return netlink._port(encoded(Message(), attributes, cmd=3))


def link(*attributes, **fields):
    return netlink._link(encoded(
        ifinfmsg(), attributes, **{'index': 7, 'ifi_type': 1} | fields))


PORT = (
    ('DEVLINK_ATTR_BUS_NAME', 'pci'),
    ('DEVLINK_ATTR_DEV_NAME', '0000:03:00.1'),
    ('DEVLINK_ATTR_PORT_FLAVOUR', 4),
    ('DEVLINK_ATTR_PORT_PCI_PF_NUMBER', 1),
    ('DEVLINK_ATTR_PORT_PCI_VF_NUMBER', 200),
    ('DEVLINK_ATTR_PORT_NETDEV_NAME', 'enp3s0f1_200'),
    ('DEVLINK_ATTR_PORT_NETDEV_IFINDEX', 77))


@pytest.mark.parametrize('more, controller', [
    ((), None),
    ((('DEVLINK_ATTR_PORT_EXTERNAL', 0),
      ('DEVLINK_ATTR_PORT_CONTROLLER_NUMBER', 0)), None),
    ((('DEVLINK_ATTR_PORT_EXTERNAL', 1),
      ('DEVLINK_ATTR_PORT_CONTROLLER_NUMBER', 1)), 1),
    # Linux 5.9: of which controller is not reported, but not of this host
    ((('DEVLINK_ATTR_PORT_EXTERNAL', 1),), 0),
])
def test_a_port_of_a_vf_with_its_controller(more, controller):
    assert devlink_port(*PORT, *more) == netlink.Port(
        '0000:03:00.1',
        port_name.PortName(uapi.PCI_VF, pf=1, number=200,
                           controller=controller),
        'enp3s0f1_200', 77)


def test_a_physical_port_is_numbered_by_itself():
    assert devlink_port(
        *PORT[:2], ('DEVLINK_ATTR_PORT_FLAVOUR', 0),
        ('DEVLINK_ATTR_PORT_NUMBER', 0), *PORT[5:]).port_name == (
            port_name.parse('p0'))


@pytest.mark.parametrize('missing', [0, 2, 5])
def test_of_no_use(missing):
    """Ports on another bus, without a flavour, and without a netdev."""
    assert devlink_port(*PORT[:missing], *PORT[missing + 1:]) is None


def test_a_port_whose_netdev_has_no_index_yet():
    """0, as with links: the kernel counts from 1."""
    assert devlink_port(*PORT[:-1]).ifindex == 0


PARENT = (('IFLA_PARENT_DEV_NAME', '0000:03:00.1'),
          ('IFLA_PARENT_DEV_BUS_NAME', 'pci'))


@pytest.mark.parametrize('attributes, fields, expected', [
    ((), {}, {}),
    (PARENT, {}, {'parent': '0000:03:00.1'}),
    ((PARENT[0], ('IFLA_PARENT_DEV_BUS_NAME', 'auxiliary')), {}, {}),
    ((('IFLA_PHYS_PORT_NAME', 'pf1vf200'),), {},
     {'port_name': port_name.parse('pf1vf200')}),
    ((('IFLA_PHYS_SWITCH_ID', bytes.fromhex('e41d2d0300a1b2c4')),), {},
     {'switch_id': 'e41d2d0300a1b2c4'}),
    ((('IFLA_OPERSTATE', 'UP'),), {}, {'up': True}),
    ((('IFLA_OPERSTATE', 'DORMANT'),), {}, {}),
    ((('IFLA_OPERSTATE', 'DORMANT'), ('IFLA_CARRIER', 1)), {}, {}),
    ((('IFLA_OPERSTATE', 'UNKNOWN'), ('IFLA_CARRIER', 1)), {}, {'up': True}),
    ((('IFLA_OPERSTATE', 'UNKNOWN'), ('IFLA_CARRIER', 0)), {}, {}),
    ((('IFLA_OPERSTATE', 'UNKNOWN'),), {}, {}),
    ((), {'ifi_type': 32}, {'type': 'infiniband'}),
    ((), {'ifi_type': 772}, {'type': None}),
])
def test_a_link_has_what_the_message_has(attributes, fields, expected):
    found = link(('IFLA_IFNAME', 'eth0'), ('IFLA_MTU', 1500), *attributes,
                 **fields)
    assert found == netlink.Link(
        'eth0', 7, **{'type': 'ethernet'} | expected)


class Kernel:
    """Answers of a kernel, in place of a socket."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def __call__(self, *_):
        return contextlib.nullcontext(self)

    def settimeout(self, seconds):
        assert seconds

    def send(self, request):
        pass

    def recv(self, _):
        return self.answers.pop(0)


LINK = message(16, encoded(ifinfmsg(), [('IFLA_IFNAME', 'eth0')], index=7,
                           ifi_type=1))


@pytest.mark.parametrize('answers, names', [
    ([LINK, LINK + DONE], ['eth0', 'eth0']),
    ([DONE], []),
    ([message(uapi.NLMSG_ERROR, struct.pack('=i', -1) + bytes(20))], None),
    ([message(uapi.NLMSG_DONE, struct.pack('=i', -95))], None),
    # Interrupted: the next dump counts, and not for ever.
    ([LINK, message(16, LINK[16:], uapi.NLM_F_DUMP_INTR), LINK + DONE],
     ['eth0']),
    ([message(uapi.NLMSG_DONE, bytes(4), uapi.NLM_F_DUMP_INTR)] * 3, None),
])
def test_an_interrupted_dump_does_not_count(monkeypatch, answers, names):
    monkeypatch.setattr(nlmsg.socket, 'socket', Kernel(*answers))
    links = netlink.Netlink().links()
    assert names == (None if links is None else [link.name for link in links])


def test_an_interrupted_dump_says_so(monkeypatch):
    monkeypatch.setattr(nlmsg.socket, 'socket', Kernel(
        message(uapi.NLMSG_DONE, bytes(4), uapi.NLM_F_DUMP_INTR)))
    with pytest.raises(InterruptedError, match='^netdevs changed during'):
        nlmsg.request(socket.NETLINK_ROUTE, uapi.RTM_GETLINK, b'', dump=True)


def test_a_message_without_a_body_is_an_answer(monkeypatch):
    monkeypatch.setattr(nlmsg.socket, 'socket', Kernel(
        LINK + message(16, b''), DONE))
    assert nlmsg.request(
        socket.NETLINK_ROUTE, uapi.RTM_GETLINK, b'') == [LINK[16:], b'']


@pytest.mark.parametrize('answer', [b'', bytes(64)])
def test_a_family_without_a_number_is_none(monkeypatch, answer):
    kernel = Kernel(message(uapi.GENL_ID_CTRL, bytes(4) + answer) + DONE)
    monkeypatch.setattr(nlmsg.socket, 'socket', kernel)
    kernel.answers *= 2
    with pytest.raises(OSError) as caught:
        nlmsg.request_of_family('devlink', 1)
    assert (caught.value.errno, caught.value.strerror) == (
        errno.ENOENT, 'No such file or directory')
    assert netlink.Netlink().eswitch_mode('0000:03:00.0') is None


def test_flags_are_attributes_without_a_value():
    """Also as the last one."""
    text = nlmsg.attribute(5) + nlmsg.number(6, 7) + nlmsg.attribute(8)
    assert list(nlmsg.attributes(text)) == [
        (5, b''), (6, struct.pack('=I', 7)), (8, b'')]


@pytest.mark.parametrize('size', range(0, 60, 7))
def test_half_a_message(size):
    """Attributes that end too early are none; nothing loops for ever."""
    text = LINK[16:16 + size] + bytes(8)
    assert nlmsg.Attributes(text, 16).text(uapi.IFLA_IFNAME) in (
        None, '', 'e', 'eth', 'eth0')


@netns.root
def test_links_are_those_of_ip_link():
    """Real netdevs in a name space of their own, as ip(8) lists them."""
    script = (
        'ip link add v0 type veth peer name v1 && ip link set v0 up && '
        'ip link set v1 up && ip -o link | cut -d: -f1,2 && echo -- && '
        f'{sys.executable} -c "from os_vif_vflag.kernel import netlink; '
        'print(*sorted((l.ifindex, l.name, l.up, l.type) '
        'for l in netlink.Netlink().links()), sep=chr(10))"')
    output = subprocess.run(
        ['unshare', '--net', 'sh', '-c', script], text=True, check=True,
        capture_output=True).stdout
    by_ip, by_us = output.split('--\n')
    expected = [(int(index), name.strip().partition('@')[0])
                for index, name in (line.split(':')
                                    for line in by_ip.splitlines())]
    ours = [eval(line, {}) for line in by_us.splitlines()]
    assert [link[:2] for link in ours] == sorted(expected)
    assert {link[1]: link[2:] for link in ours if link[1][0] == 'v'} == {
        'v0': (True, 'ethernet'), 'v1': (True, 'ethernet')}


@netns.root
def test_a_strict_kernel_understands(monkeypatch):
    """Since Linux 4.20 a socket can have the kernel look at all that a request
    says (NETLINK_GET_STRICT_CHK)."""
    sol_netlink, get_strict_chk = 270, 12

    class Strict(socket.socket):

        def __init__(self, *args):
            super().__init__(*args)
            self.setsockopt(sol_netlink, get_strict_chk, 1)

    def run():
        subprocess.run(['ip', 'link', 'add', 'dev0', 'type', 'veth'],
                       check=True)
        monkeypatch.setattr(nlmsg.socket, 'socket', Strict)
        kernel = netlink.Netlink()
        return {link.name for link in kernel.links()}, kernel.vfs('dev0')

    names, vfs = netns.call(run)
    assert names >= {'lo', 'dev0'} and vfs == {}


@netns.root
def test_a_name_may_hold_any_bytes():
    """Spaces and slashes apart (dev_valid_name)."""
    names = {'v\udcff', 'vX', 'vé'}

    def run():
        for name in names:
            subprocess.run(['ip', 'link', 'add', name, 'type', 'veth'],
                           check=True)
        kernel = netlink.Netlink()
        return ({link.name for link in kernel.links()},
                [kernel.vfs(name) for name in names])

    shown, vfs = netns.call(run)
    assert shown >= names and vfs == [{}] * 3


@netns.root
def test_a_kernel_that_does_not_answer_is_waited_for_in_vain(monkeypatch):
    """NLMSG_NOOP is dropped, and no acknowledgement is wanted."""
    monkeypatch.setattr(nlmsg, '_TIMEOUT', 0.01)
    found = []

    def run():
        try:
            nlmsg.request(socket.NETLINK_ROUTE, 1, b'', dump=True)
        except OSError as e:
            found.append(type(e))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(5)
    assert found == [TimeoutError]


def test_a_family_that_is_not_there():
    """This test's kernel may have devlink or not: None or what it has."""
    answers = netlink.Netlink().ports()
    assert answers is None or isinstance(answers, tuple)
