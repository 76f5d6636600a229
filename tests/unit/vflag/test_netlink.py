"""Netlink messages of the kernel, decoded."""

import os
import subprocess
import sys

import pytest

from os_vif_vflag import kernel
from os_vif_vflag import netlink
from os_vif_vflag import portname

root = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')


def devlink_port(*attributes):
    """A port message as it leaves the kernel, and comes out of pyroute2."""
    sent = netlink._Message()
    sent['cmd'] = 3
    sent['attrs'] = list(attributes)
    sent.encode()
    got = netlink._Message(bytes(sent.data))
    got.decode()
    return netlink._port(got)


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
])
def test_representor(more, controller):
    assert devlink_port(*PORT, *more) == netlink.Port(
        '0000:03:00.1',
        portname.PortName(kernel.PCI_VF, pf=1, number=200,
                          controller=controller),
        'enp3s0f1_200', 77)


def test_uplink():
    assert devlink_port(
        *PORT[:2], ('DEVLINK_ATTR_PORT_FLAVOUR', 0),
        ('DEVLINK_ATTR_PORT_NUMBER', 0), *PORT[5:]).port == (
            portname.parse('p0'))


@pytest.mark.parametrize('missing', [0, 5])
def test_of_no_use(missing):
    """Ports on another bus, and such without a netdev."""
    assert devlink_port(*PORT[:missing], *PORT[missing + 1:]) is None


def test_the_numbers_of_what_pyroute2_does_not_know():
    numbers = {name: number for number, (name, _) in enumerate(
        netlink._Message.nla_map)}
    for name in ('DEVLINK_ATTR_PORT_EXTERNAL',
                 'DEVLINK_ATTR_PORT_CONTROLLER_NUMBER'):
        assert numbers[name] == getattr(kernel, name)


@root
def test_links_are_those_of_ip_link():
    """Real netdevs in a name space of their own, as ip(8) lists them."""
    script = (
        'ip link add v0 type veth peer name v1 && ip link set v0 up && '
        'ip link set v1 up && ip -o link | cut -d: -f1,2 && echo -- && '
        f'{sys.executable} -c "from os_vif_vflag import netlink; '
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


def test_a_family_that_is_not_there():
    """This test's kernel may have devlink or not: None or what it has."""
    answers = netlink.Netlink().ports()
    assert answers is None or isinstance(answers, tuple)
