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

"""The services of the cloud: what runs, after what, and when it is up."""

import socket
import sys

from tests.cloud import api as api_mod
from tests.cloud import config
from tests.cloud import hosts
from tests.cloud.runner import Service
from tests.sim import inside

OVS = '/run/openvswitch'
RABBIT = '/usr/lib/rabbitmq/bin/rabbitmq-server'
# name: (module, port, threads). One thread where a lost race for sqlite
# ends in an error instead of another try (placement 16.0.0: traits).
APIS = {
    'keystone': ('keystone.wsgi.api', 5000, 1),
    'placement': ('placement.wsgi.api', 8778, 1),
    'neutron': ('neutron.wsgi.api', 9696, 6),
    'nova': ('nova.wsgi.osapi_compute', 8774, 6),
    'glance': ('glance.wsgi.api', 9292, 2),
}
# Beside NAME.conf each API looks for other files, unless an option names them.
API_ENV = {'neutron': {'OS_NEUTRON_CONFIG_FILES': 'neutron.conf'}}


# When a service is up


def listens(port):
    def ready(_api):
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(('127.0.0.1', port)) == 0
    return ready


def serves(url):
    return lambda _api: api_mod.answers(url)


def nova_service(binary, host=config.HOSTNAME):
    return lambda api: (binary, host) in (
        api_mod.quietly(api.compute_services) or ())


def agent(binary, host):
    return lambda api: (binary, host) in (
        api_mod.quietly(api.network_agents) or ())


def schedulable(host):
    """The scheduler may choose it: it is in the cell's host mappings."""
    return lambda api: host in (api_mod.quietly(api.hypervisors) or ())


def logged(state, name, text):
    return lambda _api: text in state.log(name).read_text(errors='replace')


def exists(path):
    return lambda _api: path.exists()


def succeeds(machine, *argv):
    return lambda _api: machine.run(*argv, check=False).returncode == 0


# What runs


def python(module, *args):
    return (sys.executable, '-m', f'tests.cloud.inside.{module}', *args)


def on_database(state, name, conf):
    """A service that works on the databases itself."""
    return python('service', name, '--config-file',
                  config.path(state, conf))


def table(state, machine):
    """All of them."""
    return (*ground(state, machine), *control_plane(state),
            *compute_hosts(state))


def ground(state, machine):
    """What the services stand on."""
    return (
        rabbit(state),
        Service('hardware', python('hardware', hosts_folder(state)),
                exists(hosts_folder(state) / 'plugged')),
        Service('ovsdb-server', (
            'ovsdb-server', ovs_database(state), f'--remote=punix:{OVS}/'
            'db.sock', '--pidfile', '--unixctl', f'{OVS}/ovsdb-server.ctl'),
            succeeds(machine, 'test', '-S', f'{OVS}/db.sock')),
        Service('ovs-vswitchd', (
            'ovs-vswitchd', f'unix:{OVS}/db.sock', '--pidfile',
            '--disable-system'),
            succeeds(machine, 'test', '-e', f'{OVS}/ovs-vswitchd.pid'),
            ('ovsdb-server',)),
        api(state, 'keystone'),
    )


def control_plane(state):
    """What is no compute host."""
    nova = 'nova/nova.conf'
    return (
        *(api(state, name) for name in APIS if name != 'keystone'),
        Service('nova-conductor', on_database(state, 'nova-conductor', nova),
                nova_service('nova-conductor'), ('rabbitmq',)),
        Service('neutron-rpc-server',
                on_database(state, 'neutron-rpc-server',
                            'neutron/neutron.conf'),
                logged(state, 'neutron-rpc-server', 'start method'),
                ('rabbitmq',)),
        Service('nova-scheduler', on_database(state, 'nova-scheduler', nova),
                # It ends where Placement does not answer when it starts.
                nova_service('nova-scheduler'), ('rabbitmq', 'placement-api')),
    )


def compute_hosts(state):
    """nova-compute of every host, and its Neutron agents."""
    return tuple(make(state, host) for host in hosts.HOSTS
                 for make in (*map(AGENTS.get, host.agents), compute))


def openvswitch_agent(state, host):
    return Service(
        f'neutron-openvswitch-agent-{host.name}',
        python('openvswitch_agent', '--config-file',
               config.path(state, f'neutron/{host.name}-openvswitch.conf')),
        agent('neutron-openvswitch-agent', host.name),
        # One after the other: the hosts share one Open vSwitch, and of two
        # that set up their bridges at once one was seen to wait for ever.
        ('neutron-rpc-server', 'neutron-api', *(
            f'neutron-openvswitch-agent-{earlier.name}'
            for earlier in hosts.HOSTS[:hosts.HOSTS.index(host)]
            if 'openvswitch' in earlier.agents)))


def sriov_agent(state, host):
    folder = host_folder(state, host)
    argv = python('sriov_agent', folder, '--config-file',
                  config.path(state, f'neutron/{host.name}-sriov.conf'))
    return Service(
        f'neutron-sriov-nic-agent-{host.name}',
        tuple(inside.command(argv, sys=folder / 'sys')),
        agent('neutron-sriov-nic-agent', host.name),
        ('neutron-rpc-server', 'neutron-api'))


AGENTS = {'openvswitch': openvswitch_agent, 'sriov': sriov_agent}


def api(state, name):
    module, port, threads = APIS[name]
    env = {f'OS_{name.upper()}_CONFIG_DIR': str(config.path(state, name))}
    return Service(
        f'{name}-api', python('wsgi', module, port, threads),
        serves(f'http://127.0.0.1:{port}/'),
        env={**env, **API_ENV.get(name, {})})


def compute(state, host):
    """nova-compute, which sees the host's cards below /sys."""
    folder = host_folder(state, host)
    argv = python('compute', host.name, folder, '--config-file',
                  config.path(state, f'nova/{host.name}.conf'))
    return Service(
        f'nova-compute-{host.name}',
        tuple(inside.command(argv, sys=folder / 'sys')),
        schedulable(host.name), ('nova-conductor', 'placement-api'),
        # The fixtures import nova.tests.functional, which would patch all
        # for eventlet; Nova 34's own default for this service is threads.
        env={'OS_NOVA_DISABLE_EVENTLET_PATCHING': 'true'})


def hosts_folder(state):
    return state.folder('hosts')


def host_folder(state, host):
    """What its hardware and its hypervisor have (inside/hardware.py)."""
    return hosts_folder(state) / host.name


def ovs_database(state):
    return state.folder('openvswitch') / 'conf.db'


def rabbit(state):
    folder = state.folder('rabbitmq')
    return Service(
        'rabbitmq', (RABBIT,), listens(5672), env={
            'HOME': str(folder),
            'RABBITMQ_NODENAME': 'rabbit@localhost',
            'RABBITMQ_NODE_IP_ADDRESS': '127.0.0.1',
            'RABBITMQ_MNESIA_BASE': str(folder),
            'RABBITMQ_LOG_BASE': str(folder),
            'RABBITMQ_LOGS': '-',
            'RABBITMQ_PID_FILE': str(folder / 'pid'),
            'RABBITMQ_ENABLED_PLUGINS_FILE': str(folder / 'plugins'),
            # Not the host's /etc/rabbitmq, should it have one.
            'RABBITMQ_CONF_ENV_FILE': '/dev/null',
            'RABBITMQ_CONFIG_FILE': str(folder / 'none'),
            # Idle schedulers sleep instead of spinning.
            'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS':
                '+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none',
        })
