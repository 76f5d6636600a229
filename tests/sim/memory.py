"""Temporary folders in memory, as /sys is.

A card with hundreds of VFs is ten thousand files: a third of a second in
memory, ten seconds on a busy disk.
"""

import os
import tempfile

_MEMORY = '/dev/shm'    # tmpfs on every Linux, see shm_overview(7)


def folder(prefix='sriov-'):
    """A TemporaryDirectory; on disk where there is no /dev/shm."""
    return tempfile.TemporaryDirectory(
        prefix=prefix,
        dir=_MEMORY if os.access(_MEMORY, os.W_OK | os.X_OK) else None)
