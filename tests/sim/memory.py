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

"""Temporary folders in memory, as /sys is.

A card with hundreds of VFs is ten thousand files: a third of a second in
memory, ten seconds on a busy disk.
"""

import os
import tempfile

_MEMORY = '/dev/shm'    # tmpfs on every Linux, see shm_overview(7)


def folder(prefix: str = 'sriov-') -> tempfile.TemporaryDirectory[str]:
    """A TemporaryDirectory; on disk where there is no /dev/shm."""
    return tempfile.TemporaryDirectory(
        prefix=prefix,
        dir=_MEMORY if os.access(_MEMORY, os.W_OK | os.X_OK) else None)
