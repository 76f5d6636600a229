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

from tests.cloud import config
from tests.cloud import state as state_mod

COMMANDS = ('openstack', 'nova-sriov', 'ovs-vsctl', 'ovs-ofctl',
            'ovs-appctl', 'ip')
# -E: the OS_ variables go along.
WRAPPER = """#!/bin/sh
# Runs {what} in the namespaces of the demo's machine.
[ "$(id -u)" = 0 ] || exec sudo -E "$0" "$@"
[ "$(cut -d ' ' -f 22 /proc/{pid}/stat 2>/dev/null)" = {started} ] || {{
    echo 'the cloud has ended: start one with `make demo-keep`' >&2
    exit 1
}}
exec {enter} env PATH={path} sh -c 'cd "$0" && exec "$@"' "$PWD" {argv} "$@"
"""


def argv(state, command, conf='nova/nova.conf'):
    """nova-sriov reads nova.conf; the demo has its own."""
    if command == 'nova-sriov':
        return [command, '--config-file', str(config.path(state, conf))]
    return [command]


def write(state, machine):
    folder = state.folder('bin')
    wrappers = {name: argv(state, name) for name in COMMANDS}
    wrappers['in-machine'] = []
    for name, words in wrappers.items():
        path = folder / name
        path.write_text(WRAPPER.format(
            what=name, pid=machine.pid, started=machine.started,
            argv=shlex.join(words),
            path=shlex.quote(state_mod.search_path()),
            enter=shlex.join(machine.enter())))
        path.chmod(0o755)
    lines = [f'export {name}={shlex.quote(value)}'
             for name, value in config.CLIENT_ENV.items()]
    lines.append(f'export PATH={shlex.quote(str(folder))}:"$PATH"')
    openrc(state).write_text('\n'.join(lines) + '\n')


def openrc(state):
    return state.run / 'openrc'
