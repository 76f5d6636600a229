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

"""Devices and tags as nova-compute has them when it makes its report."""

import json

from nova.pci import whitelist

from os_vif_vflag.host import model

PF0, PF1 = '0000:03:00.0', '0000:03:00.1'


def pf(address, mode='switchdev'):
    return model.PF(address, mode=mode, total_vfs=8)


def vfs(parent, number, dev_type='type-VF', bus='04'):
    """VFs as Nova's libvirt driver lists them."""
    return [{'dev_type': dev_type, 'parent_addr': parent,
             'vendor_id': '15b3', 'product_id': '101e',
             'address': f'0000:{bus}:{n >> 3:02x}.{n & 7}'}
            for n in range(number)]


def device_spec(*specs):
    return whitelist.Whitelist([json.dumps(spec) for spec in specs])


def on(physnet, **match):
    return {'physical_network': physnet, 'vendor_id': '15b3'} | match
