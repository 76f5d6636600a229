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


def banner(progress):
    """What is real, and what is not."""
    progress.output(
        'real:      Keystone, Placement, Glance, Neutron with its agents, '
        'Nova with this\n'
        '           project, RabbitMQ, Open vSwitch, netlink, the '
        '`openstack` client\n'
        'simulated: network cards (their /sys; veths stand for their '
        'netdevs), libvirt,\n'
        '           and so the guests: a server is a network namespace '
        'without a disk\n'
        'it takes:  about 4 minutes on 2 quiet cores, 1 more when the '
        'databases are new')


def access(state, progress):
    progress.chapter('The cloud keeps running')
    progress.output(TRY.format(openrc=access_mod.openrc(state),
                               logs=state.folder('log')))


TRY = """\
source {openrc}
openstack server list        # any command of the client
nova-sriov capacity list
ovs-vsctl show
in-machine bash              # a shell where all of it runs
deactivate                   # the shell is as it was
logs: {logs}
end it with: make demo-stop

Try next (doc/source/demo.rst has more):
openstack server migrate --wait pair && openstack server migrate confirm pair
openstack server stop cache; openstack server start cache
openstack server reboot --hard --wait web1
openstack port create --network net3 --vnic-type macvtap tap
openstack server create --flavor small --image image --port tap --wait tap
on compute2 nova-sriov host show --vfs     # a command on a host, its cards
cable compute2 enp7s0f0np0 down            # ... up: pull and plug a cable
nova-sriov check                           # what the controller sees of it
restart nova-compute-compute1              # a service, on the same cards"""


def summary(progress, checks):
    """:returns: exit status"""
    progress.chapter('Summary')
    progress.output('\n'.join(checks.summary()))
    failed = len(checks.failed)
    progress.step(f'{len(checks.results)} checks, {failed} failed')
    return 1 if failed or not checks.results else 0
