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

"""Neutron, as far as a port's binding follows what Nova writes of its VF."""

from nova.tests.functional.libvirt import base


class BindingNeutron(base.LibvirtNeutronFixture):
    """Binds direct ports as ML2 does with the drivers of Open vSwitch and of
    SR-IOV agents: by ``switchdev`` in the capabilities of the profile
    (``bind_port`` in neutron's mech_openvswitch.py and mech_driver.py).
    """

    def create_port(self, body=None):
        created = super().create_port(body)['port']
        port = self._ports[created['id']]
        self._bind(port, None, port.setdefault('binding:profile', {}))
        return self.show_port(created['id'])

    def update_port(self, port_id, body=None):
        port = self._ports[port_id]
        changes = body['port']
        if {'binding:host_id', 'binding:profile'} & changes.keys():
            self._bind(
                port,
                changes.get('binding:host_id', port.get('binding:host_id')),
                changes.get('binding:profile', port['binding:profile']))
            # The binding moves; Nova's fixture keeps a second one.
            bindings = self._port_bindings[port_id]
            before, _ = self._get_active_binding(port_id)
            host = changes.get('binding:host_id')
            if host and before not in (None, host):
                bindings[host] = bindings.pop(before)
        return super().update_port(port_id, body)

    def create_port_binding(self, port_id, body):
        made = super().create_port_binding(port_id, body)['binding']
        made['vif_type'], made['vif_details'] = _driver(made['profile'])
        return {'binding': made}

    def _bind(self, port, host, profile):
        port['binding:vif_type'], port['binding:vif_details'] = (
            _driver(profile) if host else ('unbound', {}))


def _driver(profile):
    if 'switchdev' in (profile or {}).get('capabilities', []):
        return 'ovs', {'bridge_name': 'br-int'}
    return 'hw_veb', {'vlan': 42}
