"""A process that is killed at a certain point of plug or unplug."""

import os
import signal

from ovs.db import idl
from ovsdbapp.schema.open_vswitch import impl_idl

from os_vif_vflag import ovsdb
from os_vif_vflag import privsep
from os_vif_vflag import representor
from tests.lab import osvif

# Name of a point -> (owner and name of a function, whether it still runs).
POINTS = {
    'before look-up': (representor.Finder, 'find', False),
    'before the link changes': (privsep, 'set_link', False),
    'after the link changed': (privsep, 'set_link', True),
    'before unplug': (ovsdb.OvsDb, 'unplug', False),
    # Open vSwitch's library: the change is written to the socket
    'after the change was sent': (idl.Transaction, 'commit', True),
    # ovsdbapp: ovsdb-server has answered, is ovs-vswitchd ready?
    'after commit': (
        impl_idl.OvsVsctlTransaction, 'vswitchd_has_completed', False),
    'after all': (osvif, '_step', True),
}


def die(options, point, action, port):
    """Plug or unplug in this process, which is killed at the point.

    :param point: key of POINTS
    """
    owner, name, runs = POINTS[point]
    function = getattr(owner, name)

    def killed(*args, **kwargs):
        if runs:
            function(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, killed)
    osvif.act(options, (action, port))
