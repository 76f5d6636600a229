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

"""The configuration of nova-compute and of the Neutron agents of a host."""

import shlex
import sys

from tests.cloud import config
from tests.cloud import hosts
from tests.cloud import ini
from tests.cloud import services

OVSDB = 'unix:/run/openvswitch/db.sock'


def agent(state, host):
    """What the Neutron agents of a host share."""
    return ini.merge(config.common(state, f'neutron-{host}'), {
        'DEFAULT': {'host': host},
        # We are root already; `env` runs what follows, as sudo would.
        'agent': {'root_helper': 'env', 'report_interval': 10},
    })


def openvswitch_agent(state, host):
    bridges = [f'{physnet}:{host.bridge(physnet)}'
               for physnet in host.uplinks('openvswitch')]
    return ini.merge(agent(state, host.name), {
        'agent': {'polling_interval': 1, 'tunnel_types': 'vxlan',
                  'extensions': 'qos'},
        'ovs': {
            'ovsdb_connection': OVSDB,
            'bridge_mappings': ','.join(bridges),
            'integration_bridge': host.bridge('int'),
            'tunnel_bridge': host.bridge('tun'),
            'int_peer_patch_port': f'patch-tun-c{host.number}',
            'tun_peer_patch_port': f'patch-int-c{host.number}',
            'local_ip': host.tunnel_ip,
            'of_listen_port': 6633 + host.number,
        },
        'securitygroup': {'firewall_driver': 'noop'},
    })


def sriov_agent(state, host):
    devices = [f'{physnet}:{uplink}'
               for physnet, uplink in host.uplinks('sriov').items()]
    return ini.merge(agent(state, host.name), {
        'agent': {'polling_interval': 1, 'extensions': 'qos'},
        'sriov_nic': {'physical_device_mappings': ','.join(devices)},
        'securitygroup': {'firewall_driver': 'noop'},
    })


AGENTS = {'openvswitch': openvswitch_agent, 'sriov': sriov_agent}


def nova_compute(state, host):
    name = f'nova-{host.name}'
    helper = shlex.join([
        sys.executable, '-m', 'tests.cloud.inside.privsep_helper',
        str(services.host_folder(state, host)), '--config-file',
        str(config.path(state, f'nova/{host.name}.conf'))])
    return ini.merge(config.nova(state), config.common(state, name), {
        'DEFAULT': {
            # Shared, as by NFS: disks do not need to be copied.
            'host': host.name, 'instances_path': state.folder('instances'),
            'compute_driver': 'sriov_ext.SriovLibvirtDriver',
            'reserved_host_memory_mb': host.reserved_mb,
            # A new host reports to schedulers with its second update that its
            # VFs are in Placement.
            'update_resources_interval': 5,
            # Long enough where nothing is far away.
            'vif_plugging_timeout': 120,
        },
        'pci': {'device_spec': host.device_spec()},
        # Neutron's agents report a VF of the new host once it is there, which
        # is after Nova would wait for it.
        'compute': {'live_migration_wait_for_vif_plug': 'false'},
        # The simulated libvirt reports no event when a device is gone: Nova
        # looks after this long.
        'libvirt': {'device_detach_timeout': 2},
        'sriov': {'claim_in_placement': True, 'claim_policy': 'assign'},
        'os_vif_vflag': {'ovsdb_connection': OVSDB},
        # We are root already; the daemon keeps CAP_NET_ADMIN only.
        'vif_vflag_privileged': {'helper_command': helper},
    })


def write(state):
    for host in hosts.HOSTS:
        config.write_file(state, f'nova/{host.name}.conf',
                          nova_compute(state, host))
        for name in host.agents:
            config.write_file(state, f'neutron/{host.name}-{name}.conf',
                              AGENTS[name](state, host))
