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

"""What Neutron says of ports."""


class Neutron:
    """The one call of Nova's client of Neutron that the filter makes.

    :ivar ports: dict, id → port
    :ivar calls: how often it was asked
    :ivar error: what it raises instead of an answer
    """

    def __init__(self):
        self.ports = {}
        self.calls = 0
        self.error = None

    def add(self, port, **attributes):
        self.ports[port] = {'id': port, **attributes}

    def list_ports(self, id):
        self.calls += 1
        if self.error:
            raise self.error
        return {'ports': [self.ports[one] for one in id
                          if one in self.ports]}
