"""Open vSwitch as the administrator of compute1 sets it up."""

import subprocess

from tests.cloud import hosts
from tests.cloud import services

SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema'


def create_database(state):
    subprocess.run(
        ['ovsdb-tool', 'create', services.ovs_database(state), SCHEMA],
        check=True)


def set_up(machine):
    """Bridges of the userspace datapath: it needs no kernel module."""
    argv = ['ovs-vsctl', '--timeout=20']
    for bridge in ('br-int', 'br-phys'):
        argv += ['--', 'add-br', bridge, '--', 'set', 'bridge', bridge,
                 'datapath_type=netdev']
    for host in hosts.HOSTS:
        for _physnet, uplink in host.uplinks('openvswitch'):
            argv += ['--', 'add-port', 'br-phys', uplink]
    machine.run(*argv)
