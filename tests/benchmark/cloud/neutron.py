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

"""Neutron, in place of Nova's client of it."""

from oslo_utils import uuidutils

# Seconds for one list of ports: what a Neutron without load takes.
LATENCY = 0.02


class Neutron:
    """The one call that this project makes.

    :ivar calls: how often
    """

    def __init__(self, clock):
        self.calls = 0
        self._clock = clock
        self._ports = {}

    def create_port(self, mode):
        """:param mode: of the VF that it requests
        :returns: its id
        """
        port = uuidutils.generate_uuid()
        self._ports[port] = {'id': port, 'hardware_offload_type': mode}
        return port

    def list_ports(self, id):
        self.calls += 1
        self._clock.wait(LATENCY)
        return {'ports': [self._ports[one] for one in id]}
