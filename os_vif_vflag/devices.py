"""The netdevs of a VF: its representor and the uplinks below."""

import contextlib
import errno
import threading

from oslo_log import log as logging
from oslo_privsep import comm
from oslo_privsep import daemon

from os_vif_vflag import exception
from os_vif_vflag import privsep

LOG = logging.getLogger(__name__)

# The daemon has not CAP_NET_ADMIN; is gone; went while it was asked (the last
# two from oslo.privsep, which gives an OSError without a number there).
_NOT_OF_THE_DEVICE = (errno.EPERM, errno.EPIPE, None)

_starting = threading.Lock()


def set_up(device, mtu):
    """:raises exception.LinkFailed, exception.PrivilegesMissing"""
    _ask(device, f'up with MTU {mtu}', privsep.set_link, device, 'up', mtu)


def set_down(device):
    """:raises exception.LinkFailed, exception.PrivilegesMissing"""
    _ask(device, 'down', privsep.set_link, device, 'down', None)


def turn_on_tc_offload(names):
    """Turn hw-tc-offload on where the drivers offer it.

    :raises exception.LinkFailed, exception.PrivilegesMissing
    """
    for name, why in _ask(', '.join(names), 'to hw-tc-offload',
                          privsep.turn_on_tc_offload, names).items():
        LOG.debug('hw-tc-offload of %s stays off: %s', name, why)


def _ask(device, what, function, *args):
    """Call a privileged function.

    :param what: a device is set, for messages
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
        if e.errno in _NOT_OF_THE_DEVICE:
            raise exception.PrivilegesMissing(
                device=device, error=e.strerror or e) from None
        raise exception.LinkFailed(
            device=device, what=what, error=e.strerror) from None


def _have_daemon():
    """Start it here: oslo.privsep would do so at the call, where its errors
    could not be told from the kernel's."""
    context = privsep.vif_plug
    with _starting:      # else one stops what another has just started
        if context.channel is not None and not _runs(context.channel):
            with contextlib.suppress(OSError):
                context.stop()
            context.channel = None
        if context.client_mode and context.channel is None:
            context.start()


def _runs(channel):
    # Where the daemon goes with a request unread, the thread that reads its
    # answers ends by ECONNRESET and does not say so (oslo.privsep 3.12).
    return channel.running and channel.reader_thread.is_alive()
