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

"""What a port says of the eswitch mode of its VF."""

import pytest

from nova_sriov_ext.demand import port_mode
from nova_sriov_ext.report import states

# What nova-compute writes of a VF (libvirt's list).
LEGACY_VF = ['rx', 'tx', 'sg', 'tso', 'gso', 'gro', 'rxvlan', 'txvlan',
             'rxhash']
SWITCHDEV_VF = [*LEGACY_VF, 'switchdev']

REQUEST = port_mode.PortMode(requested=True)
PREFERS_SWITCHDEV = port_mode.PortMode(preferred=states.SWITCHDEV)
PREFERS_LEGACY = port_mode.PortMode(preferred=states.LEGACY)


def port(capabilities=None, vif_type='unbound', vnic_type='direct',
         slot=None, server='', **attributes):
    profile = {'capabilities': capabilities, 'pci_slot': slot}
    return {'binding:vif_type': vif_type, 'binding:vnic_type': vnic_type,
            'device_id': server, 'hardware_offload_type': None,
            'binding:profile': {
                key: value for key, value in profile.items() if value},
            **attributes}


BOUND = {'slot': '0000:81:00.2', 'server': 'server'}


@pytest.mark.parametrize('given, expected', {
    'by the attribute': (
        port(hardware_offload_type='switchdev'), REQUEST),
    'by the attribute, bound to a legacy VF': (
        port(LEGACY_VF, 'hw_veb', hardware_offload_type='switchdev',
             **BOUND), REQUEST),
    'by the attribute, macvtap': (
        port(vnic_type='macvtap', hardware_offload_type='switchdev'),
        REQUEST),
    'written as the documentation says': (port(['switchdev']), REQUEST),
    'written as a word': (port('switchdev'), REQUEST),
    'written as words': (port('port_filter,switchdev'), REQUEST),
    'written with other words': (port(['foo', 'switchdev']), REQUEST),
    'written as a flag': (port({'switchdev': True}), REQUEST),
    'bound by Open vSwitch': (port(SWITCHDEV_VF, 'ovs', **BOUND), REQUEST),
    'bound by Open vSwitch, its VF has no netdev': (
        port(None, 'ovs', **BOUND), REQUEST),
    'normal': (port(None, 'ovs', server='server'), port_mode.PLAIN),
    'shelved': (port(SWITCHDEV_VF, server='server'), REQUEST),
    'its binding failed': (
        port(SWITCHDEV_VF, 'binding_failed', **BOUND), REQUEST),
    'released': (port(SWITCHDEV_VF), PREFERS_SWITCHDEV),
    'bound by an SR-IOV agent nevertheless': (
        port(SWITCHDEV_VF, 'hw_veb', **BOUND), PREFERS_SWITCHDEV),
    'bound by an SR-IOV agent': (
        port(LEGACY_VF, 'hw_veb', **BOUND), PREFERS_LEGACY),
    'bound by an SR-IOV agent, by an older Nova': (
        port(None, 'hw_veb', **BOUND), PREFERS_LEGACY),
    'released, it had a legacy VF': (port(LEGACY_VF), PREFERS_LEGACY),
    'shelved, it had a legacy VF': (
        port(LEGACY_VF, server='server'), PREFERS_LEGACY),
    'macvtap, on a switchdev PF once': (
        port(SWITCHDEV_VF, vnic_type='macvtap'), port_mode.PLAIN),
    'new': (port(), port_mode.PLAIN),
    'new, written something else': (port(['foo']), port_mode.PLAIN),
    'new, written another word': (port('foo'), port_mode.PLAIN),
    'nothing': ({}, port_mode.PLAIN),
    'no profile': ({'binding:profile': None}, port_mode.PLAIN),
    'a profile that is a text': ({'binding:profile': 'x'}, port_mode.PLAIN),
    'a number': (port(7), port_mode.PLAIN),
    'lists in a list': (port([['switchdev'], 7]), port_mode.PLAIN),
}.values())
def test_the_mode_is_what_the_port_requests_or_had(given, expected):
    assert port_mode.of(given) == expected
