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
