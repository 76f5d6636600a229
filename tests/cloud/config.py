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

"""The configuration of the services that are not of a host.

All ports are the customary ones: the machine has its own loopback, where
nothing else listens.
"""

import shutil

from tests.cloud import ini
from tests.cloud import state as state_mod

# What the machine calls itself (inside/init.py).
HOSTNAME = 'sriov-demo'
PASSWORD = 'demo'
RABBIT = 'rabbit://guest:guest@127.0.0.1:5672/'
KEYSTONE = 'http://127.0.0.1:5000/v3'
REGION = 'RegionOne'
# The physnets that Neutron knows, with their VLANs.
VLAN_RANGES = 'physnet2:100:199,physnet3:300:399,physnet4:400:499'
FILTER = 'nova_sriov_ext.scheduler.filters.SriovCapacityFilter'
WEIGHERS = ('nova.scheduler.weights.all_weighers',
            'nova_sriov_ext.scheduler.weights.all_weighers')
# Nova's own default (nova/conf/scheduler.py); the option has no way to add
# to it.
DEFAULT_FILTERS = (
    'ComputeFilter', 'ComputeCapabilitiesFilter', 'ImagePropertiesFilter',
    'ServerGroupAntiAffinityFilter', 'ServerGroupAffinityFilter')
# This project logs at level DEBUG why it refused which host, and more.
LOG_LEVELS = ('nova_sriov_ext=DEBUG,os_vif_vflag=DEBUG,sqlalchemy=WARN,'
              'requests=WARN,urllib3=WARN,amqp=WARN,stevedore=CRITICAL')
# Service type: (port, path) of what stands in Keystone's catalogue.
ENDPOINTS = {
    'compute': (8774, '/v2.1'),
    'image': (9292, ''),
    'network': (9696, ''),
    'placement': (8778, ''),
}
CLIENT_ENV = {
    'OS_AUTH_URL': KEYSTONE, 'OS_USERNAME': 'admin',
    'OS_PASSWORD': PASSWORD, 'OS_PROJECT_NAME': 'admin',
    'OS_USER_DOMAIN_NAME': 'Default', 'OS_PROJECT_DOMAIN_NAME': 'Default',
    'OS_IDENTITY_API_VERSION': '3', 'OS_REGION_NAME': REGION,
}
# Databases; Nova keeps servers that never got a host in cell0.
DATABASES = ('keystone', 'placement', 'glance', 'neutron', 'nova',
             'nova_api', 'nova_cell0')


def endpoint(service):
    port, path = ENDPOINTS[service]
    return f'http://127.0.0.1:{port}{path}'


def database_file(state, name):
    return state.run / 'db' / f'{name}.sqlite'


def connection(state, name):
    """30 s: how long a writer waits for another one (sqlite has one)."""
    return f'sqlite:///{database_file(state, name)}?timeout=30'


def database(state, name, section='database'):
    """WAL is in the files (databases.py); the demo needs no fsync."""
    return {section: {'connection': connection(state, name),
                      'sqlite_synchronous': 'false'}}


def credentials(user):
    return {
        'auth_type': 'password', 'auth_url': KEYSTONE, 'username': user,
        'password': PASSWORD, 'project_name': 'service',
        'user_domain_name': 'Default', 'project_domain_name': 'Default',
        'region_name': REGION,
    }


def authtoken(user):
    return {'keystone_authtoken': {
        **credentials(user), 'www_authenticate_uri': KEYSTONE,
        'service_token_roles_required': 'true'}}


def common(state, service):
    """What every service has."""
    return {
        'DEFAULT': {'transport_url': RABBIT,
                    'state_path': state.folder(service),
                    'default_log_levels': LOG_LEVELS},
        'oslo_concurrency': {'lock_path': state.folder(service, 'lock')},
        'oslo_messaging_notifications': {'driver': 'noop'},
    }


def keystone(state):
    keys = state.run / 'keystone'
    return ini.merge(common(state, 'keystone'), database(state, 'keystone'), {
        'fernet_tokens': {'key_repository': keys / 'fernet'},
        'credential': {'key_repository': keys / 'credential'},
        # bcrypt's least work: every log-in would cost 0.3 s of CPU.
        'identity': {'password_hash_rounds': 4},
    })


def placement(state):
    return ini.merge(
        database(state, 'placement', 'placement_database'),
        authtoken('placement'))


def glance(state):
    images = state.folder('glance', 'images')
    return ini.merge(
        common(state, 'glance'), database(state, 'glance'),
        authtoken('glance'), {
            'DEFAULT': {'enabled_backends': 'files:file',
                        'worker_self_reference_url': endpoint('image')},
            'paste_deploy': {'flavor': 'keystone'},
            'glance_store': {'default_backend': 'files'},
            'files': {'filesystem_store_datadir': images},
            'os_glance_staging_store': {
                'filesystem_store_datadir':
                    state.folder('glance', 'staging')},
            'os_glance_tasks_store': {
                'filesystem_store_datadir': state.folder('glance', 'tasks')},
        })


def neutron(state):
    paste = state_mod.environment_file('neutron', 'api-paste.ini')
    return ini.merge(
        common(state, 'neutron'), database(state, 'neutron'),
        authtoken('neutron'), {
            'DEFAULT': {
                'core_plugin': 'ml2', 'service_plugins': 'qos,trunk',
                'api_paste_config': paste, 'rpc_workers': 1,
                'rpc_state_report_workers': 0,
                'notify_nova_on_port_status_changes': 'true',
            },
            'nova': credentials('nova'),
            'placement': credentials('placement'),
            'ml2': {
                'type_drivers': 'vlan,flat,vxlan',
                'tenant_network_types': 'vlan,vxlan',
                'mechanism_drivers': 'openvswitch,sriovnicswitch',
                'extension_drivers':
                    'port_security,port_hardware_offload_type,qos',
            },
            'ml2_type_vlan': {'network_vlan_ranges': VLAN_RANGES},
            'ml2_type_flat': {'flat_networks': '*'},
            'ml2_type_vxlan': {'vni_ranges': '1000:1999'},
        })


def nova(state):
    """What all Nova services share."""
    return ini.merge(common(state, 'nova'), authtoken('nova'), {
        # The first run of a periodic task waits for up to this long.
        'DEFAULT': {'my_ip': '127.0.0.1', 'periodic_fuzzy_delay': 0,
                    # Not every physnet is on two hosts.
                    'allow_resize_to_same_host': 'true'},
        'api': {'auth_strategy': 'keystone'},
        'placement': credentials('placement'),
        'neutron': credentials('neutron'),
        'glance': {'api_servers': endpoint('image')},
        'service_user': {**credentials('nova'),
                         'send_service_user_token': 'true'},
        'vnc': {'enabled': 'false'},
        # Switchdev VFs are for the ports that request them: the scheduler
        # and the claim keep to it.
        'sriov': {'plain_port_mode': 'legacy'},
    })


def nova_control(state):
    """nova-api, nova-conductor, nova-scheduler."""
    return ini.merge(
        nova(state), database(state, 'nova'),
        database(state, 'nova_api', 'api_database'), {
            'conductor': {'workers': 1},
            'scheduler': {'workers': 1,
                          'discover_hosts_in_cells_interval': 2},
            'filter_scheduler': {
                'available_filters': [
                    'nova.scheduler.filters.all_filters', FILTER],
                'enabled_filters': ','.join(
                    [*DEFAULT_FILTERS, FILTER.rpartition('.')[2]]),
                'weight_classes': ','.join(WEIGHERS),
                'pci_weight_multiplier': 0,
            },
        })


FILES = {
    'keystone/keystone.conf': keystone,
    'placement/placement.conf': placement,
    'glance/glance-api.conf': glance,
    'neutron/neutron.conf': neutron,
    'nova/nova.conf': nova_control,
}
# Paste files that the wheels carry and the services look for beside their
# configuration.
COPIES = {
    'glance/glance-api-paste.ini': ('glance', 'glance-api-paste.ini'),
    'nova/api-paste.ini': ('nova', 'api-paste.ini'),
}


def path(state, name):
    return state.run / 'etc' / name


def write_file(state, name, sections):
    target = path(state, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(ini.render(sections))
    return target


def write(state):
    for name, sections in FILES.items():
        write_file(state, name, sections(state))
    for name, source in COPIES.items():
        shutil.copy(state_mod.environment_file(*source), path(state, name))
