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

"""Process 1 of the demo's machine: it lives as long as the demo does.

`unshare` starts it in new mount, network, process, host name and IPC
namespaces. When it ends, the kernel ends every process of the process
namespace with it, and with the last of them go the mounts, the netdevs and
the network namespace. So nothing can stay behind, not even after
`kill -9` of the demo: the demo's end closes the pipe on our stdin.
"""

import os
import pathlib
import signal
import socket
import subprocess
import sys

HOSTNAME = 'sriov-demo'
HOSTS = f'127.0.0.1 localhost {HOSTNAME} compute1 compute2\n'
MOUNTS = (
    ('proc', '/proc'),
    # sysfs shows the netdevs of the network namespace it is mounted in.
    ('sysfs', '/sys'),
    # The sockets of Open vSwitch and the like stay our own.
    ('tmpfs', '/run'),
)


def _run(*argv):
    subprocess.run(argv, check=True)


def furnish(state):
    """Give the machine its own /proc, /sys, /run, host name and hosts."""
    for kind, target in MOUNTS:
        _run('mount', '-t', kind, kind, target)
    for folder in ('openvswitch', 'lock'):
        os.makedirs(f'/run/{folder}')
    socket.sethostname(HOSTNAME)
    hosts = pathlib.Path(state, 'etc-hosts')
    hosts.write_text(HOSTS)
    _run('mount', '--bind', str(hosts), '/etc/hosts')
    _run('ip', 'link', 'set', 'lo', 'up')


def main():
    """Furnish, leave our process id outside, wait for the demo's end."""
    # Until /proc is mounted anew it shows the ids that others see.
    pid = os.readlink('/proc/self')
    furnish(sys.argv[1])
    # As process 1 we inherit orphans; the kernel buries them if we ignore
    # their end.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print(pid, flush=True)
    if sys.stdin.readline() == 'keep\n':
        while True:
            signal.pause()


if __name__ == '__main__':
    main()
