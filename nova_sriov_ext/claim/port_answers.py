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

"""What the ports of a claim say of eswitch modes.

A claim runs under the lock of the resource tracker, and tests as often as
there are ways to place the guest's NUMA nodes. An answer belongs to Nova's
request object that it was got for: all tests of a claim and the claim itself
have the same, the next claim of the server has another.
"""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterable
import weakref

from nova import objects
import nova.conf
from oslo_log import log as logging

from nova_sriov_ext import conf
from nova_sriov_ext.demand import neutron_ports
from nova_sriov_ext.demand import port_mode

CONF = conf.register(nova.conf.CONF)
LOG = logging.getLogger(__name__)

_known: weakref.WeakKeyDictionary[
    objects.InstancePCIRequest, port_mode.PortMode] = (
        weakref.WeakKeyDictionary())


def learn(requests: Iterable[objects.InstancePCIRequest]) -> None:
    """Look up the ports of all requests at once, before a claim or in it.

    Nova calls nothing of ours for a server before it takes the lock
    (ComputeManager._build_and_run_instance), except for live migrations.
    """
    # Aliases have no requester.
    missing = {request: request.requester_id for request in requests
               if request.requester_id and request not in _known}
    ports = frozenset(missing.values())
    try:
        found = {port['id']: port_mode.of(port)
                 for port in neutron_ports.read(ports)}
    except Exception as e:
        neutron_ports.log_failure(LOG, ports, e)
        return
    _known.update((request, found.get(port, port_mode.PLAIN))
                  for request, port in missing.items())


def mode_of(
        port: str | None, requests: Collection[objects.InstancePCIRequest]
) -> port_mode.PortMode | None:
    """:param port: id of a port
    :param requests: those of the server, the port's among them; all ports
        are looked up with the first
    :returns: None when Neutron does not answer and the claim is to be refused
        for it (``[sriov]unknown_ports``)
    """
    mine = [request for request in requests
            if port and request.requester_id == port]
    if not mine:
        return port_mode.PLAIN
    learn(requests)
    return _known.get(mine[0]) or (
        None if CONF.sriov.unknown_ports == 'reject' else port_mode.PLAIN)
