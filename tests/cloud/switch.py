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
