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

"""PCI addresses as numbers."""

import pytest

from os_vif_vflag.kernel import pci_address


@pytest.mark.parametrize('address, number, function', [
    ('0000:03:00.1', 0x0301, 1),
    ('10000:81:1f.7', 0x81ff, 7),
    ('0000:03:20.0', None, None),
    ('0000:03:00.8', None, None),
    ('pci0000:00', None, None),
    ('', None, None),
])
def test_an_address_has_a_number_or_is_none(address, number, function):
    assert pci_address.routing_id(address) == number
    assert pci_address.function(address) == function


def test_vfs_go_on_on_the_next_bus():
    assert pci_address.vf_addresses('0000:03:00.0', 255, 1, 3) == {
        '0000:03:1f.7', '0000:04:00.0', '0000:04:00.1'}


def test_what_is_not_an_address_has_no_vfs():
    assert pci_address.vf_addresses('pci0000:00', 1, 1, 2) == set()
