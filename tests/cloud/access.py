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

"""How a user talks to a cloud that was kept: an openrc and commands."""

import shlex
import sys

from tests.cloud import config
from tests.cloud import hosts
from tests.cloud import services
from tests.cloud import state as state_mod

COMMANDS = ('openstack', 'nova-sriov', 'ovs-vsctl', 'ovs-ofctl',
            'ovs-appctl', 'ip')
# -E: the OS_ variables go along.
ROOT = '[ "$(id -u)" = 0 ] || exec sudo -E "$0" "$@"\n'
WRAPPER = """#!/bin/sh
# Runs {what} in the namespaces of the demo's machine.
""" + ROOT + """\
[ "$(cut -d ' ' -f 22 /proc/{pid}/stat 2>/dev/null)" = {started} ] || {{
    echo 'the cloud has ended: start one with `make demo-keep`' >&2
    exit 1
}}
exec {enter} env PATH={path} sh -c 'cd "$0" && exec "$@"' "$PWD" {argv} "$@"
"""
# Its /sys is that of the host; nova-sriov reads the host's nova.conf.
ON = """#!/bin/sh
# Runs a command on a host of the demo: on HOST COMMAND ...
host=$1
[ -d {hosts}/"$host"/sys ] && [ $# -gt 1 ] || {{
    echo "usage: on HOST COMMAND ..., where HOST is one of {names}" >&2
    exit 2
}}
shift
case $1 in
nova-sriov)
    shift
    set -- {nova_sriov} {hosts}/"$host" \
        --config-file {conf}/"$host.conf" "$@" ;;
esac
exec {in_machine} unshare --mount sh -c \
    'mount --bind "$0" /sys && exec "$@"' {hosts}/"$host"/sys "$@"
"""
TOOL = """#!/bin/sh
# {what}
""" + ROOT + """\
cd / && SRIOV_DEMO_STATE={state} PYTHONPATH={modules} \
    exec {python} -m tests.cloud {command} "$@"
"""
TOOLS = {
    'restart': 'Restarts a service of the demo: restart SERVICE',
    'cable': 'Pulls or plugs a cable of a PF: cable HOST NETDEV down|up',
}
# As a virtual environment's: what it changes, it can put back.
OPENRC = """\
[ -z "${{_demo_old_path-}}" ] || deactivate
_demo_old_path=$PATH
{exports}
PATH={folder}:"$PATH"
deactivate() {{
    PATH=$_demo_old_path
    unset {names} _demo_old_path
    unset -f deactivate
    hash -r 2>/dev/null
}}
hash -r 2>/dev/null
"""


def argv(state, command, conf='nova/nova.conf'):
    """nova-sriov reads nova.conf; the demo has its own."""
    if command == 'nova-sriov':
        return [command, '--config-file', str(config.path(state, conf))]
    return [command]


def write(state, machine):
    scripts = {name: _wrapper(name, argv(state, name), machine)
               for name in COMMANDS}
    scripts['in-machine'] = _wrapper('a command', [], machine)
    scripts['on'] = _on(state)
    scripts |= {name: TOOL.format(
        what=what, command=name, python=shlex.quote(sys.executable),
        state=shlex.quote(str(state.root)),
        modules=shlex.quote(state.environment()['PYTHONPATH']))
        for name, what in TOOLS.items()}
    for name, text in scripts.items():
        path = state.folder('bin') / name
        path.write_text(text)
        path.chmod(0o755)
    exports = [f'export {name}={shlex.quote(value)}'
               for name, value in config.CLIENT_ENV.items()]
    openrc(state).write_text(OPENRC.format(
        exports='\n'.join(exports), names=' '.join(config.CLIENT_ENV),
        folder=shlex.quote(str(state.folder('bin')))))


def _wrapper(what, words, machine):
    return WRAPPER.format(
        what=what, pid=machine.pid, started=machine.started,
        argv=shlex.join(words), path=shlex.quote(state_mod.search_path()),
        enter=shlex.join(machine.enter()))


def _on(state):
    quoted = {name: shlex.quote(str(path)) for name, path in {
        'hosts': services.hosts_folder(state),
        'conf': config.path(state, 'nova'),
        'in_machine': state.folder('bin') / 'in-machine'}.items()}
    nova_sriov = shlex.join([
        'env', f'PYTHONPATH={state.environment()["PYTHONPATH"]}',
        sys.executable, '-m', 'tests.cloud.inside.nova_sriov'])
    return ON.format(nova_sriov=nova_sriov, **quoted, names=', '.join(
        host.name for host in hosts.HOSTS))


def openrc(state):
    return state.run / 'openrc'
