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

"""phys_port_name in every form that kernels give it."""

import pytest

from os_vif_vflag.kernel import port_name
from os_vif_vflag.kernel.port_name import PortName
from os_vif_vflag.kernel.uapi import PCI_PF as PF
from os_vif_vflag.kernel.uapi import PCI_SF as SF
from os_vif_vflag.kernel.uapi import PCI_VF as VF
from os_vif_vflag.kernel.uapi import PHYSICAL
from tests.sim import naming


@pytest.mark.parametrize('text, flavour, pf, number, controller', [
    # net/devlink/port.c, __devlink_port_phys_port_name_get
    ('p0', PHYSICAL, 0, None, None),
    ('p11', PHYSICAL, 11, None, None),
    ('p0s3', PHYSICAL, 0, None, None),
    ('l2p1', PHYSICAL, 1, None, None),
    ('l2p1s0', PHYSICAL, 1, None, None),
    ('pf0', PF, 0, None, None),
    ('c1pf1', PF, 1, None, 1),
    ('pf0vf0', VF, 0, 0, None),
    ('pf1vf126', VF, 1, 126, None),
    ('pf0vf127', VF, 0, 127, None),
    ('pf3vf1023', VF, 3, 1023, None),
    ('c1pf0vf5', VF, 0, 5, 1),
    ('c0pf0vf5', VF, 0, 5, 0),
    ('pf0sf88', SF, 0, 88, None),
    ('c1pf1sf3', SF, 1, 3, 1),
    # before devlink ports
    ('vf5@pf1', VF, 1, 5, None),
    ('7', VF, None, 7, None),
])
def test_known_form(text, flavour, pf, number, controller):
    assert port_name.parse(text) == PortName(flavour, pf, number, controller)


@pytest.mark.parametrize('text', [
    None, '', ' ', 'p', 'pf', 'pfvf', 'pf0vf', 'vf0', 'pf0sf', 'c1', 'c1p0',
    'xpf0vf1', 'pf0vf1x', 'pf0vf1 ', ' pf0vf1', 'pf0vf1\n', 'pf0vf1vf2',
    'pf0vf-1', 'PF0VF1', 'pf0 vf1', 'cpf0vf1', 'pf0vf1@pf0', 'vf1@pf',
    'xp0', 'p0x', 'p0s', 'l1', '0x10', '-1', '1.5', 'eth0', 'enp3s0f0np0',
    'c1pf0vf5pf0vf5', 'pf0vf٣', '٣',
])
def test_unknown_form(text):
    """Matched whole: «c1pf0vf5» holds «pf0vf5», «pf0vf12» holds «pf0vf1».
    What is no ASCII digit is none of the kernel's."""
    assert port_name.parse(text) is None


@pytest.mark.parametrize('habit', naming.NAMINGS.values(),
                         ids=naming.NAMINGS.keys())
def test_simulated_drivers_names_are_known(habit):
    """What tests.sim names is what the plugin reads: VF numbers all."""
    for vf in (0, 1, 126, 127, 128, 1000):
        port = port_name.parse(habit.vf(1, vf))
        assert (port.flavour, port.number, port.controller) == (VF, vf, None)
        assert port.pf in (1, None)
    if habit.uplink:
        assert port_name.parse(habit.uplink(1)).flavour == PHYSICAL
