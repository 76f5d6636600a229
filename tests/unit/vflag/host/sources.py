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

"""Kernels that report different things, for tests over all of them."""

import pytest

from os_vif_vflag.host.host import Host
from tests.sim import netlink

# name → arguments of tests.sim.netlink.Netlink; None: sysfs alone
SOURCES = {
    'devlink': {},
    'link dump': {'devlink': False},
    'link dump, before Linux 5.14': {'devlink': False, 'parents': False},
    'devlink without link dump': {'rtnetlink': False},
    'sysfs': None,
}

each_source = pytest.mark.parametrize(
    'source', SOURCES.values(), ids=SOURCES.keys())


def representors(sim):
    """:returns: dict VF address → name of its representor, as the simulation
        has it and not as any kernel reports it"""
    numbers = {(device.parent, device.vf): device.address
               for device in sim.pci_devices() if device.dev_type == 'VF'}
    found = dict.fromkeys(numbers.values())
    for link in sim.links():
        if link.kind == 'representor':
            pf, _, number = link.key
            found[numbers[pf, number]] = link.name
    return found


def host(sim, source):
    """:returns: Host that sees the simulation as that kernel shows it"""
    return Host(str(sim.root), None if source is None
                else netlink.Netlink(sim, **source))
