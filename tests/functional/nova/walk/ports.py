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

"""The ports of the walk, and how people request switchdev for them."""

import itertools

from oslo_utils import uuidutils

from tests.functional.nova import neutron

SWITCHDEV = 'switchdev'
_REQUEST = {'capabilities': [SWITCHDEV]}

# What people write into a new port, by a name for it.
KINDS = {
    'plain': {},
    # Neutron's extension port_hardware_offload_type writes both.
    'offload_type': {'hardware_offload_type': SWITCHDEV,
                     'binding:profile': _REQUEST},
    'capabilities': {'binding:profile': _REQUEST},
    'text': {'binding:profile': {'capabilities': SWITCHDEV}},
}


class Neutron(neutron.BindingNeutron):

    def __init__(self, test):
        super().__init__(test)
        self._numbers = itertools.count(1)

    def create(self, kind):
        """:param kind: key of KINDS
        :returns: id of a new port
        """
        number = next(self._numbers)
        port = {
            **self.network_4_port_1, 'id': uuidutils.generate_uuid(),
            'mac_address': f'fa:16:3e:00:{number >> 8:02x}:{number & 255:02x}',
            'binding:profile': {}, **KINDS[kind]}
        # The subnet has room for so many at a time.
        port['fixed_ips'] = [{**port['fixed_ips'][0],
                              'ip_address': f'192.168.4.{number % 250 + 2}'}]
        self.create_port({'port': port})
        return port['id']

    def slot_of(self, port_id):
        """:returns: PCI address in the active binding, or None"""
        port = self.show_port(port_id, is_admin=True)['port']
        return (port.get('binding:profile') or {}).get('pci_slot')
