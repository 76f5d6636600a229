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

"""The hosts of the demo: what Neutron's agents and Nova are given of them."""

import json

import pytest

from tests.cloud import hosts
from tests.sim.card import Card
from tests.sim.card import Pf

LEGACY = Card((Pf('0000:02:00.0', 'enp2s0f0np0', 'legacy'),))
TUNNELS = Card((Pf('0000:03:00.0', 'enp3s0f0np0', vfs=2),))
BONDED = hosts.bonded('0000:06:00', 'enp6s0', 'bond1', 'e41d2d0300a1b2d0')
HOST = hosts.Host('compute7', (LEGACY, TUNNELS, BONDED), {
    '0000:02:00.0': 'physnet2', '0000:03:00.0': None,
    '0000:06:00.0': 'physnet4', '0000:06:00.1': 'physnet4'})


def test_the_bond_is_the_uplink():
    assert HOST.uplinks('openvswitch') == {'physnet4': 'bond1'}
    assert HOST.uplinks('sriov') == {'physnet2': 'enp2s0f0np0'}
    assert HOST.agents == ['openvswitch', 'sriov']


def test_names_fit_into_an_interface_name():
    names = [HOST.bridge(use) for use in ('int', 'tun', 'physnet4')]
    assert names == ['br-int-c7', 'br-tun-c7', 'br-physnet4-c7']
    assert max(map(len, names)) <= 15


@pytest.mark.parametrize('vf, mode', [
    ('0000:02:00.1', 'legacy'), ('0000:06:00.2', 'switchdev'),
    ('0000:06:01.2', 'switchdev'), ('0000:09:00.1', None)])
def test_the_mode_of_a_vf(vf, mode):
    assert HOST.mode_of(vf) == mode


@pytest.mark.parametrize('host', [HOST, *hosts.HOSTS],
                         ids=lambda host: host.name)
def test_the_device_spec_has_every_vf_once(host):
    from nova.pci import whitelist
    spec = whitelist.Whitelist(host.device_spec())
    for card in host.cards:
        for pf in card.pfs:
            for vf in pf.vf_addresses:
                found = [one.get_tags() for one in spec.specs if one.match({
                    'address': vf, 'parent_addr': pf.address,
                    'vendor_id': card.vendor, 'product_id': card.vf_product})]
                assert [tags['physical_network'] for tags in found] == [
                    host.physnets[pf.address]]
    assert all('physical_network' in json.loads(text)
               for text in host.device_spec())
