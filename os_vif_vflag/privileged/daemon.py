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

"""Calls to the privileged daemon, and what keeps it from its work."""

from collections.abc import Callable
import contextlib
import errno
import threading
from typing import TypeVar

from oslo_privsep import comm
from oslo_privsep import daemon

from os_vif_vflag import exception
from os_vif_vflag.privileged import calls

# The daemon does not have CAP_NET_ADMIN; is gone; went during the request (the
# last two from oslo.privsep, which gives an OSError without a number there).
_NOT_OF_THE_DEVICE = (errno.EPERM, errno.EPIPE, None)

_starting = threading.Lock()
_Answer = TypeVar('_Answer')


def call(device: str, function: Callable[..., _Answer],
         *args: object) -> _Answer:
    """Call a privileged function.

    :param device: what it is about, for messages
    :param function: of privsep
    :raises exception.PrivilegesMissing
    :raises OSError: the kernel's answer
    """
    try:
        _have_daemon()
    # No such command, no executable one, unbalanced quotes in it.
    except (daemon.FailedToDropPrivileges, OSError, ValueError) as e:
        raise exception.PrivilegesMissing(device=device, error=e) from None
    try:
        return function(*args)
    except comm.PrivsepTimeout:
        raise exception.PrivilegesMissing(
            device=device, error='it does not answer') from None
    except OSError as e:
        if e.errno not in _NOT_OF_THE_DEVICE:
            raise
        raise exception.PrivilegesMissing(
            device=device, error=e.strerror or e) from None


def _have_daemon() -> None:
    """Start it here: oslo.privsep would do so at the call, where its errors
    would look like the kernel's."""
    context = calls.vif_plug
    with _starting:      # else one stops what another has just started
        if context.channel is not None and not _runs(context.channel):
            with contextlib.suppress(OSError):
                context.stop()
            context.channel = None
        if context.client_mode and context.channel is None:
            context.start()


def _runs(channel: comm.ClientChannel) -> bool:
    # Where the daemon goes with a request unread, the thread that reads its
    # answers ends by ECONNRESET and does not report it (oslo.privsep 3.12).
    return channel.running and channel.reader_thread.is_alive()
