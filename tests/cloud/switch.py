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

"""Open vSwitch as the administrator of the hosts sets it up."""

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
    for host in hosts.HOSTS:
        argv += bridge(host.bridge('int'))
        for physnet, uplink in host.uplinks('openvswitch').items():
            argv += bridge(host.bridge(physnet), uplink)
        machine.run('ip', 'address', 'add', f'{host.tunnel_ip}/32', 'dev',
                    'lo')
    machine.run(*argv)


def bridge(name, *ports):
    """Words for ovs-vsctl."""
    words = ['--', 'add-br', name, '--', 'set', 'bridge', name,
             'datapath_type=netdev']
    for port in ports:
        words += ['--', 'add-port', name, port]
    return words
