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

"""A process that eventlet has patched, as nova-compute is with that backend.

    python3 -m tests.lab.green '{"options": …, "vfs": […]}'

Plugs every VF, all at once in green threads, unplugs half of them in the same
way, and prints what came of it as JSON. A module of its own, for eventlet has
to come first.
"""

import eventlet

eventlet.monkey_patch()

import json  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402

from os_vif_vflag.privileged import calls  # noqa: E402
from tests.lab import osvif  # noqa: E402

# Seconds between two beats of a thread that shows whether others may run.
_BEAT = 0.01


def main(options, vfs):
    """:returns: dict: ports that stay, VF → port id; the longest time that
        no other green thread could run, in seconds"""
    osvif.act(options)
    # Privileged functions never run in such a process: pyroute2's asyncio
    # would not, either.
    calls.vif_plug.set_client_mode(True)
    ports = {vf: osvif.Port(vf) for vf in vfs}
    beats = []
    heart = eventlet.spawn(_beat, beats)
    pool = eventlet.GreenPool(len(vfs))
    for action, concerned in (('plug', vfs), ('unplug', vfs[::2])):
        list(pool.imap(lambda vf, action=action: osvif.perform(
            action, ports[vf]), concerned))
    heart.kill()
    gaps = [after - before for before, after in zip(
        beats, beats[1:], strict=False)]
    return {'plugged': {vf: ports[vf].id for vf in vfs[1::2]},
            'silence': max(gaps)}


def _beat(beats):
    while True:
        beats.append(time.monotonic())
        eventlet.sleep(_BEAT)


if __name__ == '__main__':
    print(json.dumps(main(**json.loads(sys.argv[1]))))
