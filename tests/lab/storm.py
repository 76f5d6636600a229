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

"""Many plugs and unplugs in one process, as nova-compute's threads do them."""

import concurrent.futures
import dataclasses
import time

from os_vif import exception

from tests.lab import osvif


@dataclasses.dataclass(frozen=True)
class Done:
    """:ivar ended: time.monotonic() of then
    :ivar error: text of an os-vif exception, None without one
    """

    port: osvif.Port
    seconds: float
    ended: float
    error: str | None


def plug_all(options, ports, threads, progress):
    """Plug ports while something happens to Open vSwitch.

    :param progress: file that gets a byte for each plug that ended
    :returns: list of Done; any exception that is not os-vif's is raised
    """
    def one(port):
        done = _plug(port)
        file.write(b'.')
        return done

    osvif.act(options)
    with (progress.open('ab', buffering=0) as file,
          concurrent.futures.ThreadPoolExecutor(threads) as pool):
        return list(pool.map(one, ports))


def pairs(options, vfs, threads, rounds, last):
    """Plug and unplug every VF so many times, each time for a new port.

    :param last: ports that are plugged after that, one a VF
    """
    osvif.act(options)
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        for _ in range(rounds):
            list(pool.map(_pair, vfs))
        list(pool.map(lambda port: osvif.perform('plug', port), last))


def _pair(vf):
    port = osvif.Port(vf)
    osvif.perform('plug', port)
    osvif.perform('unplug', port)


def _plug(port):
    start = time.monotonic()
    error = None
    try:
        osvif.perform('plug', port)
    except exception.PlugException as e:
        error = str(e)
    now = time.monotonic()
    return Done(port, now - start, now, error)
