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

"""What happens at a certain point of plug or unplug, without any timing."""

import os
import signal

from ovs.db import idl
import pyroute2

from os_vif_vflag.host import representors
from os_vif_vflag.ovs import client
from os_vif_vflag.ovs import indexed_idl
from os_vif_vflag.privileged import calls
from tests.lab import osvif

# Name of a point -> (owner and name of a function, whether it runs before).
POINTS = {
    'before look-up': (representors.RepresentorFinder, 'find', False),
    'before the link changes': (calls, 'set_link', False),
    'after the link changed': (calls, 'set_link', True),
    'before unplug': (client.OvsDb, 'unplug', False),
    # Open vSwitch's library: the change is written to the socket
    'after the change was sent': (idl.Transaction, 'commit', True),
    # ovsdb-server has answered, is ovs-vswitchd ready?
    'after commit': (indexed_idl.IndexedIdl, 'vswitchd_has_completed', False),
    'after all': (osvif, 'perform', True),
}


def die(options, point, action, port):
    """Plug or unplug in this process, which is killed at the point.

    :param point: key of POINTS
    """
    _at(point, lambda: os.kill(os.getpid(), signal.SIGKILL))
    osvif.act(options, (action, port))


def vanish(options, point, port, netdev):
    """Plug; at the point, the netdev goes."""
    def delete():
        with pyroute2.IPRoute() as ip:
            for index in ip.link_lookup(ifname=netdev):
                ip.link('del', index=index)

    _at(point, delete)
    osvif.act(options, ('plug', port))


def _at(point, happens):
    owner, name, runs_before = POINTS[point]
    function = getattr(owner, name)

    def replaced(*args, **kwargs):
        if runs_before:
            result = function(*args, **kwargs)
            happens()
            return result
        happens()
        return function(*args, **kwargs)

    setattr(owner, name, replaced)
