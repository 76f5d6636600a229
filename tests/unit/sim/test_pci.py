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

"""Where VFs are, judged by addresses seen on real machines."""

import pytest

from tests.sim import pci


@pytest.mark.parametrize(('pf', 'offset', 'stride', 'vf', 'expected'), [
    # Intel 82599: the VFs of its two ports take turns.
    ('0000:01:00.0', 128, 2, 0, '0000:01:10.0'),
    ('0000:01:00.0', 128, 2, 1, '0000:01:10.2'),
    ('0000:01:00.1', 128, 2, 0, '0000:01:10.1'),
    ('0000:01:00.1', 128, 2, 4, '0000:01:11.1'),
    # ConnectX: they follow the PFs
    ('0000:03:00.0', 2, 1, 0, '0000:03:00.2'),
    ('0000:03:00.0', 2, 1, 5, '0000:03:00.7'),
    ('0000:03:00.0', 2, 1, 6, '0000:03:01.0'),
    # ARI's 8-bit function numbers end at ff; then comes the next bus
    ('0000:03:00.0', 2, 1, 253, '0000:03:1f.7'),
    ('0000:03:00.0', 2, 1, 254, '0000:04:00.0'),
    ('0001:af:00.0', 256, 1, 0, '0001:b0:00.0'),
])
def test_vf_address(pf, offset, stride, vf, expected):
    assert pci.vf_address(pf, offset, stride, vf) == expected


def test_beyond_the_last_bus():
    with pytest.raises(ValueError, match='beyond the last PCI bus'):
        pci.vf_address('0000:ff:00.0', 2, 1, 254)


@pytest.mark.parametrize('address', [
    '03:00.0', '0000:03:00', '0000:3:00.0', '0000:03:20.0', '0000:03:00.8',
    '0000:AF:00.0', ' 0000:03:00.0', ''])
def test_no_address(address):
    with pytest.raises(ValueError, match='is not a PCI address'):
        pci.split(address)
