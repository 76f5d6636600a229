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

"""What a user does to a cloud that was kept, beside OpenStack's commands."""

import time

from tests.cloud import cloud as cloud_mod
from tests.cloud import hosts
from tests.cloud import machine as machine_mod
from tests.cloud import processes
from tests.cloud import services
from tests.cloud.runner import Runner

# Others stand on these: the servers' VFs would go with the netdevs.
UNENDING = ('hardware',)
# Seconds after which a service that starts has met what it may end of.
SETTLED = 5
# Seconds that a service has to be up again.
PATIENCE = 60


def running(state):
    """:returns: the machine
    :raises CloudError: if there is none
    """
    machine = machine_mod.find(state)
    if machine is None:
        raise cloud_mod.CloudError(
            'no cloud is running: start one with `make demo-keep`')
    return machine


def restart(state, progress, name):
    """End a service and start it again, on the same simulated cards.

    :param name: one of services.table(), None lists them
    """
    machine = running(state)
    table = {service.name: service
             for service in services.table(state, machine)
             if service.name not in UNENDING}
    if name not in table:
        raise cloud_mod.CloudError(
            (f'{name} is no service that can be restarted; these are: '
             if name else 'which one? These are: ') + ', '.join(table))
    progress.step(f'{name} ends')
    processes.end(state, name)
    machine.join_network()
    runner = Runner(state, machine, progress.step)
    runner.start(table[name])
    deadline = time.monotonic() + PATIENCE
    time.sleep(SETTLED)
    while not table[name].ready(runner.api):
        runner.check_alive(name)
        if time.monotonic() > deadline:
            # Nova never counts a service as up that was forced down.
            progress.step(f'{name} runs, but does not count as up')
            return
        time.sleep(1)
    progress.step(f'{name} is up')


def cable(state, progress, host_name, netdev, link):
    """Pull the cable of a PF ('down'), or plug it in ('up')."""
    running(state)
    found = {host.name: host for host in hosts.HOSTS}
    netdevs = {name: [pf.netdev for pf in host.pfs]
               for name, host in found.items()}
    if netdev not in netdevs.get(host_name, ()):
        raise cloud_mod.CloudError(
            f'{host_name} has no PF {netdev}; these are: ' + '; '.join(
                f'{name} {" ".join(names)}'
                for name, names in netdevs.items()))
    pulled = services.host_folder(state, found[host_name]) / 'pulled' / netdev
    if link == 'down':
        pulled.touch()
    else:
        pulled.unlink(missing_ok=True)
    progress.step(f'{netdev} of {host_name} is {link}')
