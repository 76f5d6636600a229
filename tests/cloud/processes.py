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

"""The processes of the services: who runs, and how one ends.

Each service leads a process group, whose id is kept in the state folder: a
later command finds it there.
"""

import contextlib
import os
import pathlib
import signal
import time

# Seconds until a service that was requested to end is killed.
PATIENCE = 20


def note(state, name, pid):
    (state.folder('processes') / name).write_text(str(pid))


def end(state, name):
    """End a service, and whatever it has started in its group."""
    path = state.folder('processes') / name
    if not path.exists():
        return
    group = int(path.read_text())
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, number)
        deadline = time.monotonic() + PATIENCE
        while living(group) and time.monotonic() < deadline:
            time.sleep(0.1)
        if not living(group):
            break
    path.unlink()


def living(group, proc='/proc'):
    """Ids of the processes of a group; zombies have ended."""
    found = []
    for path in pathlib.Path(proc).glob('[0-9]*/stat'):
        with contextlib.suppress(OSError):       # it ended just now
            # Field 2, the name, may hold spaces and brackets.
            state, _parent, owner, *_ = path.read_text().rpartition(
                ')')[2].split()
            if int(owner) == group and state not in 'ZX':
                found.append(int(path.parent.name))
    return found
