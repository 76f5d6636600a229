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

"""What the demo says at its end, good or bad."""

from tests.cloud import access as access_mod
from tests.cloud import runner


def failure(state, progress, error):
    """The log that says more about an error."""
    log = getattr(error, 'log', None)
    if not log:
        suspects(state, progress)
        return
    progress.step(f'read {log}; its last errors:')
    progress.output('\n'.join(runner.last_errors(log)))


def suspects(state, progress, count=3):
    """The logs of services that have errors, the latest first."""
    logs = sorted(state.folder('log').iterdir(),
                  key=lambda log: log.stat().st_mtime, reverse=True)
    found = {log: lines for log in logs
             if (lines := runner.errors(log)[-3:])}
    for log, lines in list(found.items())[:count]:
        progress.step(f'{log} has errors, these are the last:')
        progress.output('\n'.join(lines))


def access(state, progress):
    progress.chapter('The cloud keeps running')
    progress.output(
        f'source {access_mod.openrc(state)}\n'
        'openstack server list        # any command of the client\n'
        'nova-sriov capacity list\n'
        'ovs-vsctl show\n'
        'in-machine bash              # a shell where all of it runs\n'
        f'logs: {state.folder("log")}\n'
        'end it with: make demo-stop')


def summary(progress, checks):
    """:returns: exit status"""
    progress.chapter('Summary')
    progress.output('\n'.join(checks.summary()))
    failed = len(checks.failed)
    progress.step(f'{len(checks.results)} checks, {failed} failed')
    return 1 if failed or not checks.results else 0
