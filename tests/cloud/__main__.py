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

"""python -m tests.cloud demo [--keep] | stop | restart [SERVICE]
| cable HOST NETDEV down|up"""

import argparse
import sys

from tests.cloud import cloud as cloud_mod
from tests.cloud import play
from tests.cloud import report
from tests.cloud.checks import Checks
from tests.cloud.client import CommandError
from tests.cloud.databases import TemplateError
from tests.cloud.machine import MachineError
from tests.cloud.progress import Progress
from tests.cloud.runner import ServiceError
from tests.cloud.scenario import Scenario
from tests.cloud.state import State

# What we can say something about; anything else is our own mistake.
FAILURES = (cloud_mod.CloudError, CommandError, MachineError, ServiceError,
            TemplateError)


def demo(state, progress, keep):
    """:returns: exit status"""
    checks = Checks(progress)
    with cloud_mod.lock(state), cloud_mod.Cloud(state, progress) as cloud:
        kept = show(cloud, checks, keep) and keep
        if kept:
            cloud.keep()
    status = report.summary(progress, checks)
    if kept:
        report.access(state, progress)
    return status


def show(cloud, checks, keep):
    """Start the cloud and play the story.

    :returns: whether it came to its end, whatever the checks say
    """
    report.banner(cloud.progress)
    cloud.progress.chapter('The cloud starts')
    try:
        cloud.start()
        Scenario(cloud, checks).play(keep)
    except FAILURES as error:
        checks.true('the demo comes to its end', False, str(error))
        report.failure(cloud.state, cloud.progress, error)
        return False
    if checks.failed:
        report.suspects(cloud.state, cloud.progress)
    return True


def run(arguments, state, progress):
    """:returns: exit status"""
    if arguments.command == 'demo':
        return demo(state, progress, arguments.keep)
    if arguments.command == 'stop':
        return cloud_mod.stop(state, progress)
    if arguments.command == 'restart':
        return play.restart(state, progress, arguments.service)
    return play.cable(state, progress, arguments.host, arguments.netdev,
                      arguments.link)


def parser():
    top = argparse.ArgumentParser(prog='python -m tests.cloud')
    commands = top.add_subparsers(dest='command', required=True)
    commands.add_parser('demo').add_argument('--keep', action='store_true')
    commands.add_parser('stop')
    commands.add_parser('restart').add_argument('service', nargs='?')
    cable = commands.add_parser('cable')
    cable.add_argument('host')
    cable.add_argument('netdev')
    cable.add_argument('link', choices=('down', 'up'))
    return top


def main():
    arguments = parser().parse_args()
    state, progress = State(), Progress()
    try:
        with cloud_mod.ended_by_signals(), progress.heartbeat():
            return run(arguments, state, progress)
    except FAILURES as error:
        progress.step(f'error: {error}')
        return 1
    except KeyboardInterrupt as interrupt:
        progress.step(f'interrupted {interrupt}'.rstrip())
        return 130


if __name__ == '__main__':
    sys.exit(main())
