"""A network name space of one's own, for a moment and without a process."""

import ctypes
import os
import threading

import pytest

_CLONE_NEWNET = 0x40000000     # include/uapi/linux/sched.h

root = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')


def call(function):
    """Call it in a thread whose network name space is new; it goes with the
    thread.

    :returns: what the function returns, or raises
    """
    outcome = []

    def run():
        if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET):
            error = ctypes.get_errno()
            outcome.append((None, OSError(error, os.strerror(error))))
            return
        try:
            outcome.append((function(), None))
        except BaseException as e:
            outcome.append((None, e))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    (value, error), = outcome
    if error is not None:
        raise error
    return value
