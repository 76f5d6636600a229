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

"""What the owner of a server reads of a port that cannot be plugged."""

import pytest

from nova_sriov_ext import exception
from tests.unit.virt import vifs
from tests.unit.virt.test_bad_ports import NO_SLOT
from tests.unit.virt.test_bad_ports import NO_VLAN

NETWORK = ('Put the port on a network of type vlan or flat (see '
           'provider:segmentation_id)')
VSI = ('The Neutron mechanism driver gives the parameters of an 802.1Qbg '
       'port in binding:vif_details')
DATAPATH = ('The Neutron mechanism driver gives the datapath_type of the Open '
            'vSwitch agent of this host there: "system" or "netdev"')
IN_FULL = {
    'vlan': (vifs.hw_veb(-1),
             f'binding:vif_details has vlan -1, which {NO_VLAN}. {NETWORK}.'),
    'vlan of 60 characters': (
        vifs.hw_veb('x' * 58), f"binding:vif_details has vlan '{'x' * 58}', "
        f'which {NO_VLAN}. {NETWORK}.'),
    'vlan of 61 characters': (
        vifs.hw_veb('x' * 59), f"binding:vif_details has vlan '{'x' * 59}…, "
        f'which {NO_VLAN}. {NETWORK}.'),
    'profile id': (
        vifs.vm_fex('a<b'), "its 802.1Qbh (VM-FEX) port profile id 'a<b' has "
        "one of < & ', which libvirt does not escape. The Neutron mechanism "
        'driver gives it as "profileid" in binding:vif_details, or [sriov] '
        'default_profile_ids in nova.conf; use the name of a port profile of '
        "the switch, 1 to 39 bytes without < & '."),
    'pci_slot': (
        vifs.hw_veb(slot='abc'), f"binding:profile has pci_slot 'abc', which "
        f'{NO_SLOT}. Nova writes it when it binds the port; remove what was '
        'written by hand and create the server again.'),
    'MAC': (
        vifs.hw_veb(address='abc'), "mac_address is 'abc', which is not a MAC "
        'address of six bytes. Set the mac_address of the port.'),
    'multicast MAC': (
        vifs.hw_veb(address='01:00:5e:00:00:01'), 'mac_address is '
        "'01:00:5e:00:00:01', a multicast address, which libvirt refuses for "
        'an interface. Give the port a MAC address with an even first byte.'),
    'typeid': (
        vifs.vepa(typeid=-1), 'binding:vif_details has typeid -1, which is '
        f'not a number from 0 to 16777215. {VSI}.'),
    'vnic type': (
        vifs.hw_veb(vnic_type='<b>'), "binding:vnic_type is '<b>', but ports "
        'of vif_type hw_veb have direct, macvtap. Create the port with one of '
        'these.'),
    'instanceid': (
        vifs.vepa(instanceid='x'), "binding:vif_details has instanceid 'x', "
        f'which is not a UUID. {VSI}.'),
}


@pytest.mark.parametrize('vif, text', IN_FULL.values(), ids=IN_FULL)
def test_the_whole_text(driver, vif, text):
    """Nova shows it to the owner of the server."""
    with pytest.raises(exception.InvalidPort) as caught:
        vifs.config(driver, vif)
    assert str(caught.value) == f'Port {vifs.PORT}: {text}'


def test_the_whole_text_of_a_datapath(driver):
    with pytest.raises(exception.InvalidPort) as caught:
        driver.plug(vifs.INSTANCE, vifs.switchdev(datapath_type=7))
    assert str(caught.value) == (
        f'Port {vifs.PORT}: binding:vif_details has datapath_type 7, which is '
        f'not text. {DATAPATH}.')
